"""A model in a local folder: two layers with random weights, made here."""

import json
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, Field

from mlwright.contract.ledger import Ledger, Limits
from mlwright.llm import LLM, Message, Request, TextDelta, ToolDelta, ToolSpec, ask, complete, connect
from mlwright.llm.errors import ContextTooLong
from mlwright.llm.messages import ToolResult

pytest.importorskip("transformers", reason="transformers is not installed: pip install 'mlwright[local]'")
pytest.importorskip("llguidance", reason="llguidance is not installed: pip install 'mlwright[local]'")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


class Town(BaseModel):
    name: str
    people: int = Field(ge=0)
    share: float
    kind: Literal["city", "village"]
    districts: list[str]
    mayor: str | None
    twins: dict[str, int]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    path = tmp_path_factory.mktemp("model")
    signs = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<|end|>": 0, **{sign: place + 1 for place, sign in enumerate(signs)}}
    plain = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=plain, eos_token="<|end|>")
    tokenizer.save_pretrained(path)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=4096, eos_token_id=0, bos_token_id=None, pad_token_id=0,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def llm(folder: Path) -> LLM:
    return connect(f"local:{folder}", meter=Ledger(Limits(usd=0)))


@pytest.mark.parametrize("temperature", [None, 1.0])
async def test_random_weights_give_a_valid_object(llm: LLM, temperature: float | None) -> None:
    answer = await ask(llm, Request.of("A town?", max_tokens=900, temperature=temperature, seed=3), Town, repairs=0)
    assert isinstance(answer.value, Town)
    assert (answer.mode, answer.usd) == ("constrained", 0.0)


async def test_the_same_seed_says_the_same(llm: LLM) -> None:
    def asked(seed: int) -> Request:
        return Request.of("Hello", max_tokens=24, temperature=1.0, seed=seed)

    first, again, other = [await complete(llm, asked(seed)) for seed in (1, 1, 2)]
    assert first.text == again.text != other.text


async def test_pieces_are_the_whole_and_limits_hold(llm: LLM) -> None:
    events = [event async for event in llm.stream(Request.of("Hello", max_tokens=16, temperature=1.0))]
    reply = events[-1].reply
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == reply.text
    assert (reply.stop_reason, reply.usage.output_tokens) == ("max_tokens", 16)
    assert reply.usage.input_tokens == await llm.count_tokens(Request.of("Hello"))


async def test_a_forced_tool_call_fits_its_schema(llm: LLM) -> None:
    tool = ToolSpec(
        name="weather",
        input_schema={
            "type": "object",
            "properties": {"town": {"enum": ["Ulm", "Bonn"]}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
            "required": ["town", "days"],
        },
    )
    asked = Request.of("Weather?", tools=(tool,), tool_choice="any", max_tokens=300)
    events = [event async for event in llm.stream(asked)]
    reply = events[-1].reply
    assert (reply.stop_reason, reply.tool_uses[0].name) == ("tool_use", "weather")
    assert reply.tool_uses[0].input["town"] in {"Ulm", "Bonn"}
    assert not any(isinstance(event, TextDelta) for event in events)
    pieces = "".join(event.json for event in events if isinstance(event, ToolDelta))
    assert json.loads(pieces) == reply.tool_uses[0].input
    result = Message.user(ToolResult.of(reply.tool_uses[0].id, "rain"))
    assert (await complete(llm, Request.of([*asked.messages, reply.message, result], max_tokens=4))).usage.output_tokens


async def test_what_does_not_fit_the_window_is_refused(llm: LLM) -> None:
    with pytest.raises(ContextTooLong, match="window 4096"):
        await complete(llm, Request.of("x" * 5_000))
