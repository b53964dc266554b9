"""The hash chain of a journal: each event's hash covers its other fields, among them the hash of the event before."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

GENESIS = ""  # `previous` of the first event


def chain_hash(event: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an event's canonical JSON (sorted keys, compact) without its "hash".

    Example:
        >>> chain_hash({"seq": 0, "hash": "x"}) == chain_hash({"seq": 0})
        True
    """
    fields = {key: value for key, value in event.items() if key != "hash"}
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
