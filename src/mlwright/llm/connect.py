"""From a model's name to a model that is paid for, tried again and replaced when it is down."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mlwright.base.errors import InputError
from mlwright.base.meter import Meter
from mlwright.llm.errors import KeyMissing
from mlwright.llm.fallback import Fallback
from mlwright.llm.metered import Entry, Metered
from mlwright.llm.names import parse_model
from mlwright.llm.prices import Price, PriceTable
from mlwright.llm.protocol import LLM
from mlwright.llm.registry import PROVIDERS
from mlwright.llm.retry import Retrying, RetryPolicy

Keys = str | Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Options:
    """How a model is reached.

    Attributes:
        base_url: In place of the vendor's own address (a proxy, a gateway, a test's server).
        fallbacks: Models that are asked, in order, when the first can't answer.
        on_refusal: Whether they are asked as well when it declines to answer.
        prices: Of models that the table doesn't know, by name.
        allow_host: Called with each host before anything is opened; raises for one that the contract forbids.
        note: Called with each line of the account.
        idle_seconds: Longest silence of a connection.
    """

    base_url: str = ""
    fallbacks: Sequence[str] = ()
    on_refusal: bool = False
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    prices: Mapping[str, Price] = field(default_factory=dict[str, Price])
    allow_host: Callable[[str], None] | None = None
    note: Callable[[Entry], None] | None = None
    idle_seconds: float = 120.0


def connect(model: str, api_key: Keys = None, *, meter: Meter | None = None, options: Options | None = None) -> LLM:
    """Return a model by its name; nothing is called yet.

    Args:
        model: `claude-...`, `gpt-...`, `anthropic:...`, `openai:...`, `openai_chat:...`, `local:PATH`,
            `http://host:port/v1#model` or `scripted:PATH`.
        api_key: The provider's key, or keys by provider (`{"anthropic": ..., "openai": ...}`). Nothing is read from
            the environment; `key_variable` says where a key usually is.
        meter: What pays: a run's ledger or a `Budget`. Without one nothing is limited.
        options: How it is reached.

    Raises:
        UnknownModel: The name leads nowhere.
        KeyMissing: The provider needs a key.
        MissingExtra: The provider's package is not installed.
        ContractError: The contract forbids the provider's host.
    """
    chosen = options or Options()
    llms = [
        _one(name, api_key, meter, replace(chosen, base_url=chosen.base_url if place == 0 else ""))
        for place, name in enumerate((model, *chosen.fallbacks))
    ]
    return llms[0] if len(llms) == 1 else Fallback(llms, on_refusal=chosen.on_refusal)


def key_variable(model: str) -> str:
    """Return the environment variable that usually holds a model's key; empty when it needs none.

    Example:
        >>> key_variable("claude-sonnet-5-5")
        'ANTHROPIC_API_KEY'
    """
    endpoint = parse_model(model)
    return "" if endpoint.own_server else PROVIDERS.find(endpoint.provider).key_variable


def _one(name: str, api_key: Keys, meter: Meter | None, options: Options) -> LLM:
    endpoint = parse_model(name)
    kind = PROVIDERS.load(endpoint.provider)
    key = api_key if isinstance(api_key, str) else (api_key or {}).get(endpoint.provider, "")
    address = endpoint.base_url or options.base_url
    if kind.key_variable and not endpoint.own_server and not key:
        raise KeyMissing(
            f"'{name}' needs a key and none was given.", hint=f"Give api_key; it is usually in {kind.key_variable}."
        )
    endpoint = replace(endpoint, base_url=address, api_key=key, idle_seconds=options.idle_seconds)
    if options.allow_host is not None and kind.key_variable:
        host = endpoint.host or replace(endpoint, base_url=kind.address).host
        if not host:
            raise InputError(f"'{name}' has no host.", hint="Write http://host:port/v1#model.")
        options.allow_host(host)
    llm = kind.open(endpoint)
    return Retrying(Metered(llm, meter, PriceTable(options.prices), options.note), options.retry)
