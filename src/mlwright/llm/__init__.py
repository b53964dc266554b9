"""Language models: one way to speak to all of them, to pay for them, to get objects out of them, and to word prompts.

```python
from mlwright.llm import Budget, Request, complete, connect

llm = connect("claude-sonnet-5-5", api_key=key, meter=Budget(usd=0.50))
reply = await complete(llm, Request.of("What failed last night?", system="Be brief."))
reply.text, reply.usd, reply.stop_reason
```

A model is `claude-...`, `gpt-...`, `anthropic:...`, `openai:...`, `openai_chat:...`, `local:FOLDER`,
`http://host:port/v1#model` (vLLM, llama.cpp, Ollama ...) or `scripted:FILE`. `connect` gives an `LLM`: `stream`
yields `TextDelta`, `ThinkingDelta`, `ToolDelta`, perhaps `Restarted`, and at the end `Done` with the whole `Reply`;
`complete`, `ask` (a pydantic model in, an object out), `count_tokens` and `batch` stand on it. `SyncLLM` is the same
without `await`.

| file | what it does |
|---|---|
| `messages`, `reply` | what is said and what comes back |
| `protocol`, `connect`, `names`, `registry`, `sync` | `LLM`, and how to get one |
| `providers/` | one file per provider, over its official SDK |
| `capabilities`, `models.json` | what each model takes, its window and its price, with source and date |
| `prices`, `bounds`, `metered`, `budget` | what a call can cost is reserved before it, what it cost is settled after |
| `retry`, `fallback`, `deadline`, `errors` | another try, another model, and a class for everything that can go wrong |
| `structured`, `schemas` | objects by schema: native, constrained, by tool call or by being told, with repairs |
| `prompts/` | templates with typed inputs and versions, examples by similarity, patterns, and their optimisation |

Nothing here reads the environment, and importing it loads no provider's SDK. Money is exact: prices are decimals, the
four kinds of input are counted apart, and a price tier holds for the whole call. A limited budget is never overrun,
also by parallel calls; a call that breaks off is booked with all that was reserved for it.

To add a provider: one file in `providers/` and one line in `registry`. To renew the prices:
`python docs/model_prices.py`.
"""

from mlwright.llm.budget import Budget
from mlwright.llm.capabilities import Capabilities
from mlwright.llm.connect import Options, connect, key_variable
from mlwright.llm.fallback import Fallback
from mlwright.llm.messages import (
    Block,
    Document,
    Image,
    Message,
    Request,
    Text,
    Thinking,
    ToolResult,
    ToolSpec,
    ToolUse,
)
from mlwright.llm.metered import Entry, Metered
from mlwright.llm.prices import Price, PriceTable, Rates
from mlwright.llm.protocol import LLM, complete
from mlwright.llm.reply import Done, Event, Reply, Restarted, TextDelta, ThinkingDelta, ToolDelta, Usage
from mlwright.llm.retry import Retrying, RetryPolicy
from mlwright.llm.structured import Answer, ask
from mlwright.llm.sync import SyncLLM

__all__ = [
    "LLM",
    "Answer",
    "Block",
    "Budget",
    "Capabilities",
    "Document",
    "Done",
    "Entry",
    "Event",
    "Fallback",
    "Image",
    "Message",
    "Metered",
    "Options",
    "Price",
    "PriceTable",
    "Rates",
    "Reply",
    "Request",
    "Restarted",
    "RetryPolicy",
    "Retrying",
    "SyncLLM",
    "Text",
    "TextDelta",
    "Thinking",
    "ThinkingDelta",
    "ToolDelta",
    "ToolResult",
    "ToolSpec",
    "ToolUse",
    "Usage",
    "ask",
    "complete",
    "connect",
    "key_variable",
]
