"""Every wire format gives the same events, replies and errors, through its official SDK."""

import asyncio
import json
from contextlib import aclosing

import pytest
from tests.llm.conftest import Wire
from tests.llm.loopback import Fault, Say

from mlwright.base.errors import InputError
from mlwright.llm import Done, Message, Request, Restarted, TextDelta, Thinking, ThinkingDelta, ToolDelta, complete
from mlwright.llm.errors import (
    ContextTooLong,
    KeyRefused,
    MalformedCall,
    ProviderDown,
    RateLimited,
    Refused,
    RequestRefused,
    SchemaRefused,
    StreamCut,
    Truncated,
    UnknownModel,
)
from mlwright.llm.messages import Document, Image, ToolResult, ToolSpec

WEATHER = ToolSpec(
    name="weather",
    description="The weather in a town",
    input_schema={"type": "object", "properties": {"town": {"type": "string"}}, "required": ["town"]},
)


async def _all(llm, request):
    async with aclosing(llm.stream(request)) as events:
        return [event async for event in events]


async def test_text_comes_in_pieces_and_whole_at_the_end(wire: Wire) -> None:
    wire.server.plan(Say("Good morning, Ada."))
    events = await _all(wire.llm(), Request.of("Hello"))
    assert [event.text for event in events[:-1]] == ["Good ", "morni", "ng, A", "da."]
    assert isinstance(events[-1], Done)
    reply = events[-1].reply
    assert (reply.text, reply.stop_reason, reply.request_id) == ("Good morning, Ada.", "end_turn", "req_1")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (100, 20)


async def test_the_system_prompt_and_limits_are_sent(wire: Wire) -> None:
    await complete(wire.llm(), Request.of("Hello", system="Be brief.", max_tokens=77))
    body = wire.server.bodies[0]
    assert "Be brief." in json.dumps(body)
    assert 77 in body.values()
    assert "temperature" not in body


async def test_parallel_tool_calls_come_apart(wire: Wire) -> None:
    tools = (("a", "weather", '{"town": "Ulm"}'), ("b", "weather", '{"town": "Bonn"}'))
    wire.server.plan(Say("Let me look.", tools=tools, stop="tool_use"))
    events = await _all(wire.llm(), Request.of("Weather?", tools=(WEATHER,)))
    reply = events[-1].reply
    assert reply.stop_reason == "tool_use"
    assert [(use.id, use.input["town"]) for use in reply.tool_uses] == [("a", "Ulm"), ("b", "Bonn")]
    pieces = [event.json for event in events if isinstance(event, ToolDelta) and event.id == "b"]
    assert "".join(pieces) == '{"town": "Bonn"}'
    assert pieces[0] == ""


async def test_a_conversation_with_tools_goes_back_whole(wire: Wire) -> None:
    wire.server.plan(Say(tools=(("a", "weather", '{"town": "Ulm"}'),), stop="tool_use"), Say("Rain."))
    llm = wire.llm()
    asked = Request.of("Weather in Ulm?", tools=(WEATHER,))
    first = await complete(llm, asked)
    result = ToolResult.of("a", "rain, 8 degrees")
    second = await complete(llm, asked.with_messages(first.message, Message.user(result)))
    assert second.text == "Rain."
    sent = json.dumps(wire.server.bodies[1])
    assert "rain, 8 degrees" in sent
    assert "Ulm" in sent


async def test_pictures_and_documents_are_sent(wire: Wire) -> None:
    picture = Image(media_type="image/png", data="iVBORw0KGgo=")
    text = Document(media_type="text/plain", data="The report.", title="report")
    pdf = Document(data="JVBERi0=", title="a.pdf")
    await complete(wire.llm(), Request.of(Message.user("Look:", picture, text, pdf)))
    sent = json.dumps(wire.server.bodies[0])
    assert all(part in sent for part in ("iVBORw0KGgo=", "The report.", "JVBERi0=", "Look:"))


async def test_no_arguments_are_an_empty_object(wire: Wire) -> None:
    wire.server.plan(Say(tools=(("a", "now", ""),), stop="tool_use"))
    assert (await complete(wire.llm(), Request.of("Now?", tools=(WEATHER,)))).tool_uses[0].input == {}


