"""Who answers: one line per provider."""

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
