"""Prompts as things with a version: templates with typed inputs, examples, patterns, and their optimisation.

```python
from mlwright.llm import prompts

sort = prompts.Template("Which team answers this ticket?\n{ticket}", {"ticket": str}, name="sort")
best = await prompts.optimise(sort, examples, metric, llm, prompts.Search(instructions=("Answer with one word.",)))
best.gain, best.low, best.high      # on rows that nothing was chosen by
```
"""

from mlwright.llm.prompts.optimise import Example, Optimised, Search, optimise
from mlwright.llm.prompts.patterns import chain_of_thought, final_answer, react, read_react, with_role
from mlwright.llm.prompts.shots import Shot, nearest, token_overlap
from mlwright.llm.prompts.template import Template

__all__ = [
    "Example",
    "Optimised",
    "Search",
    "Shot",
    "Template",
    "chain_of_thought",
    "final_answer",
    "nearest",
    "optimise",
    "react",
    "read_react",
    "token_overlap",
    "with_role",
]
