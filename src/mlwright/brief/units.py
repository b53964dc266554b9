"""Quantities as people write them: `20 ms`, `2 GB`, `1h 30m`, `200 rows/s`, `$5`; and back."""

import math
import re
from collections.abc import Mapping
from types import MappingProxyType

from mlwright.base.errors import BriefError

SECONDS: Mapping[str, float] = MappingProxyType(
    {"us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "seconds": 1.0, "m": 60.0, "min": 60.0,
     "minute": 60.0, "minutes": 60.0, "h": 3600.0, "hour": 3600.0, "hours": 3600.0, "d": 86400.0, "day": 86400.0,
     "days": 86400.0}
)  # fmt: skip
BYTES: Mapping[str, int] = MappingProxyType(
    {"b": 1, "byte": 1, "bytes": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "k": 10**3, "m": 10**6,
     "g": 10**9, "t": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
)  # fmt: skip
_NUMBER = r"[+-]?(?:\d[\d_,]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"({_NUMBER})\s*([a-zA-Zµ]*)")
_DOLLARS = re.compile(rf"\$?\s*({_NUMBER})\s*(?:usd|dollars?|\$)?", re.IGNORECASE)
_RATE = re.compile(rf"({_NUMBER})\s*(?:rows?|requests?)?\s*(?:/|per)\s*([a-zA-Z]+)", re.IGNORECASE)


def parse_number(text: str) -> float:
    """Return a finite number; `1_000`, `1,000` and `97%` are understood.

    Raises:
        BriefError: It is no number.

    Example:
        >>> parse_number("97%")
        0.97
    """
    text = text.strip()
    percent = text.endswith("%")
    body = text.removesuffix("%").strip()
    if not re.fullmatch(_NUMBER, body) or ("," in body and not re.match(r"[+-]?\d{1,3}(,\d{3})+(\D|$)", body)):
        raise BriefError(f"{text!r} is not a number.", hint="Write a plain number such as 0.95 or 1000.")
    value = float(body.replace("_", "").replace(",", "")) / (100 if percent else 1)
    if not math.isfinite(value):
        raise BriefError(f"{text!r} is too large.", hint="Write a finite number.")
    return value


def parse_seconds(text: str) -> float:
    """Return a time in seconds; a bare number is seconds.

    Raises:
        BriefError: No time, or an unknown unit.

    Example:
        >>> parse_seconds("1h 30m"), parse_seconds("20 ms")
        (5400.0, 0.02)
    """
    if re.fullmatch(_NUMBER, text.strip()):
        return parse_number(text)
    return math.fsum(number * _unit(unit, SECONDS, text, "a time", "20 ms, 60 s, 5m or 1.5h") for number, unit in
                     _quantities(text, "a time", "20 ms, 60 s, 5m or 1.5h"))  # fmt: skip


def parse_bytes(text: str) -> int:
    """Return a size in whole bytes; MB is 10^6, MiB is 2^20; a bare number is bytes.

    Raises:
        BriefError: No size, or an unknown unit.

    Example:
        >>> parse_bytes("2 GB"), parse_bytes("1KiB")
        (2000000000, 1024)
    """
    example = "50 MB, 2 GB or 512 MiB"
    if re.fullmatch(_NUMBER, text.strip()):
        return round(parse_number(text))
    parts = _quantities(text, "a size", example)
    if len(parts) > 1:
        raise BriefError(f"{text!r} is not a size.", hint=f"Write one number and one unit: {example}.")
    number, unit = parts[0]
    return round(number * _unit(unit, BYTES, text, "a size", example))


def parse_rate(text: str) -> float:
    """Return rows a second; a bare number is rows a second.

    Raises:
        BriefError: No rate.

    Example:
        >>> parse_rate("200 rows/s"), parse_rate("6000/min")
        (200.0, 100.0)
    """
    if re.fullmatch(_NUMBER, text.strip()):
        return parse_number(text)
    found = _RATE.fullmatch(text.strip())
    if not found:
        raise BriefError(f"{text!r} is not a rate.", hint="Write it as `200 rows/s` or `12000 rows/min`.")
    return parse_number(found[1]) / _unit(found[2], SECONDS, text, "a rate", "200 rows/s")


def parse_dollars(text: str) -> float:
    """Return dollars.

    Raises:
        BriefError: No amount of money.

    Example:
        >>> parse_dollars("$5"), parse_dollars("2.50 USD")
        (5.0, 2.5)
    """
    found = _DOLLARS.fullmatch(text.strip())
    if not found:
        raise BriefError(f"{text!r} is not an amount of dollars.", hint="Write it as 5, $5 or 2.50 USD.")
    return parse_number(found[1])


def write_seconds(value: float) -> str:
    """Return a time as people write it; `parse_seconds` gives exactly `value` back."""
    for unit in ("h", "m", "s", "ms", "us"):
        text = f"{_short(value / SECONDS[unit])} {unit}"
        least = 2 if unit in ("h", "m") else 1  # 60 s reads better than 1 m
        if abs(value) >= least * SECONDS[unit] and len(text) <= 10 and parse_seconds(text) == value:
            return text
    return f"{_short(value)} s"


def write_bytes(value: int) -> str:
    """Return a size as people write it; `parse_bytes` gives exactly `value` back."""
    for unit in ("TB", "GB", "GiB", "MB", "MiB", "kB", "KiB"):
        text = f"{_short(value / BYTES[unit.lower()])} {unit}"
        if abs(value) >= BYTES[unit.lower()] and len(text) <= 8 and parse_bytes(text) == value:
            return text
    return f"{value} B"


def write_rate(value: float) -> str:
    """Return a rate as people write it; `parse_rate` gives exactly `value` back."""
    return f"{_short(value)} rows/s"


def _short(value: float) -> str:
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def _quantities(text: str, what: str, example: str) -> list[tuple[float, str]]:
    parts: list[tuple[float, str]] = []
    rest = text.strip()
    while found := _QUANTITY.match(rest):
        parts.append((parse_number(found[1]), found[2]))
        rest = rest[found.end() :].strip()
    if rest or not parts:
        raise BriefError(f"{text!r} is not {what}.", hint=f"Write a number and a unit, such as {example}.")
    return parts


def _unit(unit: str, table: Mapping[str, float], text: str, what: str, example: str) -> float:
    size = table.get(unit) or table.get(unit.lower())
    if size is None:
        named = f"the unit '{unit}'" if unit else "a number without a unit"
        raise BriefError(f"{text!r} is not {what}: {named} is not understood.", hint=f"Write it as {example}.")
    return size
