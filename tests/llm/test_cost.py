"""Money, tokens, steps and seconds: exact to the cent, reserved before, never over."""

import asyncio
import math
from contextlib import aclosing
from decimal import Decimal

import pytest
from tests.llm.conftest import Wire
from tests.llm.loopback import Fault, Say

from mlwright.base.errors import BudgetError
from mlwright.contract.ledger import Ledger, Limits
from mlwright.llm import Budget, Entry, Message, Metered, Price, PriceTable, Rates, Request, Usage, complete
from mlwright.llm.bounds import most_tokens
from mlwright.llm.capabilities import model_table
from mlwright.llm.errors import PriceUnknown, StreamCut
from mlwright.llm.messages import Document
from mlwright.llm.providers.scripted import Scripted

# Model, usage, and the cost in dollars reckoned by hand from the vendors' price pages.
BY_HAND = [
    # 1,000 x $2 + 500 x $10 per million
    ("claude-sonnet-5-5", Usage(input_tokens=1_000, output_tokens=500), "0.007"),
    # 1,000 x 2 + 10,000 read x 0.10 + 4,000 written x 2.50 + 2,000 written for an hour x 4 + 100 x 10
    (
        "claude-sonnet-5-5",
        Usage(
            input_tokens=1_000,
            cache_read_tokens=10_000,
            cache_write_tokens=4_000,
            cache_write_1h_tokens=2_000,
            output_tokens=100,
        ),
        "0.022",
    ),
    ("claude-opus-4-5-20251101", Usage(input_tokens=100_000, output_tokens=10_000), "0.75"),
    # At the threshold of 100,000 the lower rates hold; one token above it the higher ones do, for every token.
    ("claude-haiku-5-5", Usage(input_tokens=100_000, output_tokens=1_000), "0.0105"),
    ("claude-haiku-5-5", Usage(input_tokens=100_001, output_tokens=1_000), "0.0525005"),
    ("claude-haiku-5-5", Usage(input_tokens=1, cache_read_tokens=100_000, output_tokens=0), "0.0050005"),
    ("gpt-6.1-terra", Usage(input_tokens=2_000, cache_read_tokens=8_000, output_tokens=300), "0.0039"),
    ("gpt-6.1-terra", Usage(input_tokens=300_000, output_tokens=1_000), "0.6075"),
]


@pytest.mark.parametrize(("model", "usage", "usd"), BY_HAND)
def test_costs_are_those_reckoned_by_hand(model: str, usage: Usage, usd: str) -> None:
    price = PriceTable().find(model)
    assert price is not None
    assert price.cost_usd(usage) == Decimal(usd)
    assert price.cost_usd(usage, batch=True) == Decimal(usd) / 2


def test_costs_are_those_of_the_reference_library() -> None:
    genai = pytest.importorskip("genai_prices")
    for model, line in model_table().items():
        usage = Usage(input_tokens=120_000, cache_read_tokens=7_000, output_tokens=900)
        price = PriceTable().find(model)
        assert price is not None
        theirs = genai.calc_price(
            genai.Usage(input_tokens=127_000, cache_read_tokens=7_000, output_tokens=900),
            model_ref=model,
            provider_id=line["provider"],
        )
        assert price.cost_usd(usage) == theirs.total_price, model


def test_every_price_has_a_source_and_a_date() -> None:
    assert all(line["source"] and line["date"] >= "2026-11-01" for line in model_table().values())


def test_the_most_is_never_less_than_the_cost() -> None:
    for model in model_table():
        price = PriceTable().find(model)
        assert price is not None
        for usage in (Usage(input_tokens=99_999, output_tokens=7), Usage(cache_write_tokens=280_000, output_tokens=9)):
            assert price.most_usd(usage.total_input_tokens, usage.output_tokens) >= price.cost_usd(usage)


