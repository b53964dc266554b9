"""Names lead to models; what is missing or forbidden is said before anything is called."""

import pickle
import subprocess
import sys

import pytest
from tests.llm.conftest import QUICK, Wire
from tests.llm.loopback import KEY, Fault, Say

from mlwright.base.errors import ContractError, InputError, LLMError, MlwrightError
from mlwright.llm import Fallback, Options, Request, SyncLLM, TextDelta, complete, connect, key_variable
from mlwright.llm import errors as kinds
from mlwright.llm.capabilities import capabilities_of
from mlwright.llm.errors import ContextTooLong, KeyMissing, ProviderDown, RateLimited, Refused, UnknownModel
from mlwright.llm.messages import Message, ToolSpec
from mlwright.llm.names import parse_model
from mlwright.llm.providers.scripted import Scripted
from mlwright.llm.reply import Reply, Restarted


@pytest.mark.parametrize(
    ("name", "provider", "model", "url"),
    [
        ("claude-sonnet-5-5", "anthropic", "claude-sonnet-5-5", ""),
        ("anthropic:claude-opus-5-5", "anthropic", "claude-opus-5-5", ""),
        ("gpt-6.1-terra", "openai", "gpt-6.1-terra", ""),
        ("openai:o3", "openai", "o3", ""),
        ("openai_chat:gpt-4.1", "openai_chat", "gpt-4.1", ""),
        ("local:/models/small", "local", "/models/small", ""),
        ("http://localhost:8000/v1#qwen/q3:8b", "openai_chat", "qwen/q3:8b", "http://localhost:8000/v1"),
    ],
)
def test_a_name_leads_to_a_model(name: str, provider: str, model: str, url: str) -> None:
    found = parse_model(name)
    assert (found.provider, found.model, found.base_url) == (provider, model, url)


@pytest.mark.parametrize("name", ["llama", "antropic:claude", "http://localhost:8000/v1", "openai:"])
def test_a_name_that_leads_nowhere_is_refused(name: str) -> None:
    with pytest.raises(UnknownModel):
        connect(name, "key")


@pytest.mark.parametrize("name", ["claude-sonnet-5-5", "gpt-4.1"])
def test_a_missing_key_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(key_variable(name), "from the environment, which is not read here")
    with pytest.raises(KeyMissing, match="none was given") as caught:
        connect(name)
    assert key_variable(name) in caught.value.hint


def test_a_missing_folder_is_named(tmp_path) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("llguidance")
    with pytest.raises(UnknownModel, match="holds no model"):
        connect(f"local:{tmp_path}")


@pytest.mark.parametrize(
    ("name", "host"),
    [("claude-sonnet-5-5", "api.anthropic.com"), ("gpt-4.1", "api.openai.com"), ("http://gpu:80/v1#m", "gpu")],
)
def test_a_forbidden_host_is_never_opened(name: str, host: str) -> None:
    asked = []

    def allow(found: str) -> None:
        asked.append(found)
        raise ContractError(f"no network to {found}", hint="Allow it.")

    with pytest.raises(ContractError):
        connect(name, "key", options=Options(allow_host=allow))
    assert asked == [host]


