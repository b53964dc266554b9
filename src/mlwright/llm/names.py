"""What a model is called: one text says the provider, the model and where it is."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from mlwright.base.suggest import did_you_mean
from mlwright.llm.errors import UnknownModel
from mlwright.llm.registry import PROVIDERS

_VENDORS = ((r"claude-", "anthropic"), (r"(gpt-|chatgpt-|o\d)", "openai"))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is and how it is reached.

    Attributes:
        model: The model's name at its provider; a folder for local models.
        base_url: Of the provider's interface; empty for the vendor's own address.
        own_server: Whether the address came with the model's name: the user's server, not a vendor's.
        idle_seconds: Longest silence of a connection.
    """

    provider: str
    model: str
    base_url: str = ""
    api_key: str = ""
    own_server: bool = False
    idle_seconds: float = 120.0

    @property
    def host(self) -> str:
        """The host that is called; empty for none."""
        return urlsplit(self.base_url).hostname or ""


def parse_model(name: str) -> Endpoint:
    """Return where a model's name leads.

    Raises:
        UnknownModel: The name has none of the known shapes.

    Example:
        >>> parse_model("claude-sonnet-5-5").provider
        'anthropic'
        >>> parse_model("http://localhost:8000/v1#qwen").model
        'qwen'
    """
    if re.match(r"https?://", name):
        url, _, model = name.partition("#")
        if not model:
            raise UnknownModel(f"'{name}' names no model.", hint="Write it behind a '#', as http://host:port/v1#model.")
        return Endpoint("openai_chat", model, base_url=url, own_server=True)
    provider, colon, model = name.partition(":")
    if colon and provider in PROVIDERS and model:
        return Endpoint(provider, model)
    vendor = next((vendor for pattern, vendor in _VENDORS if re.match(pattern, name)), None)
    if vendor is None:
        raise UnknownModel(
            f"'{name}' is not the name of a model here.",
            hint=f"Write provider:model or http://host:port/v1#model; as provider {did_you_mean(provider, PROVIDERS)}",
        )
    return Endpoint(vendor, name)


def is_own_machine(host: str) -> bool:
    """Return whether a host is this machine, where a model costs nothing."""
    if host == "localhost":
        return True
    if not re.fullmatch(r"[0-9a-fA-F:.]+", host):
        return False
    return ipaddress.ip_address(host).is_loopback
