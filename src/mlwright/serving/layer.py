"""The door of a service, as one ASGI layer: who may ask, how much, how long; every request counted and logged.

One layer, because three stacked HTTP middlewares cost more processor time than the model (1.3 against 0.1 ms).
"""

import asyncio
import hashlib
import hmac
import re
import secrets
import time
from base64 import b64decode
from collections.abc import Mapping

from pydantic_core import to_json
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mlwright.base.errors import RequestError
from mlwright.serving.access_log import AccessLog, Line
from mlwright.serving.limits import RateLimit
from mlwright.serving.refusal import Refusal
from mlwright.serving.service import Service
from mlwright.serving.settings import is_loopback

OPEN_ROUTES = frozenset({"/health", "/ready"})  # asked by orchestrators, which have no key
Route = tuple[str, str]  # method, path
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_CHALLENGE = (b"www-authenticate", b'Bearer, Basic realm="mlwright"')


class Layer:
    """Wraps an ASGI app. One object per app; its state is touched on the event loop only."""

    def __init__(
        self, app: ASGIApp, service: Service, routes: frozenset[str], log: AccessLog, hot: Mapping[Route, ASGIApp]
    ) -> None:
        self._app = app
        self._hot = hot
        self._service = service
        self._settings = service.settings
        self._gauges = service.gauges
        self._routes = routes
        self._log = log
        self._keys = tuple(service.settings.key_hashes)
        self._rate = RateLimit.of(service.settings)
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            # There is no web socket here; refusing at the door leaves no way around the keys.
            await (self._app(scope, receive, send) if scope["type"] == "lifespan" else _close(send))
            return
        exchange = Exchange(scope, receive, send, self._settings.max_body_bytes)
        try:
            await self._guarded(exchange)
        except RequestError as error:
            await exchange.refuse(_as_refusal(error))
        except Exception as error:
            exchange.failure = _where(error)
            await exchange.refuse(_internal())
        finally:
            self._settle(exchange)

    async def _guarded(self, exchange: "Exchange") -> None:
        scope = exchange.scope
        if scope["path"] in OPEN_ROUTES:
            await self._app(scope, exchange.receive, exchange.send)
            return
        exchange.key = self._who(exchange.headers, scope.get("client"))
        self._rate.take(exchange.key)
        if exchange.declared_bytes > self._settings.max_body_bytes:
            raise exchange.too_large()
        if self._in_flight >= self._settings.max_concurrent:
            raise _busy(f"The service is working on {self._in_flight} requests, which is its limit.", "overloaded")
        self._in_flight += 1
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                # The hot routes are called straight; a router and its middlewares would cost a third of the request.
                app = self._hot.get((scope["method"], scope["path"]), self._app)
                await app(scope, exchange.receive, exchange.send)
        except TimeoutError:
            raise self._late(exchange) from None
        finally:
            self._in_flight -= 1

    def _who(self, headers: Mapping[bytes, bytes], client: tuple[str, int] | None) -> str:
        """Return who asks, for the rate limit and the log.

        Raises:
            Refusal: 401, no key that is known.
        """
        address = client[0] if client else "local"
        if not self._keys:
            if self._settings.allow_anonymous or client is None or is_loopback(address):
                return address
            raise _unauthorised("The service has no API keys and answers its own machine only.")
        given = _key_of(headers)
        if not given:
            raise _unauthorised("The request has no API key.")
        digest = hashlib.sha256(given).hexdigest()
        # Every hash is compared, each in constant time, so that the time tells nothing of which one was near.
        matches = [hmac.compare_digest(digest, known) for known in self._keys]
        if not any(matches):
            raise _unauthorised("The API key is not known.")
        return digest[:8]

    def _late(self, exchange: "Exchange") -> Refusal:
        seconds = self._settings.timeout_seconds
        if exchange.body_complete:
            return _busy(f"The answer took longer than {seconds:g} s.", "timeout")
        return Refusal(
            f"The body did not arrive within {seconds:g} s.",
            hint="send the body at once, or in smaller requests.",
            status=408,
            code="slow_body",
        )

    def _settle(self, exchange: "Exchange") -> None:
        path = exchange.scope["path"]
        route = path if path in self._routes else "other"
        seconds = time.perf_counter() - exchange.started
        self._gauges.requests.add((route, str(exchange.status)))
        self._gauges.seconds.observe(seconds, (route,))
        self._gauges.in_flight.set(self._in_flight)
        if self._settings.access_log:
            line = Line(exchange.request_id, exchange.scope["method"], route, exchange.status, seconds, exchange.key)
            self._log.write(line, exchange.scope["state"].get("rows", 0), exchange.failure)