async def test_the_account_holds_what_the_vendor_counts(wire: Wire) -> None:
    usage = {"input": 1_000, "read": 10_000, "written": 4_000, "output": 100}
    wire.server.plan(Say("Yes.", usage=usage))
    ledger, lines = Ledger(Limits(usd=1.0)), list[Entry]()
    reply = await complete(wire.llm(meter=ledger, note=lines.append), Request.of("Hello", prompt="greet@1"))
    # Sonnet: 1,000 x 2 + 10,000 x 0.1 + 4,000 x 2.5 + 100 x 10. Terra: 1, 0.05, 1.25, 5. GPT-4.1: 2, 0.5, 2, 8.
    expected = {"anthropic": 0.014, "openai": 0.007, "openai_chat": 0.0158}[wire.name]
    assert reply.usd == pytest.approx(expected, abs=1e-9)
    assert ledger.spent_usd == pytest.approx(expected, abs=1e-9)
    assert ledger.remaining_usd() == pytest.approx(1 - expected, abs=1e-9)
    assert (lines[0].usd, lines[0].prompt, lines[0].request_id) == (reply.usd, "greet@1", "req_1")


async def test_no_call_is_made_that_might_cost_too_much(wire: Wire) -> None:
    ledger = Ledger(Limits(usd=0.01))
    wire.server.counted = 400
    with pytest.raises(BudgetError, match=r"of \$0\.01 are left"):
        await complete(wire.llm(meter=ledger), Request.of("Hello", max_tokens=20_000))
    assert "/v1/messages" not in wire.server.paths
    assert ledger.remaining_usd() == 0.01


async def test_nothing_may_be_paid_with_nothing(wire: Wire) -> None:
    with pytest.raises(BudgetError):
        await complete(wire.llm(meter=Ledger(Limits(usd=0))), Request.of("Hello", max_tokens=1))


async def test_a_server_on_this_machine_answers_with_nothing_to_spend(response: Wire) -> None:
    local = response.llm(model=f"{response.server.url}/v1#local-model", meter=Ledger(Limits(usd=0)))
    assert (await complete(local, Request.of("Hello"))).usd == 0


async def test_a_tight_budget_is_counted_exactly(claude: Wire) -> None:
    # The bound of 21,000 bytes would cost more than 3 cents; the provider counts 50 tokens.
    claude.server.plan(Say("Fine."))
    ledger = Ledger(Limits(usd=0.02))
    await complete(claude.llm(meter=ledger), Request.of("word " * 4_000, max_tokens=100))
    assert claude.server.paths == ["/v1/messages/count_tokens", "/v1/messages"]


async def test_an_unknown_price_is_refused_where_money_is_limited() -> None:
    llm = Metered(Scripted(["Hi", "Hi"], model="claude-unheard-of", free=False), Ledger(Limits(usd=5.0)))
    with pytest.raises(PriceUnknown, match="claude-unheard-of"):
        await complete(llm, Request.of("Hello"))
    own = {"claude-unheard-of": Price(Rates.read({"input": 1, "output": 1}))}
    priced = Metered(llm.llm, llm.meter, PriceTable(own))
    assert (await complete(priced, Request.of("Hello"))).usd is not None
    unlimited = Metered(llm.llm, Budget(tokens=100_000))
    assert (await complete(unlimited, Request.of("Hello"))).usd is None


async def test_parallel_calls_never_go_over() -> None:
    # Each may cost 1,105 x 2.50 + 1,000 x 10 per million = 1.28 cents; 4 cents pay for three at once.
    async def answer(place: int) -> bool:
        try:
            await complete(llm, Request.of("x" * 80, max_tokens=1_000))
        except BudgetError:
            return False
        return True

    class Slow(Scripted):
        async def stream(self, request):
            await asyncio.sleep(0.05)
            async for event in super().stream(request):
                yield event

    ledger = Ledger(Limits(usd=0.04))
    llm = Metered(Slow(lambda _: "word " * 200, model="claude-sonnet-5-5", free=False), ledger)
    done = await asyncio.gather(*(answer(place) for place in range(20)))
    assert sum(done) == 3
    assert 0 < ledger.spent_usd <= 0.04
    assert ledger.remaining_usd() == pytest.approx(0.04 - ledger.spent_usd)


