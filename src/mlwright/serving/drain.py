"""A server that stops gently: /ready says 503 first, requests go on being answered for a while, then it ends."""

import asyncio
from types import FrameType
from typing import TYPE_CHECKING, Any

from mlwright.serving.service import Service

if TYPE_CHECKING:
    import uvicorn


def draining_server(config: "uvicorn.Config", service: Service) -> "uvicorn.Server":
    """Return uvicorn's server with a gentle SIGTERM; a second signal stops it at once, and its exit status is 0."""
    import uvicorn

    class DrainingServer(uvicorn.Server):
        _loop: asyncio.AbstractEventLoop | None = None

        async def startup(self, *arguments: Any, **named: Any) -> None:
            self._loop = asyncio.get_running_loop()
            await super().startup(*arguments, **named)

        def handle_exit(self, sig: int, frame: FrameType | None) -> None:
            if service.draining or self._loop is None:
                self.should_exit = self.force_exit = True
                return
            service.draining = True
            seconds = service.settings.drain_seconds
            self._loop.call_soon_threadsafe(self._loop.call_later, seconds, self._leave)

        def _leave(self) -> None:
            self.should_exit = True

    return DrainingServer(config)
