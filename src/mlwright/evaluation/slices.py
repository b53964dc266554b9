"""Slices: the groups of rows on which the model is truly worse than on the rest.

Every level of a category, every quantile bin of a number and every pair of them is a candidate, hundreds to
thousands; so the largest gap is always large. A slice is named only when its gap beats what the largest gap of all
candidates reaches when the losses are shuffled over the rows (max-statistic permutation, Westfall and Young 1993), when
the gap is large enough to matter, and when no larger slice explains it.

Source of the search: Chung et al., Slice Finder, 2019.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array, Columns, row_count
from mlwright.evaluation.distributions import student_quantile

_MISSING = "missing"


@dataclass(frozen=True, slots=True)
class SliceConfig:
    """How slices are sought.

    Attributes:
        max_depth: 1 for single columns, 2 for pairs as well.
        min_rows, min_share: A slice has at least this many rows and this share of them.
        min_effect: Least gap, in standard deviations of the loss.
        alpha: Chance that anything at all is named when no slice is worse.
        bins, levels: A number's quantile bins; a category's most frequent levels.
        limit: At most this many slices are named.
        shuffles, shuffle_rows: The permutation's repeats, and the rows that they use at most.
        seed: Of the permutation.
    """

    max_depth: int = 2
    min_rows: int = 30
    min_share: float = 0.01
    min_effect: float = 0.1
    alpha: float = 0.05
    bins: int = 5
    levels: int = 12
    limit: int = 10
    shuffles: int = 99
    shuffle_rows: int = 5_000
    seed: int = 0


class Condition(BaseModel):
    """One column of a slice and what it must be. Immutable. `text` is for people: "age > 61", "sex = female"."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    column: str
    text: str


class Slice(BaseModel):
    """Rows on which the model is worse. Immutable.

    Attributes:
        rows, share: Its size.
        loss, rest: Mean loss inside and outside.
        gap: loss - rest, with an interval `low` to `high` (Welch).
        effect: The gap in standard deviations of the loss.
        p: Corrected for every candidate that was looked at.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    conditions: tuple[Condition, ...]
    rows: int
    share: float
    loss: float
    rest: float
    gap: float
    low: float
    high: float
    effect: float
    p: float

    @property
    def text(self) -> str:
        return " and ".join(condition.text for condition in self.conditions)


@dataclass(frozen=True, slots=True)
class _Parts:
    """All single-column candidates: `member[:, j]` says which rows candidate j holds."""

    member: Array  # bool, shape (n, parts)
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class _Candidates:
    """All candidates: the parts i and j whose rows they share; i equals j for a single column."""

    first: Array
    second: Array
    size: Array


def worst_slices(columns: Columns, loss: Array, config: SliceConfig | None = None) -> tuple[Slice, ...]:
    """Return the slices that are truly worse, largest effect first; often none.

    Args:
        columns: The rows' columns, numbers or text in normal form.
        loss: One loss per row, higher is worse, shape (n,): a Brier score, an absolute error, wrong or right.
        config: Sizes, effect and chance.

    Raises:
        DataError: Lengths differ, or a loss is NaN.
    """
    config = config or SliceConfig()
    loss = np.asarray(loss, dtype=np.float64)
    if row_count(columns) != len(loss) or not np.isfinite(loss).all():
        raise DataError(
            f"There are {row_count(columns)} rows and {len(loss)} losses, or a loss is NaN.",
            hint="pass one finite loss per row.",
        )
    least = max(config.min_rows, int(np.ceil(config.min_share * len(loss))))
    parts = _parts(columns, least, config)
    if not parts.conditions or loss.std() == 0:
        return ()
    candidates = _candidates(parts, least, len(loss), config.max_depth)
    if not len(candidates.size):
        return ()
    z = _scores(parts.member, candidates, loss)
    highest = _highest_by_chance(parts.member, candidates, loss, config)
    p = (1 + (highest[None, :] >= z[:, None]).sum(axis=1)) / (len(highest) + 1)
    found = [_described(parts, candidates, int(i), loss, float(p[i])) for i in np.flatnonzero(p <= config.alpha)]
    return _without_shadows([item for item in found if item.effect >= config.min_effect], config.limit)


def _parts(columns: Columns, least: int, config: SliceConfig) -> _Parts:
    members: list[Array] = []
    conditions: list[Condition] = []
    for name, values in columns.items():
        split = _number_bins(values, config.bins) if values.dtype.kind in "fiu" else _levels(values, config.levels)
        for text, member in split:
            rows = int(member.sum())
            # The mirror image of a two-way split is kept: which side is worse is not known yet.
            if least <= rows <= len(values) - least:
                members.append(member)
                conditions.append(Condition(column=name, text=f"{name} {text}"))
    member = np.stack(members, axis=1) if members else np.zeros((row_count(columns), 0), dtype=bool)
    return _Parts(member, tuple(conditions))


def _number_bins(values: Array, bins: int) -> list[tuple[str, Array]]:
    missing = np.isnan(values)
    known = values[~missing]
    found = [(f"is {_MISSING}", missing)]
    distinct = np.unique(known)
    if len(distinct) <= bins:
        return found + [(f"= {value:.6g}", values == value) for value in distinct]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1)[1:-1]))
    place = np.where(missing, -1, np.searchsorted(edges, values))
    for i in range(len(edges) + 1):
        low = f"> {edges[i - 1]:.6g}" if i > 0 else ""
        high = f"<= {edges[i]:.6g}" if i < len(edges) else ""
        found.append((" and ".join(part for part in (low, high) if part), place == i))
    return found


def _levels(values: Array, limit: int) -> list[tuple[str, Array]]:
    codes: dict[object, int] = {}
    coded = np.fromiter((codes.setdefault(value, len(codes)) for value in values), dtype=np.int64, count=len(values))
    counts = np.bincount(coded)
    names = list(codes)
    order = sorted(range(len(names)), key=lambda i: (-counts[i], str(names[i])))[:limit]
    return [(f"= {names[i]}" if names[i] != "" else f"is {_MISSING}", coded == i) for i in order]


def _candidates(parts: _Parts, least: int, rows: int, depth: int) -> _Candidates:
    member = parts.member.astype(np.float32)
    sizes = member.T @ member
    pairs = [(i, i) for i in range(len(parts.conditions))]
    if depth > 1:
        pairs += [
            (i, j)
            for i, j in combinations(range(len(parts.conditions)), 2)
            if parts.conditions[i].column != parts.conditions[j].column and least <= sizes[i, j] <= rows - least
        ]
    first, second = np.array(pairs).T
    return _Candidates(first, second, sizes[first, second].astype(np.float64))


def _scores(member: Array, candidates: _Candidates, loss: Array, sizes: Array | None = None) -> Array:
    """Return each candidate's excess of mean loss in standard errors under "no slice differs"."""
    centred = ((loss - loss.mean()) / loss.std()).astype(np.float32)
    weights = member.astype(np.float32)
    sums = (weights.T @ (weights * centred[:, None]))[candidates.first, candidates.second]
    size = candidates.size if sizes is None else sizes
    return sums / np.sqrt(np.maximum(size * (1 - size / len(loss)), 1e-9))