async def test_malformed_arguments_are_kept_and_named(wire: Wire) -> None:
    wire.server.plan(Say(tools=(("a", "weather", '{"town": "Ul'),), stop="tool_use"))
    reply = await complete(wire.llm(), Request.of("Weather?", tools=(WEATHER,)))
    assert reply.tool_uses[0].malformed == '{"town": "Ul'
    with pytest.raises(MalformedCall, match="not a JSON object") as caught:
        reply.checked()
    assert caught.value.reply is reply


@pytest.mark.parametrize(("stop", "error"), [("refusal", Refused), ("max_tokens", Truncated)])
async def test_an_answer_that_is_not_whole_says_so(wire: Wire, stop: str, error: type[Exception]) -> None:
    wire.server.plan(Say("I can't", stop=stop))
    reply = await complete(wire.llm(), Request.of("Hello"))
    assert reply.stop_reason == stop
    with pytest.raises(error):
        reply.checked()


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Fault(400, "invalid_request_error", "messages: wrong"), RequestRefused),
        (Fault(400, "invalid_request_error", "prompt is too long: 300000 tokens > 200000 maximum"), ContextTooLong),
        (Fault(400, "context_length_exceeded", "maximum context length is 8192 tokens"), ContextTooLong),
        (Fault(413, "request_too_large", "too large"), ContextTooLong),
        (Fault(400, "invalid_request_error", "Invalid schema for response_format 'answer'"), SchemaRefused),
        (Fault(402, "billing_error", "no credit"), KeyRefused),
        (Fault(403, "permission_error", "not yours"), KeyRefused),
        (Fault(404, "not_found_error", "no such model"), UnknownModel),
    ],
)
async def test_errors_that_stay_are_not_tried_again(wire: Wire, fault: Fault, error: type[Exception]) -> None:
    wire.server.plan(fault, Say("Never."))
    with pytest.raises(error) as caught:
        await complete(wire.llm(), Request.of("Hello"))
    assert type(caught.value) is error
    assert len(wire.server.bodies) == 1


async def test_a_wrong_key_and_an_unknown_model_are_named(wire: Wire) -> None:
    with pytest.raises(KeyRefused, match="invalid x-api-key"):
        await complete(wire.llm(key="sk-wrong"), Request.of("Hello"))
    name = {"anthropic": "claude-zz", "openai": "openai:gpt-zz", "openai_chat": "openai_chat:gpt-zz"}[wire.name]
    with pytest.raises(UnknownModel, match="zz"):
        await complete(wire.llm(model=name), Request.of("Hello"))


@pytest.mark.parametrize("status", [408, 429, 500, 503, 529])
async def test_errors_that_pass_are_tried_again(wire: Wire, status: int) -> None:
    wire.server.plan(Fault(status), Fault(status), Say("At last."))
    assert (await complete(wire.llm(), Request.of("Hello"))).text == "At last."


async def test_retries_end(wire: Wire) -> None:
    wire.server.plan(*[Fault(529, "overloaded_error")] * 5)
    with pytest.raises(ProviderDown):
        await complete(wire.llm(), Request.of("Hello"))
    assert len(wire.server.bodies) == 3


async def test_retry_after_is_kept_to(wire: Wire) -> None:
    wire.server.plan(Fault(429, "rate_limit_error", headers={"retry-after": "0.15"}), Say("Now."))
    began = asyncio.get_running_loop().time()
    await complete(wire.llm(), Request.of("Hello"))
    assert asyncio.get_running_loop().time() - began >= 0.15


async def test_a_provider_that_asks_for_too_long_a_wait_is_given_up(wire: Wire) -> None:
    wire.server.plan(Fault(429, "rate_limit_error", headers={"retry-after": "3600"}))
    with pytest.raises(RateLimited) as caught:
        await complete(wire.llm(), Request.of("Hello"))
    assert caught.value.retry_after_seconds == 3600


