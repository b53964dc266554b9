"""A better wording, found on labelled examples and proven on others: instructions and shots are chosen on one part,
the gain is measured on rows that nothing was chosen by."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from mlwright.base.errors import InputError, LLMError
from mlwright.base.seeds import generator
from mlwright.llm.messages import Request
from mlwright.llm.prompts.shots import Shot
from mlwright.llm.prompts.template import Template
from mlwright.llm.protocol import LLM, concurrently
from mlwright.llm.reply import Reply
from mlwright.llm.structured import ask

_RESAMPLES = 2_000
_LEAST_EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class Example:
    """A case with the answer that is right for it."""

    inputs: Mapping[str, Any]
    answer: str


Metric = Callable[[str, str], float]


@dataclass(frozen=True, slots=True)
class Search:
    """What is tried.

    Attributes:
        instructions: Sentences that may be added to the system prompt; none is always among them.
        proposals: How many more the model is asked to propose, shown some of the examples it may learn from.
        shots: Numbers of examples to show.
        held_out: Share of the examples that only measures the gain.
        most_tokens: Longest answer.
    """

    instructions: tuple[str, ...] = ()
    proposals: int = 0
    shots: tuple[int, ...] = (0, 2, 4)
    held_out: float = 0.4
    most_tokens: int = 1024
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One wording and its mean score on the rows it was chosen by."""

    template: Template
    instruction: str
    shots: int
    score: float


@dataclass(frozen=True, slots=True)
class Optimised:
    """What was found.

    Attributes:
        template: The best wording; the given one when none is better beyond chance.
        before, after: Mean scores of the given and the found wording on the held-out rows.
        low, high: 95 % interval of the gain (bootstrap over the same rows for both).
        rows: Held-out rows.
        tried: Every candidate.
        usd: What the search cost, where prices are known.
    """

    template: Template
    before: float
    after: float
    low: float
    high: float
    rows: int
    tried: tuple[Candidate, ...]
    usd: float | None

    @property
    def gain(self) -> float:
        """What the found wording scores more."""
        return self.after - self.before


class _Proposals(BaseModel):
    """Instructions that could be added to the prompt."""

    instructions: list[str] = Field(description="Each one or two sentences, each different in kind")


async def optimise(
    template: Template, examples: Sequence[Example], metric: Metric, llm: LLM, search: Search | None = None
) -> Optimised:
    """Return the best of the wordings that `search` names, with its gain on held-out rows.

    Another wording is taken only when the interval of its gain, on the rows it was chosen by, lies above 0.

    Args:
        template: What there is.
        examples: Labelled cases, eight at least.
        metric: Score of an answer, given the right one: higher is better.
        llm: The model that the wording is for.
        search: What is tried.

    Raises:
        InputError: There are too few examples.
        LLMError: A call fails for good.
    """
    how = search or Search()
    if len(examples) < _LEAST_EXAMPLES:
        raise InputError(
            f"{len(examples)} examples are too few to optimise by.", hint=f"Label {_LEAST_EXAMPLES} or more."
        )
    order = [examples[at] for at in generator(how.seed, "prompts").permutation(len(examples))]
    held_count = max(2, round(how.held_out * len(order)))
    held, rest = order[:held_count], order[held_count:]
    # Shots never score themselves: they come from one half of what is left, the choice is made on the other.
    pool, chosen_by = rest[: len(rest) // 2], rest[len(rest) // 2 :]
    account = _Account(llm, metric, how)
    instructions = ("", *how.instructions, *await _proposed(template, pool, account))
    given = await account.scores(template, chosen_by)
    tried = [Candidate(template, "", 0, float(given.mean()))]
    best, best_scores = tried[0], given
    for instruction, count in product(instructions, how.shots):
        candidate = _worded(template, instruction, pool, count)
        if candidate.version == template.version:
            continue
        scores = await account.scores(candidate, chosen_by)
        tried.append(Candidate(candidate, instruction, count, float(scores.mean())))
        if scores.mean() > best_scores.mean() and _interval(scores - given, how.seed)[0] > 0:
            best, best_scores = tried[-1], scores
    before = await account.scores(template, held)
    after = before if best.template is template else await account.scores(best.template, held)
    low, high = _interval(after - before, how.seed)
    return Optimised(
        best.template, float(before.mean()), float(after.mean()), low, high, len(held), tuple(tried), account.usd
    )


class _Account:
    """Asks, scores, and adds up the cost."""

    def __init__(self, llm: LLM, metric: Metric, how: Search) -> None:
        self.llm = llm
        self.metric = metric
        self.how = how
        self.usd: float | None = 0.0

    def book(self, reply: Reply) -> None:
        self.usd = None if self.usd is None or reply.usd is None else self.usd + reply.usd

    async def scores(self, template: Template, rows: Sequence[Example]) -> np.ndarray:
        update = {"max_tokens": self.how.most_tokens}
        asked: list[Request] = [template.request(**row.inputs).model_copy(update=update) for row in rows]
        scores: list[float] = []
        for reply, row in zip(await concurrently(self.llm, asked), rows, strict=True):
            if isinstance(reply, LLMError):
                raise reply
            self.book(reply)
            scores.append(float(self.metric(reply.text, row.answer)))
        return np.array(scores)


def _worded(template: Template, instruction: str, pool: Sequence[Example], count: int) -> Template:
    worded = template.with_instruction(instruction)
    if not count or not pool:
        return worded
    shots = tuple(Shot(example.inputs, example.answer) for example in pool)
    return worded.with_shots((*template.shots, *shots), shown=count)


async def _proposed(template: Template, pool: Sequence[Example], account: _Account) -> tuple[str, ...]:
    """Return instructions that the model itself proposes, having seen examples that score nothing."""
    if not account.how.proposals:
        return ()
    cases = "\n".join(f"Inputs: {dict(example.inputs)}\nRight answer: {example.answer}" for example in pool[:10])
    told = (
        f"A prompt reads:\n{template.system}\n{template.text}\n\nCases and their right answers:\n{cases}\n\n"
        f"Propose {account.how.proposals} instructions that would make a model answer such cases exactly so."
    )
    found = await ask(account.llm, Request.of(told), _Proposals)
    for reply in found.replies:
        account.book(reply)
    return tuple(found.value.instructions[: account.how.proposals])


def _interval(differences: np.ndarray, seed: int) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean, resampling rows."""
    draws = generator(seed, "bootstrap").integers(0, len(differences), (_RESAMPLES, len(differences)))
    low, high = np.quantile(differences[draws].mean(axis=1), [0.025, 0.975])
    return float(low), float(high)
