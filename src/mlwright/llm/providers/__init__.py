"""One file per provider.

To add one, write a class with `traits`, `key_variable`, `open(Endpoint)` and the methods of `LLM`, and one line in
`PROVIDERS` (`registry`).
"""

from mlwright.llm.registry import PROVIDERS

__all__ = ["PROVIDERS"]
