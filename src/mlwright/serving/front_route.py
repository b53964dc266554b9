"""POST on a front's route as a bare ASGI endpoint; always answered in a thread, for it may take a while."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from pydantic_core import to_json
from starlette.types import Receive, Scope, Send

from mlwright.serving.fronts import Front
from mlwright.serving.predict_route import check_content_type, read_body
from mlwright.serving.rows import parse_json
from mlwright.serving.service import Service

_JSON = (b"content-type", b"application/json")


class FrontRoute:
    """Reads a body, lets the front answer it, adds which model spoke."""

    def __init__(self, service: Service, front: Front) -> None:
        self._front = front
        self._model = {"name": service.signature.name, "version": service.signature.version}
        self._threads = ThreadPoolExecutor(service.settings.threads, thread_name_prefix="front")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        check_content_type(scope)
        body = await read_body(receive)
        request_id: str = scope["state"]["request_id"]
        answer = await asyncio.get_running_loop().run_in_executor(self._threads, self._answer, body, request_id)
        headers = [_JSON, (b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})

    def _answer(self, body: bytes, request_id: str) -> bytes:
        reply = self._front.answer(parse_json(body))
        return to_json({**reply, "model": self._model, "request_id": request_id}, inf_nan_mode="null")