class Exchange:
    """One request and its reply: what the layer must know of both."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, max_body_bytes: int) -> None:
        self.started = time.perf_counter()
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        asked = self.headers.get(b"x-request-id", b"")
        self.request_id = asked.decode() if _REQUEST_ID.fullmatch(asked) else secrets.token_hex(8)
        scope["state"] = {"request_id": self.request_id}
        declared = self.headers.get(b"content-length", b"")
        self.declared_bytes = int(declared) if declared.isdigit() else 0
        self.status = 499  # the caller went away before there was an answer
        self.key = ""
        self.failure = ""
        self.body_complete = False
        self._received_bytes = 0
        self._max_body_bytes = max_body_bytes
        self._receive = receive
        self._send = send
        self._begun = False

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._received_bytes += len(message.get("body", b""))
            if self._received_bytes > self._max_body_bytes:  # a chunked body declares no length
                raise self.too_large()
            self.body_complete = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            self.status = message["status"]
            message["headers"] = [*message.get("headers", ()), (b"x-request-id", self.request_id.encode())]
        await self._send(message)

    async def refuse(self, refusal: Refusal) -> None:
        if self._begun:  # too late for a status; the server closes the connection
            return
        body = to_json(refusal.as_json(self.request_id))
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        headers += [*refusal.headers, (b"cache-control", b"no-store")]
        if not self.body_complete and (self.declared_bytes or b"transfer-encoding" in self.headers):
            headers.append((b"connection", b"close"))  # what was not read must not be taken for the next request
        await self.send({"type": "http.response.start", "status": refusal.status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})

    def too_large(self) -> Refusal:
        return Refusal(
            f"The body has more than {self._max_body_bytes:,} bytes.",
            hint=f"send at most {self._max_body_bytes:,} bytes in one request.",
            status=413,
            code="body_too_large",
        )


def _key_of(headers: Mapping[bytes, bytes]) -> bytes:
    """Return the key of `X-API-Key`, of `Authorization: Bearer`, or the password of Basic, which a browser can send."""
    if key := headers.get(b"x-api-key"):
        return key
    scheme, _, rest = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip()
    if scheme.lower() == b"basic":
        try:
            return b64decode(rest.strip(), validate=True).partition(b":")[2]
        except ValueError:
            return b""
    return b""


def _as_refusal(error: RequestError) -> Refusal:
    return error if isinstance(error, Refusal) else Refusal(error.message, hint=error.hint, status=error.status)


def _unauthorised(message: str) -> Refusal:
    refusal = Refusal(
        message, hint="send a key in the header X-API-Key or Authorization: Bearer.", status=401, code="unauthorised"
    )
    refusal.headers = (_CHALLENGE,)
    return refusal


def _busy(message: str, code: str) -> Refusal:
    refusal = Refusal(message, hint="try again in a moment, or run more copies of the service.", status=503, code=code)
    refusal.headers = ((b"retry-after", b"1"),)
    return refusal


def _internal() -> Refusal:
    hint = "tell the operator the request id; the service's log has the place of the fault."
    return Refusal("The service failed on this request.", hint=hint, status=500, code="internal_error")


def _where(error: Exception) -> str:
    """Return kind and place of a fault without its text, which may hold values of the request."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}" if trace else "?"
    return f"{type(error).__name__} at {place}"


async def _close(send: Send) -> None:
    await send({"type": "websocket.close", "code": 1008})
