"""The same against the real services, when there is a key in the environment."""

import os

import pytest
from pydantic import BaseModel

from mlwright.llm import LLM, Budget, Message, Request, TextDelta, ToolResult, ToolSpec, ask, complete, connect
from mlwright.llm.connect import key_variable
from mlwright.llm.errors import KeyRefused, UnknownModel

MODELS = ("claude-haiku-5-5", "openai:gpt-6-luna", "openai_chat:gpt-4.1-nano")


class Sum(BaseModel):
    """A sum."""

    total: int


@pytest.fixture(params=MODELS)
def service(request: pytest.FixtureRequest) -> LLM:
    variable = key_variable(request.param)
    if not os.environ.get(variable):
        pytest.skip(f"no {variable} in the environment")
    return connect(request.param, os.environ[variable], meter=Budget(usd=0.05))


async def test_the_service_answers_in_pieces_and_is_paid(service: LLM) -> None:
    events = [event async for event in service.stream(Request.of("Say hello in three words.", max_tokens=500))]
    assert any(isinstance(event, TextDelta) for event in events)
    assert 0 < events[-1].reply.usd < 0.01


async def test_the_service_calls_tools(service: LLM) -> None:
    schema = {"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]}
    tool = ToolSpec(name="weather", description="Today's weather in a town", input_schema=schema)
    asked = Request.of("Use the tool: what is the weather in Ulm?", tools=(tool,), max_tokens=1000)
    first = await complete(service, asked)
    results = [ToolResult.of(use.id, "rain") for use in first.tool_uses]
    assert "rain" in (await complete(service, asked.with_messages(first.message, Message.user(*results)))).text.lower()


async def test_the_service_fills_an_object(service: LLM) -> None:
    assert (await ask(service, Request.of("17 + 25?", max_tokens=1000), Sum)).value.total == 42


@pytest.mark.parametrize("model", MODELS)
async def test_the_service_says_what_is_wrong(model: str) -> None:
    key = os.environ.get(key_variable(model))
    if not key:
        pytest.skip(f"no {key_variable(model)} in the environment")
    with pytest.raises(KeyRefused):
        await complete(connect(model, "sk-wrong"), Request.of("Hello", max_tokens=16))
    with pytest.raises(UnknownModel):
        await complete(
            connect(model.split(":")[0] + ":no-such-model" if ":" in model else "claude-none", key), Request.of("Hi")
        )
