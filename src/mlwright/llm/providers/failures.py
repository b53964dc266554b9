"""The vendors' errors as ours. Both SDKs name and shape theirs alike, so one reading serves both."""

import re
from email.utils import parsedate_to_datetime
from time import time
from typing import Any

from mlwright.llm.errors import (
    CallError,
    ContextTooLong,
    KeyRefused,
    ProviderDown,
    RateLimited,
    RequestRefused,
    SchemaRefused,
    StreamCut,
    UnknownModel,
)

_TOO_LONG = re.compile(r"prompt is too long|context_length_exceeded|context (length|window)|maximum context", re.I)
_SCHEMA = re.compile(r"output_config\.format|output_format|response_format|text\.format|json_?schema", re.I)
# Mid-stream errors come under status 200; their type says what status it would have been.
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def call_error(exc: Exception, *, model: str, began: bool = False) -> CallError:
    """Return our error for a vendor's.

    Args:
        exc: What the SDK, or the HTTP library under it, raised.
        model: The model that was called.
        began: Whether an answer had begun to arrive.
    """
    body: Any = getattr(exc, "body", None)
    detail: Any = body.get("error", body) if isinstance(body, dict) else {}
    kind = str(detail.get("type") or detail.get("code") or "") if isinstance(detail, dict) else ""
    code = str(detail.get("code") or "") if isinstance(detail, dict) else ""
    message = str(detail.get("message") or exc) if isinstance(detail, dict) else str(exc)
    status: int | None = getattr(exc, "status_code", None)
    if status is None or status == 200:
        status = _STATUS_OF_TYPE.get(kind) or _STATUS_OF_TYPE.get(code)
    if status is None:
        return _broken(exc, model, began=began)
    error = _by_status(status, f"{kind} {code} {message}", model, _shown(message, exc))
    error.retry_after_seconds = _retry_after(exc)
    error.billed = began
    return error


def error_of_type(kind: str, message: str, model: str) -> CallError:
    """Return our error for a type, or code, that came inside an answer."""
    return _by_status(_STATUS_OF_TYPE.get(kind, 500 if not kind else 400), f"{kind} {message}", model, message[:400])


def _broken(exc: Exception, model: str, *, began: bool) -> CallError:
    said = f"{type(exc).__name__}: {exc}"
    if began:
        return StreamCut(f"The answer of {model} broke off ({said}).", hint="Ask again.")
    down = ProviderDown(
        f"The provider of {model} is not reachable ({said}).", hint="Check the address and the network, or ask another."
    )
    # A request that was sent and not answered in time may have been carried out.
    down.billed = "Timeout" in type(exc).__name__
    return down


def _by_status(status: int, text: str, model: str, said: str) -> CallError:
    if status in {401, 402, 403}:
        return KeyRefused(f"The provider of {model} does not take the key: {said}", hint="Check the key.")
    if status == 404:
        return UnknownModel(f"The provider does not know '{model}': {said}", hint="Check the model's name.")
    if status == 429:
        return RateLimited(f"Too many calls of {model}: {said}", hint="Wait, or make fewer calls at once.")
    if status in {408, 409} or status >= 500:
        return ProviderDown(f"The provider of {model} is out of order ({status}): {said}", hint="Wait, or ask another.")
    if status == 413 or _TOO_LONG.search(text):
        return ContextTooLong(f"The request is too long for {model}: {said}", hint="Shorten the messages.")
    if _SCHEMA.search(text):
        return SchemaRefused(f"{model} does not take the schema: {said}", hint="Use a simpler schema.")
    return RequestRefused(f"{model} does not take the request ({status}): {said}", hint="Mend the request.")


def _shown(message: str, exc: Exception) -> str:
    request_id = getattr(exc, "request_id", None)
    return message[:400] + (f" (request {request_id})" if request_id else "")


def _retry_after(exc: Exception) -> float | None:
    headers: Any = getattr(getattr(exc, "response", None), "headers", None) or {}
    if (milliseconds := headers.get("retry-after-ms")) and re.fullmatch(r"[\d.]+", milliseconds):
        return float(milliseconds) / 1000
    value = headers.get("retry-after")
    if not value:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", value):
        return float(value)
    if re.search(r"GMT$", value):
        return max(0.0, parsedate_to_datetime(value).timestamp() - time())
    return None
