"""The three wire formats, as one fixture; a coroutine test runs in its own event loop."""

import asyncio
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from mlwright.base.meter import Meter
from mlwright.llm import LLM, Options, RetryPolicy, connect
from tests.llm.loopback import KEY, Loopback, serve

QUICK = RetryPolicy(attempts=3, deadline_seconds=20, first_wait_seconds=0.01, longest_wait_seconds=0.2, seed=0)
WIRES = {"anthropic": "claude-sonnet-5-5", "openai": "openai:gpt-6.1-terra", "openai_chat": "openai_chat:gpt-4.1"}


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    wanted = inspect.signature(pyfuncitem.obj).parameters
    asyncio.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


@dataclass
class Wire:
    """A vendor's format: `llm()` gives a model that talks to the server."""

    name: str
    server: Loopback

    def llm(self, key: str = KEY, model: str = "", meter: Meter | None = None, **options: Any) -> LLM:
        url = self.server.url + ("" if self.name == "anthropic" else "/v1")
        chosen = Options(base_url=url, **{"retry": QUICK, **options})
        return connect(model or WIRES[self.name], key, meter=meter, options=chosen)


@pytest.fixture
def server() -> Iterator[Loopback]:
    with serve() as loopback:
        yield loopback


@pytest.fixture(params=list(WIRES))
def wire(request: pytest.FixtureRequest, server: Loopback) -> Wire:
    pytest.importorskip("anthropic" if request.param == "anthropic" else "openai")
    return Wire(request.param, server)


@pytest.fixture
def claude(server: Loopback) -> Wire:
    pytest.importorskip("anthropic")
    return Wire("anthropic", server)
