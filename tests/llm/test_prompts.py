"""Templates with types and versions, examples by similarity, patterns, and an optimisation that proves its gain."""

import pytest

from mlwright.base.errors import InputError
from mlwright.llm import Request, ToolSpec, complete
from mlwright.llm.prompts import (
    Example,
    Search,
    Shot,
    Template,
    chain_of_thought,
    final_answer,
    nearest,
    optimise,
    react,
    read_react,
    token_overlap,
    with_role,
)
from mlwright.llm.providers.scripted import Scripted

SORT = Template("Which team answers this?\n{ticket}", {"ticket": str}, name="sort", system="You sort tickets.")


def test_gaps_take_values_of_their_type() -> None:
    template = Template("{name} is {age}; {{kept}} {tags}", {"name": str, "age": int, "tags": list[str]})
    request = template.request(name="Ada {age}", age=36, tags=["a"])
    assert request.messages[0].text == 'Ada {age} is 36; {kept} ["a"]'
    with pytest.raises(InputError, match="input 'age'"):
        template.request(name="Ada", age="old", tags=[])
    with pytest.raises(InputError, match="needs 'tags'"):
        template.request(name="Ada", age=1)
    with pytest.raises(InputError, match="no input 'nane'"):
        template.request(name="Ada", age=1, tags=[], nane="x")


@pytest.mark.parametrize("text", ["{name.__class__}", "{name[0]}", "{name!r}", "{name:>9}", "{}", "{name"])
def test_a_gap_reaches_no_further_than_its_value(text: str) -> None:
    with pytest.raises(InputError):
        Template(text, {"name": str})


def test_the_version_changes_with_any_part_and_with_nothing_else() -> None:
    same = Template(SORT.text, {"ticket": str}, name="sort", system=SORT.system)
    changed = [
        SORT.with_instruction("Answer with one word."),
        SORT.with_shots((Shot({"ticket": "x"}, "sales"),)),
        Template(SORT.text, {"ticket": int}, system=SORT.system),
    ]
    assert same.version == SORT.version
    assert len({SORT.version, *(template.version for template in changed)}) == 4
    assert SORT.request(ticket="x").prompt == f"sort@{SORT.version}"


def test_the_nearest_shots_are_shown_the_nearest_last() -> None:
    pool = [
        Shot({"ticket": text}, answer)
        for text, answer in (("my invoice is wrong", "sales"), ("no light", "ops"), ("an invoice", "sales"))
    ]
    request = SORT.with_shots(tuple(pool), shown=2).request(ticket="the invoice is wrong again")
    assert [message.role for message in request.messages] == ["user", "assistant", "user", "assistant", "user"]
    assert "my invoice is wrong" in request.messages[2].text
    assert nearest(pool, {"ticket": "light"}, 1, lambda one, other: -len(one))[0].answer == "ops"
    assert token_overlap("", "") == 0


def test_patterns_word_and_read() -> None:
    thinking = chain_of_thought(with_role(SORT, "a {calm} clerk"))
    assert thinking.request(ticket="x").system.startswith("You are a {calm} clerk.\n\nYou sort tickets.")
    assert final_answer("Answer: no, wait.\nSo\n**Answer:** sales") == "sales"
    assert final_answer("sales") == "sales"
    acting = react(SORT, [ToolSpec(name="look", description="Looks.")])
    assert "look: Looks." in acting.request(ticket="x").system
    step = read_react('Thought: need it\nAction: look\nAction Input: {"q": 1}\nObservation: made up\nFinal Answer: 7')
    assert step is not None
    assert (step.thought, step.action, step.action_input, step.answer) == ("need it", "look", '{"q": 1}', None)
    done = read_react("Thought: known\nFinal Answer: 42")
    assert done is not None
    assert done.answer == "42"
    assert read_react("I don't know") is None


def _obedient(request: Request) -> str:
    """A model that answers rightly when it is told to be exact or shown the very kind, and else every third time."""
    ticket = request.messages[-1].text.rsplit(" ", 1)[-1]
    right = "sales" if int(ticket) % 2 else "ops"
    shown = any("case" in message.text for message in request.messages[:-1])
    if "exact" in request.system or shown or int(ticket) % 3 == 0:
        return right
    return "who knows"


EXAMPLES = [Example({"ticket": f"case {at}"}, "sales" if at % 2 else "ops") for at in range(60)]


def _same(said: str, right: str) -> float:
    return float(said == right)


async def test_a_better_wording_is_found_and_its_gain_is_proven_elsewhere() -> None:
    llm = Scripted(_obedient, model="scripted")
    search = Search(instructions=("Be polite.", "Be exact."), shots=(0,))
    found = await optimise(SORT, EXAMPLES, _same, llm, search)
    assert "Be exact." in found.template.system
    assert (found.after, found.rows) == (1.0, 24)
    assert found.before < 0.6
    assert 0 < found.low <= found.gain <= found.high
    assert found.gain == pytest.approx(found.after - found.before)
    assert found == await optimise(SORT, EXAMPLES, _same, Scripted(_obedient), search)


async def test_shots_are_found_and_never_come_from_the_rows_that_score() -> None:
    llm = Scripted(_obedient)
    found = await optimise(SORT, EXAMPLES, _same, llm, Search(shots=(0, 2)))
    assert found.template.shown == 2
    shown = {shot.inputs["ticket"] for shot in found.template.shots}
    asked = {request.messages[-1].text.split("\n")[-1] for request in llm.requests}
    assert shown
    assert not shown & asked


async def test_chance_changes_nothing() -> None:
    found = await optimise(SORT, EXAMPLES, _same, Scripted(lambda _: "ops"), Search(instructions=("Be polite.",)))
    assert found.template is SORT
    assert (found.gain, found.low, found.high) == (0, 0, 0)
    with pytest.raises(InputError, match="too few"):
        await optimise(SORT, EXAMPLES[:5], _same, Scripted([]))


async def test_the_model_may_propose() -> None:
    def answer(request: Request) -> str:
        return (
            '{"instructions": ["Be exact.", "Be kind."]}'
            if "Propose" in request.messages[0].text
            else _obedient(request)
        )

    found = await optimise(SORT, EXAMPLES, _same, Scripted(answer), Search(proposals=1, shots=(0,)))
    assert [candidate.instruction for candidate in found.tried] == ["", "Be exact."]
    assert "Be exact." in found.template.system


async def test_a_template_is_asked_like_any_request() -> None:
    assert (await complete(Scripted(["ops"]), SORT.request(ticket="no light"))).text == "ops"
