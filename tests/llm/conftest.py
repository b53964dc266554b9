"""The three wire formats, as one fixture; a coroutine test runs in its own event loop."""

import asyncio
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.llm.loopback import KEY, Loopback, serve

from mlwright.base.meter import Meter
from mlwright.llm import LLM, Options, RetryPolicy, connect

QUICK = RetryPolicy(attempts=3, deadline_seconds=200, first_wait_seconds=0.01, longest_wait_seconds=0.2, seed=0)
WIRES = {"anthropic": "claude-sonnet-5-5", "openai": "openai:gpt-6.1-terra", "openai_chat": "openai_chat:gpt-4.1"}


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    given = {name: pyfuncitem.funcargs[name] for name in wanted}
    asyncio.run(_run_and_close(pyfuncitem.obj, given))
    return True


async def _run_and_close(test: Any, given: dict[str, Any]) -> None:
    try:
        await test(**given)
    finally:
        for wire in given.values():
            if isinstance(wire, Wire):
                await wire.aclose()


@dataclass
class Wire:
    """A vendor's format: `llm()` gives a model that talks to the server."""

    name: str
    server: Loopback
    opened: list[LLM] = field(default_factory=list)

    def llm(self, key: str = KEY, model: str = "", meter: Meter | None = None, **options: Any) -> LLM:
        url = self.server.url + ("" if self.name == "anthropic" else "/v1")
        chosen = Options(base_url=url, **{"retry": QUICK, **options})
        self.opened.append(connect(model or WIRES[self.name], key, meter=meter, options=chosen))
        return self.opened[-1]

    async def aclose(self) -> None:
        for llm in self.opened:
            await llm.aclose()


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serve() as loopback:
        yield loopback


@pytest.fixture(params=list(WIRES))
def wire(request: pytest.FixtureRequest, server: Loopback) -> Wire:
    pytest.importorskip("anthropic" if request.param == "anthropic" else "openai")
    return Wire(request.param, server)


@pytest.fixture
def response(server: Loopback) -> Wire:
    pytest.importorskip("openai")
    return Wire("openai", server)


@pytest.fixture
def claude(server: Loopback) -> Wire:
    pytest.importorskip("anthropic")
    return Wire("anthropic", server)