@pytest.mark.parametrize("budget", [Budget(tokens=2_200), Budget(steps=2), Ledger(Limits(steps=2))])
async def test_tokens_and_steps_end_a_conversation(budget: Budget | Ledger) -> None:
    llm = Metered(Scripted(lambda _: "word " * 30), budget)
    request = Request.of("Hello", max_tokens=1_000)
    await complete(llm, request)
    if budget.remaining_tokens() is None:
        await complete(llm, request)
    with pytest.raises(BudgetError, match=r"tokens|steps"):
        await complete(llm, request)


async def test_time_ends_a_call_in_the_middle(claude: Wire) -> None:
    claude.server.plan(Say("word " * 200, pause_seconds=0.02))
    now = [0.0]
    budget = Budget(seconds=0.5, clock=lambda: now[0])
    with pytest.raises(BudgetError, match="time is spent"):
        await complete(claude.llm(meter=budget), Request.of("Hello"))
    now[0] = 0.6
    with pytest.raises(BudgetError, match="no time left"):
        await complete(claude.llm(meter=budget), Request.of("Hello"))


async def test_a_failed_call_costs_nothing_and_a_broken_one_all_that_was_reserved(wire: Wire) -> None:
    ledger = Ledger(Limits(usd=10.0))
    wire.server.plan(Fault(529), Fault(500), Say("Yes."))
    reply = await complete(wire.llm(meter=ledger), Request.of("Hello"))
    assert ledger.spent_usd == pytest.approx(reply.usd)
    before = ledger.remaining_usd()
    wire.server.plan(*[Say("Good morning, Ada.", cut_after=7)] * 3)
    with pytest.raises(StreamCut):
        await complete(wire.llm(meter=ledger), Request.of("Hello", max_tokens=2_000))
    price = PriceTable().find(wire.llm().model)
    assert price is not None
    each = float(price.most_usd(most_tokens(Request.of("Hello")), 2_000))
    assert before - ledger.remaining_usd() == pytest.approx(3 * each)


async def test_a_call_left_in_the_middle_is_booked_whole() -> None:
    budget = Budget(usd=1.0)
    llm = Metered(Scripted(["a long answer to nobody"], model="claude-sonnet-5-5", free=False), budget)
    async with aclosing(llm.stream(Request.of("Hello", max_tokens=1_000))) as events:
        await anext(events)
        reserved = 1.0 - budget.remaining_usd()
    assert budget.spent.usd == pytest.approx(reserved)


async def test_shares_never_add_up_to_more_than_the_whole() -> None:
    whole = Ledger(Limits(usd=1.0))
    first, second = Budget(usd=0.8, parent=whole), Budget(usd=0.8, parent=whole)
    held = first.reserve("a call", usd=0.7)
    with pytest.raises(BudgetError):
        second.reserve("a call", usd=0.5)
    first.settle(held, usd=0.1)
    second.settle(second.reserve("a call", usd=0.5), usd=0.5)
    assert whole.spent_usd == pytest.approx(0.6)
    assert second.remaining_usd() == pytest.approx(0.3)
    assert Budget().remaining_usd() == math.inf


async def test_a_batch_costs_half(claude: Wire) -> None:
    claude.server.plan(Say("One."), Fault(400, "invalid_request_error", "no"), Say("Three."))
    ledger = Ledger(Limits(usd=1.0))
    answers = await claude.llm(meter=ledger).batch([Request.of(word) for word in ("a", "b", "c")])
    assert [getattr(answer, "text", None) for answer in answers] == ["One.", None, "Three."]
    # 100 x 1 + 20 x 5 per million, twice
    assert ledger.spent_usd == pytest.approx(0.0004)


def test_the_bound_holds_for_every_kind_of_content() -> None:
    words = "Ærøskøbing 東京 🙂 " * 50
    assert most_tokens(Request.of(words)) >= len(words.encode())
    pdf = Document(data="A" * 4_000)
    assert most_tokens(Request.of(Message.user(pdf))) > 20_000


async def test_a_pdf_is_always_counted(claude: Wire) -> None:
    await complete(claude.llm(meter=Budget(usd=100.0)), Request.of(Message.user(Document(data="JVBERi0="))))
    assert claude.server.paths[0] == "/v1/messages/count_tokens"