def _highest_by_chance(member: Array, candidates: _Candidates, loss: Array, config: SliceConfig) -> Array:
    """Return the largest score over all candidates for each shuffle of the losses.

    A large table is thinned: small slices get smaller and their scores more skewed, which errs to the safe side.
    """
    rng = generator(config.seed, "slices")
    rows = np.sort(rng.permutation(len(loss))[: config.shuffle_rows])
    member = member[rows]
    counts = member.astype(np.float32)
    sizes = (counts.T @ counts)[candidates.first, candidates.second].astype(np.float64)
    picked = loss[rows]
    if picked.std() == 0:
        return np.full(config.shuffles, np.inf)
    return np.array([_scores(member, candidates, rng.permutation(picked), sizes).max() for _ in range(config.shuffles)])


def _described(parts: _Parts, candidates: _Candidates, i: int, loss: Array, p: float) -> Slice:
    a, b = int(candidates.first[i]), int(candidates.second[i])
    inside = parts.member[:, a] & parts.member[:, b]
    worse, rest = loss[inside], loss[~inside]
    gap = float(worse.mean() - rest.mean())
    error = np.array([worse.var(ddof=1) / len(worse), rest.var(ddof=1) / len(rest)])
    total = float(error.sum())
    freedom = total**2 / float(error[0] ** 2 / (len(worse) - 1) + error[1] ** 2 / (len(rest) - 1)) if total else 1.0
    half = student_quantile(0.975, freedom) * float(np.sqrt(total))
    conditions = (parts.conditions[a],) if a == b else (parts.conditions[a], parts.conditions[b])
    return Slice(
        conditions=conditions,
        rows=len(worse),
        share=len(worse) / len(loss),
        loss=float(worse.mean()),
        rest=float(rest.mean()),
        gap=gap,
        low=gap - half,
        high=gap + half,
        effect=gap / float(loss.std()),
        p=p,
    )


def _without_shadows(found: list[Slice], limit: int) -> tuple[Slice, ...]:
    """Drop a pair whose loss one of its own columns explains: its gap is not half as large again."""
    singles = {item.conditions[0]: item for item in found if len(item.conditions) == 1}
    kept = [
        item
        for item in found
        if len(item.conditions) == 1
        or all(item.effect > 1.5 * singles[part].effect for part in item.conditions if part in singles)
    ]
    kept.sort(key=lambda item: (-item.effect, item.text))
    return tuple(kept[:limit])