def test_importing_the_room_loads_no_sdk() -> None:
    names = ("anthropic", "openai", "httpx", "httpx2", "transformers", "torch", "llguidance", "jinja2", "genai_prices")
    code = (
        "import sys, mlwright.llm, mlwright.llm.prompts, mlwright.llm.providers.anthropic, "
        "mlwright.llm.providers.openai_chat, mlwright.llm.providers.transformers; "
        f"print([name for name in {names!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_a_compatible_server_needs_no_key_and_costs_nothing(response: Wire) -> None:
    server = response.server
    server.plan(Say("Here."))
    llm = response.llm(key="", model=f"{server.url}/v1#local-model")
    reply = await complete(llm, Request.of("Hello", temperature=0.0))
    assert (reply.text, reply.usd) == ("Here.", 0.0)
    assert server.bodies[0]["temperature"] == 0.0
    assert server.bodies[0]["max_tokens"] == 8192


async def test_another_vendor_answers_when_one_is_down(claude: Wire, response: Wire) -> None:
    server = response.server
    server.plan(*[Fault(529, "overloaded_error")] * 3, Say("From the other."))
    options = Options(base_url=server.url, fallbacks=(f"{server.url}/v1#local-model",), retry=QUICK)
    llm = connect("claude-sonnet-5-5", {"anthropic": KEY}, options=options)
    claude.opened.append(llm)
    assert (await complete(llm, Request.of("Hello"))).text == "From the other."
    assert server.paths[-1] == "/v1/chat/completions"


async def test_a_chain_passes_on_what_may_be_mended_elsewhere() -> None:
    down, busy = ProviderDown("down", hint="-"), RateLimited("busy", hint="-")
    chain = Fallback([Scripted([down]), Scripted([busy]), Scripted(["Third."])])
    assert (await complete(chain, Request.of("Hello"))).text == "Third."
    wrong = Fallback([Scripted([UnknownModel("who?", hint="-")]), Scripted(["Never."])])
    with pytest.raises(UnknownModel):
        await complete(wrong, Request.of("Hello"))


async def test_a_larger_window_takes_what_is_too_long() -> None:
    small, large = "claude-haiku-4-5", "claude-sonnet-5-5"
    too_long = ContextTooLong("too long", hint="-")
    chain = Fallback([Scripted([too_long], model=small), Scripted(["Read."], model=large)])
    assert (await complete(chain, Request.of("Hello"))).text == "Read."
    with pytest.raises(ContextTooLong):
        await complete(Fallback([Scripted([too_long], model=large), Scripted(["-"], model=small)]), Request.of("Hello"))


async def test_a_declined_answer_is_passed_on_where_that_is_wanted() -> None:
    no = Reply(message=Message.assistant("I won't."), stop_reason="refusal", model="m")
    assert (
        await complete(Fallback([Scripted([no]), Scripted(["I will."])]), Request.of("Go"))
    ).stop_reason == "refusal"
    chain = Fallback([Scripted([no]), Scripted(["I will."])], on_refusal=True)
    events = [event async for event in chain.stream(Request.of("Go"))]
    assert any(isinstance(event, Restarted) for event in events)
    assert events[-1].reply.text == "I will."


async def test_a_paused_turn_goes_on(claude: Wire) -> None:
    claude.server.plan(Say("First half, ", stop="pause_turn"), Say("second half."))
    reply = await complete(claude.llm(), Request.of("Go", system="pauses"))
    assert (reply.text, reply.stop_reason) == ("First half, second half.", "end_turn")
    assert reply.usage.output_tokens == 40


async def test_a_full_window_is_said(claude: Wire) -> None:
    claude.server.plan(Say("So far", stop="model_context_window_exceeded"))
    reply = await complete(claude.llm(), Request.of("Go"))
    with pytest.raises(kinds.Truncated, match="window"):
        reply.checked()


async def test_what_a_model_does_not_take_is_left_out(claude: Wire) -> None:
    tool = ToolSpec(name="look")
    asked = Request.of("Go", tools=(tool,), tool_choice="look", temperature=0.5, effort="low", thinking=False)
    await complete(claude.llm(), asked)
    await complete(claude.llm(model="claude-haiku-4-5"), asked)
    newest, older = claude.server.bodies
    assert newest["tool_choice"] == {"type": "auto"}
    assert newest["output_config"] == {"effort": "low"}
    assert newest["thinking"] == {"type": "disabled"}
    assert older["tool_choice"] == {"type": "tool", "name": "look"}
    assert not {"temperature", "output_config", "thinking"} & set(older)


async def test_what_will_be_read_again_is_cached_by_default(claude: Wire) -> None:
    mark = {"type": "ephemeral"}
    long = "Rules. " * 1_000
    await complete(claude.llm(), Request.of("Short"))
    await complete(claude.llm(), Request.of("Go", system=long))
    await complete(claude.llm(), Request.of("Go", system=long, tools=(ToolSpec(name="look"),)))
    await complete(claude.llm(), Request.of("Go", system=long, cache=False))
    short, system, talk, off = claude.server.bodies
    assert "cache_control" not in str(short)
    assert (system["system"][0]["cache_control"], "cache_control" in system) == (mark, False)
    assert (talk["system"][0]["cache_control"], talk["cache_control"]) == (mark, mark)
    assert "cache_control" not in str(off)


async def test_tokens_are_counted_by_the_provider(claude: Wire) -> None:
    claude.server.counted = 1234
    assert await claude.llm().count_tokens(Request.of("Hello", system="Be brief.")) == 1234


def test_waiting_code_gets_the_same(claude: Wire) -> None:
    claude.server.plan(Say("Once."), Say("In pieces, twice."), Fault(400, "invalid_request_error", "no"))
    with SyncLLM(claude.llm()) as llm:
        assert llm.complete(Request.of("Hello")).text == "Once."
        pieces = [event.text for event in llm.stream(Request.of("Hello")) if isinstance(event, TextDelta)]
        assert "".join(pieces) == "In pieces, twice."
        with pytest.raises(kinds.RequestRefused):
            llm.complete(Request.of("Hello"))
        assert llm.count_tokens(Request.of("Hello")) == 50


def test_errors_cross_the_border_of_a_process() -> None:
    error = RateLimited("busy", hint="wait")
    error.retry_after_seconds = 3.0
    again = pickle.loads(pickle.dumps(error))
    assert (again.message, again.hint, again.retry_after_seconds) == ("busy", "wait", 3.0)


def test_every_error_is_in_the_tree_and_drawn_there() -> None:
    found = [kind for kind in vars(kinds).values() if isinstance(kind, type) and kind.__module__ == kinds.__name__]
    assert all(issubclass(kind, MlwrightError) for kind in found)
    assert all(kind.__name__ in str(kinds.__doc__) for kind in found)
    assert issubclass(Refused, LLMError)
    assert issubclass(KeyMissing, InputError)


def test_newer_models_of_a_family_get_its_newest_rules() -> None:
    assert not capabilities_of("claude-opus-7").forced_tools
    assert capabilities_of("claude-opus-4-1").structured == "tool"
    assert capabilities_of("gpt-6.1-terra").context_tokens == 1_050_000
    assert not capabilities_of("gpt-6.1-terra").temperature


async def test_a_message_goes_through_json_unchanged() -> None:
    reply = await complete(Scripted([Message.assistant("Hm", *_uses())]), Request.of("Go"))
    assert Message.model_validate_json(reply.message.model_dump_json()) == reply.message


def _uses():
    from mlwright.llm import Thinking, ToolUse

    return (Thinking(text="x", model="m", wire={"a": 1}), ToolUse(id="1", name="look", input={"k": [1, None]}))
