"""POST /predict as a bare ASGI endpoint: the one path where microseconds count."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from starlette.types import Receive, Scope, Send

from mlwright.serving.refusal import Refusal
from mlwright.serving.service import Answer, Service

_JSON = (b"content-type", b"application/json")


class PredictRoute:
    """Reads a body, answers it, counts it. Large requests are answered in a thread so that /health stays quick."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._inline_bytes = service.settings.inline_bytes
        self._threads = ThreadPoolExecutor(service.settings.threads, thread_name_prefix="predict")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        check_content_type(scope)
        body = await read_body(receive)
        request_id: str = scope["state"]["request_id"]
        try:
            answer = await self._answer(body, request_id)
        except Refusal as refusal:
            self._service.gauges.invalid_fields(_invalid(refusal))
            raise
        self._service.gauges.answered(answer.prediction, answer.decoded.notes)
        scope["state"]["rows"] = answer.decoded.rows
        headers = [_JSON, (b"content-length", b"%d" % len(answer.body))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    async def _answer(self, body: bytes, request_id: str) -> Answer:
        if len(body) <= self._inline_bytes:
            return self._service.answer(body, request_id)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._service.answer, body, request_id)


async def read_body(receive: Receive) -> bytes:
    """Return a request's whole body; the layer has bounded it."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body", False):
        return body
    parts = [body]
    while message.get("more_body", False):
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refusal("The body ended early.", hint="send the whole body.", status=400, code="incomplete_body")
        parts.append(message.get("body", b""))
    return b"".join(parts)


def check_content_type(scope: Scope) -> None:
    """Refuse a body that says it is no JSON."""
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
            if kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json")):
                return
            raise Refusal(
                f"The body is {kind[:80].decode('latin-1')}; application/json was expected.",
                hint="send the header Content-Type: application/json (curl: -H 'Content-Type: application/json').",
                status=415,
                code="unsupported_media_type",
            )


def _invalid(refusal: Refusal) -> dict[str, int]:
    counts: dict[str, int] = {}
    for fault in refusal.faults:
        counts[fault.field] = counts.get(fault.field, 0) + 1
    return counts
