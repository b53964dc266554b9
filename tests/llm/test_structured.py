"""A pydantic model in, a validated object out, whatever the provider can do."""

from typing import Literal

import pytest
from pydantic import BaseModel, Field
from tests.llm.conftest import Wire
from tests.llm.loopback import Fault, Say

from mlwright.llm import Message, Request, ToolUse, ask
from mlwright.llm.errors import OutputInvalid, Refused, SchemaRefused, Truncated
from mlwright.llm.providers.scripted import Scripted
from mlwright.llm.reply import Reply
from mlwright.llm.schemas import closed_schema, strict_schema
from mlwright.llm.structured import extract_json


class Town(BaseModel):
    """A town."""

    name: str = Field(min_length=2)
    people: int = Field(ge=0, description="Inhabitants")
    kind: Literal["city", "village"] = "city"


class Free(BaseModel):
    """Counts by word."""

    counts: dict[str, int]


ULM = '{"name": "Ulm", "people": 128928, "kind": "city"}'
QUESTION = Request.of("Describe Ulm.")


async def test_the_vendor_is_given_the_schema(wire: Wire) -> None:
    wire.server.plan(Say(ULM))
    answer = await ask(wire.llm(), QUESTION, Town)
    assert (answer.value, answer.mode) == (Town(name="Ulm", people=128928), "native")
    body = wire.server.bodies[0]
    sent = {
        "anthropic": lambda: body["output_config"]["format"]["schema"],
        "openai": lambda: body["text"]["format"]["schema"],
        "openai_chat": lambda: body["response_format"]["json_schema"]["schema"],
    }[wire.name]()
    assert sent == strict_schema(Town.model_json_schema())
    assert sent["required"] == ["name", "people", "kind"]


async def test_bounds_that_no_vendor_takes_are_told_and_checked(wire: Wire) -> None:
    assert strict_schema(Town.model_json_schema())["properties"]["people"] == {
        "type": "integer",
        "description": "Inhabitants (minimum 0)",
    }
    wire.server.plan(Say(ULM.replace("128928", "-1")), Say(ULM))
    answer = await ask(wire.llm(), QUESTION, Town)
    assert (answer.value.people, len(answer.replies)) == (128928, 2)
    assert "greater than or equal to 0" in str(wire.server.bodies[1])
    assert answer.usd == pytest.approx(sum(reply.usd for reply in answer.replies))


async def test_a_schema_that_the_vendor_refuses_is_told_instead(wire: Wire) -> None:
    refusal = Fault(400, "invalid_request_error", "output_config.format response_format text.format: not supported")
    wire.server.plan(refusal, Say(f"```json\n{ULM}\n```"))
    answer = await ask(wire.llm(), QUESTION, Town)
    assert (answer.value.name, answer.mode) == ("Ulm", "prompt")


async def test_an_older_model_is_forced_to_call_a_tool(claude: Wire) -> None:
    claude.server.plan(Say(tools=(("a", "answer", ULM),), stop="tool_use"))
    answer = await ask(claude.llm(model="claude-opus-4-1"), QUESTION, Town)
    assert (answer.value.name, answer.mode) == ("Ulm", "tool")
    assert claude.server.bodies[0]["tool_choice"] == {"type": "tool", "name": "answer"}


async def test_a_wrong_tool_call_is_repaired_with_its_result(claude: Wire) -> None:
    wrong = Say(tools=(("a", "answer", '{"name": "U"}'),), stop="tool_use")
    claude.server.plan(wrong, Say(tools=(("b", "answer", ULM),), stop="tool_use"))
    assert (await ask(claude.llm(model="claude-opus-4-1"), QUESTION, Town)).value.name == "Ulm"
    result = claude.server.bodies[1]["messages"][-1]["content"][0]
    assert (result["type"], result["tool_use_id"], result["is_error"]) == ("tool_result", "a", True)


async def test_free_keys_are_told_not_sent(wire: Wire) -> None:
    model = "" if wire.name != "openai_chat" else "openai_chat:gpt-4.1"
    text, use = '{"counts": {"a": 1}}', (("a", "answer", '{"counts": {"a": 1}}'),)
    wire.server.plan(Say(text) if wire.name == "anthropic" else Say(tools=use, stop="tool_use"))
    answer = await ask(wire.llm(model=model), QUESTION, Free)
    assert answer.value.counts == {"a": 1}
    assert answer.mode == ("prompt" if wire.name == "anthropic" else "tool")


async def test_a_model_that_is_only_told_is_repaired_and_given_up() -> None:
    told = Scripted(["Ulm is nice.", '{"name": "Ulm"}', f"Sorry: {ULM}"])
    answer = await ask(told, QUESTION, Town)
    assert (answer.value.name, len(answer.replies)) == ("Ulm", 3)
    assert "people: Field required" in told.requests[2].messages[-1].text
    with pytest.raises(OutputInvalid, match="no valid Town in 2 tries") as caught:
        await ask(Scripted(["no", "no"]), QUESTION, Town, repairs=1)
    assert caught.value.reply.text == "no"


async def test_a_malformed_call_is_repaired() -> None:
    bad = Message.assistant(ToolUse(id="a", name="answer", malformed='{"na'))
    good = Message.assistant(ToolUse(id="b", name="answer", input={"name": "Ulm", "people": 1}))
    answer = await ask(Scripted([bad, good], model="claude-opus-4-1"), QUESTION, Town)
    assert answer.value.people == 1


@pytest.mark.parametrize(("stop", "error"), [("refusal", Refused), ("max_tokens", Truncated)])
async def test_no_repair_for_what_it_cannot_mend(stop, error) -> None:
    script = Scripted([Reply(message=Message.assistant("{"), stop_reason=stop, model="m"), ULM])
    with pytest.raises(error):
        await ask(script, QUESTION, Town)
    assert len(script.requests) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [('{"a": 1}', {"a": 1}), ('Sure!\n```json\n{"a": [1]}\n```', {"a": [1]}), ('x {no} {"a": 2} y', {"a": 2})],
)
def test_json_is_found_among_words(text: str, value: object) -> None:
    assert extract_json(text) == value
    with pytest.raises(ValueError, match="no JSON"):
        extract_json("nothing here")


def test_recursion_is_refused_strictly_and_kept_otherwise() -> None:
    class Tree(BaseModel):
        name: str
        children: list["Tree"]

    with pytest.raises(SchemaRefused, match="contains itself"):
        strict_schema(Tree.model_json_schema())
    assert closed_schema(Tree.model_json_schema())["$defs"]["Tree"]["additionalProperties"] is False


def test_a_described_reference_is_written_out() -> None:
    class Map(BaseModel):
        town: Town = Field(description="The largest")

    town = strict_schema(Map.model_json_schema())["properties"]["town"]
    assert (town["description"], town["required"]) == ("The largest", ["name", "people", "kind"])