async def test_a_cut_stream_begins_anew(wire: Wire) -> None:
    wire.server.plan(Say("Good morning, Ada.", cut_after=7), Say("Good evening."))
    events = await _all(wire.llm(), Request.of("Hello"))
    again = next(place for place, event in enumerate(events) if isinstance(event, Restarted))
    assert any(isinstance(event, TextDelta) for event in events[:again])
    assert "".join(event.text for event in events[again + 1 : -1]) == "Good evening."
    assert events[-1].reply.text == "Good evening."


async def test_a_stream_that_is_always_cut_is_an_error(wire: Wire) -> None:
    wire.server.plan(*[Say("Good morning, Ada.", cut_after=7)] * 3)
    with pytest.raises(StreamCut):
        await complete(wire.llm(), Request.of("Hello"))


async def test_an_error_in_the_middle_of_a_stream_is_tried_again(wire: Wire) -> None:
    wire.server.plan(Say("Good morning, Ada.", error_after=7), Say("Good evening."))
    assert (await complete(wire.llm(), Request.of("Hello"))).text == "Good evening."


async def test_a_provider_that_is_not_there_is_down(wire: Wire) -> None:
    llm = wire.llm()
    wire.server.close()
    with pytest.raises(ProviderDown, match="not reachable"):
        await complete(llm, Request.of("Hello"))


async def test_silence_is_not_waited_for(wire: Wire) -> None:
    wire.server.plan(*[Say("Slow.", pause_seconds=0.6)] * 3)
    with pytest.raises((ProviderDown, StreamCut)):
        await complete(wire.llm(idle_seconds=0.1), Request.of("Hello"))


async def test_leaving_a_stream_ends_the_call(wire: Wire) -> None:
    wire.server.plan(Say("word " * 200, pause_seconds=0.01))
    async with aclosing(wire.llm().stream(Request.of("Hello"))) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                break
    assert await asyncio.to_thread(wire.server.broken.wait, 5)


async def test_a_cancelled_task_ends_the_call(wire: Wire) -> None:
    wire.server.plan(Say("word " * 200, pause_seconds=0.01))
    task = asyncio.create_task(complete(wire.llm(), Request.of("Hello")))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(wire.server.broken.wait, 5)


async def test_a_call_without_its_result_is_refused_here(wire: Wire) -> None:
    wire.server.plan(Say(tools=(("a", "weather", "{}"),), stop="tool_use"))
    llm = wire.llm()
    asked = Request.of("Weather?", tools=(WEATHER,))
    first = await complete(llm, asked)
    with pytest.raises(InputError, match="'a' is not followed"):
        await complete(llm, asked.with_messages(first.message, Message.user("And?")))
    assert len(wire.server.bodies) == 1


async def test_many_requests_come_back_in_order(wire: Wire) -> None:
    fault = Fault(400, "invalid_request_error", "no")
    wire.server.plan(fault)
    answers = await wire.llm().batch([Request.of("a"), Request.of("b"), Request.of("c")])
    assert sum(isinstance(answer, Exception) for answer in answers) == 1
    assert len(answers) == 3


async def test_thoughts_go_back_untouched_and_only_to_their_model(claude: Wire, response: Wire) -> None:
    for wire in (claude, response):
        server = wire.server
        server.bodies.clear()
        server.plan(Say("Yes.", thinking="Hm, let me see."), Say("Still yes."), Say("No."))
        llm = wire.llm()
        events = await _all(llm, Request.of("Is it?"))
        assert "".join(event.text for event in events if isinstance(event, ThinkingDelta)) == "Hm, let me see."
        first = events[-1].reply
        assert [block.type for block in first.message.content] == ["thinking", "text"]
        thought = first.message.content[0]
        assert isinstance(thought, Thinking)
        following = Request.of("Is it?").with_messages(first.message, Message.user("Sure?"))
        await complete(llm, following)
        assert "sealed" in json.dumps(server.bodies[1])
        other = wire.llm(model="claude-haiku-4-5" if wire is claude else "openai:gpt-4.1")
        await complete(other, following)
        assert "sealed" not in json.dumps(server.bodies[2])


async def test_stop_texts_end_the_answer(response: Wire) -> None:
    response.server.plan(Say("Thought one. Observation: made up"))
    reply = await complete(response.llm(), Request.of("Go", stop=("Observation:",)))
    assert (reply.text, reply.stop_reason) == ("Thought one. ", "stop_sequence")
