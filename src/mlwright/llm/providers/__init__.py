"""Who answers: one file per provider.

To add one, write a class with `traits`, `key_variable`, `open(Endpoint)` and the methods of `LLM`, and one line here.
"""

from mlwright.base.registry import Registry

PROVIDERS = Registry(
    "language model provider",
    group="mlwright.llm_providers",
    builtin={
        "anthropic": "mlwright.llm.providers.anthropic:Anthropic",
        "openai": "mlwright.llm.providers.openai_responses:OpenAI",
        "openai_chat": "mlwright.llm.providers.openai_chat:OpenAIChat",
        "local": "mlwright.llm.providers.transformers:Transformers",
        "scripted": "mlwright.llm.providers.scripted:Scripted",
    },
)
