"""How a service behaves. Decided by its operator, never by the files of a model."""

import hashlib
import ipaddress
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from mlwright.base.errors import InputError

KeyHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class Settings(BaseModel):
    """Limits and keys of a service. Immutable.

    Attributes:
        key_hashes: sha256 of the API keys that are let in, hexadecimal (`hash_key` makes one); several for rotation.
        allow_anonymous: Serve other machines without a key, because something in front checks who asks.
        max_body_bytes, max_rows: Of one request; above them 413.
        timeout_seconds: For one request, reading its body included; above it 408 or 503.
        max_concurrent: Requests worked on at once; above it 503.
        max_connections: Open connections; above it 503.
        rate_per_second, rate_burst: Requests per key (per address without keys); above them 429. None: no limit.
        inline_rows, inline_bytes: Requests up to these sizes are answered on the event loop, larger ones in a thread.
        threads: Worker threads for large requests, and threads inside onnxruntime stay 1 each.
        drain_seconds: How long a stopping service still takes requests while /ready says 503.
        access_log: Write one JSON line a request to standard output; never feature values.
        require_manifest: Refuse to start when the files are not those of a MANIFEST.json.
        max_warnings: Written out in one reply; the rest is counted.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    key_hashes: tuple[KeyHash, ...] = ()
    allow_anonymous: bool = False
    max_body_bytes: int = Field(default=8_000_000, gt=0)
    max_rows: int = Field(default=10_000, gt=0)
    timeout_seconds: float = Field(default=30.0, gt=0)
    max_concurrent: int = Field(default=64, gt=0)
    max_connections: int = Field(default=1_000, gt=0)
    rate_per_second: float | None = Field(default=None, gt=0)
    rate_burst: int = Field(default=20, gt=0)
    inline_rows: int = Field(default=64, ge=0)
    inline_bytes: int = Field(default=32_768, ge=0)
    threads: int = Field(default=1, gt=0)
    drain_seconds: float = Field(default=0.0, ge=0)
    access_log: bool = True
    require_manifest: bool = True
    max_warnings: int = Field(default=20, ge=0)


DEFAULT_SETTINGS = Settings()


def hash_key(key: str) -> str:
    """Return the sha256 of an API key, as `Settings.key_hashes` takes it.

    A plain hash is enough for long random keys (`python -c "import secrets; print(secrets.token_urlsafe(32))"`), not
    for words that people choose.

    Raises:
        InputError: The key is shorter than 16 characters.

    Example:
        >>> hash_key("0123456789abcdef")[:8]
        '9f9f5111'
    """
    if len(key) < 16:
        raise InputError(
            f"The API key has {len(key)} characters; at least 16 are needed.",
            hint='make one with: python -c "import secrets; print(secrets.token_urlsafe(32))"',
        )
    return hashlib.sha256(key.encode()).hexdigest()


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_binding(host: str, settings: Settings) -> None:
    """Refuse to open a service to other machines without a key.

    Raises:
        InputError: `host` is not loopback and there is no key.
    """
    if settings.key_hashes or settings.allow_anonymous or is_loopback(host):
        return
    raise InputError(
        f"The service would listen on {host}, where other machines reach it, without an API key.",
        hint="set MLWRIGHT_API_KEYS, bind 127.0.0.1, or allow anonymous use if a gateway checks who asks.",
    )
