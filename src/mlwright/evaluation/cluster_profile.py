"""What makes each cluster different from the rest: effect sizes by column, a name, typical rows.

Sources: Cohen 1988 (d for means, h for shares).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlwright.data.columns import Array, Columns
from mlwright.data.schema import Column, SemanticType

_LEAST_EFFECT = 0.2  # Cohen's "small"
_MOST_LEVELS = 20
_TYPICAL = 3


@dataclass(frozen=True, slots=True)
class Trait:
    """One column in which a cluster differs.

    Attributes:
        column: Its name.
        words: Such as "high alcohol" or "colour red".
        effect: Standardised difference from all other rows: Cohen's d of a number, h of a level's share.
        inside, outside: The mean, or the level's share, in the cluster and in all other rows.
    """

    column: str
    words: str
    effect: float
    inside: float
    outside: float


@dataclass(frozen=True, slots=True)
class ClusterProfile:
    """One cluster: its name, its rows, its strongest traits first, and the numbers of its most typical rows."""

    name: str
    rows: int
    share: float
    traits: tuple[Trait, ...]
    typical: tuple[int, ...]


def profile_clusters(
    columns: Columns, inputs: Sequence[Column], labels: Array, X: Array, noise: int | None = None
) -> tuple[ClusterProfile, ...]:
    """Return one profile a code of `labels`, in the order of the codes.

    Args:
        columns: The rows in normal form.
        inputs: Their columns.
        labels: Codes 0..C-1, shape (n,); every code below C has a profile, even one without rows.
        X: The rows as the model sees them, shape (n, d), in which typical rows are nearest to their cluster's mean.
        noise: The code of rows that belong to no cluster.
    """
    count = max(int(labels.max()), -1 if noise is None else noise) + 1
    found: list[ClusterProfile] = []
    taken: dict[str, int] = {}
    for code in range(count):
        inside = labels == code
        traits = _traits(columns, inputs, inside)
        name = "noise" if code == noise else _name(traits, inside)
        taken[name] = taken.get(name, 0) + 1
        found.append(
            ClusterProfile(
                name=name if taken[name] == 1 else f"{name} ({taken[name]})",
                rows=int(inside.sum()),
                share=float(inside.mean()),
                traits=traits,
                typical=_typical(X, inside),
            )
        )
    return tuple(found)


def _traits(columns: Columns, inputs: Sequence[Column], inside: Array) -> tuple[Trait, ...]:
    if not inside.any() or inside.all():
        return ()
    found: list[Trait] = []
    for column in inputs:
        if column.type in (SemanticType.NUMBER, SemanticType.DATETIME):
            trait = _of_number(column, columns[column.name], inside)
        elif column.type is SemanticType.TEXT:
            continue
        else:
            trait = _of_level(column, columns[column.name], inside)
        if trait is not None:
            found.append(trait)
    return tuple(sorted(found, key=lambda one: (-abs(one.effect), one.column)))


def _of_number(column: Column, values: Array, inside: Array) -> Trait | None:
    known = np.isfinite(values)
    mine, others = values[known & inside], values[known & ~inside]
    if not len(mine) or not len(others):
        return None
    spread = float(np.sqrt((np.var(mine) * len(mine) + np.var(others) * len(others)) / (len(mine) + len(others))))
    difference = float(mine.mean() - others.mean())
    if spread <= 1e-12 * max(1.0, abs(float(others.mean()))):
        effect = 0.0 if difference == 0 else float(np.sign(difference)) * 10.0  # told apart without any overlap
    else:
        effect = difference / spread
    high, low = ("late", "early") if column.type is SemanticType.DATETIME else ("high", "low")
    words = f"{high if effect > 0 else low} {column.name}"
    return Trait(column.name, words, effect, float(mine.mean()), float(others.mean()))


def _of_level(column: Column, values: Array, inside: Array) -> Trait | None:
    best: Trait | None = None
    levels: Mapping[str, None] = dict.fromkeys(column.levels[:_MOST_LEVELS])
    for level in levels:
        is_level = values == level
        mine, others = float(is_level[inside].mean()), float(is_level[~inside].mean())
        effect = 2 * float(np.arcsin(np.sqrt(mine)) - np.arcsin(np.sqrt(others)))
        # A cluster is told by what it has; what it lacks is what others have.
        if effect > 0 and (best is None or effect > best.effect):
            best = Trait(column.name, f"{column.name} {level}", effect, mine, others)
    return best


def _name(traits: Sequence[Trait], inside: Array) -> str:
    if inside.all():
        return "all rows"
    telling = [one.words for one in traits if abs(one.effect) >= _LEAST_EFFECT][:2]
    return ", ".join(telling) or "average"


def _typical(X: Array, inside: Array) -> tuple[int, ...]:
    rows = np.flatnonzero(inside)
    if not len(rows):
        return ()
    own = np.asarray(X[rows], dtype=np.float64)
    apart = np.sum((own - own.mean(axis=0)) ** 2, axis=1)
    return tuple(int(rows[at]) for at in np.argsort(apart, kind="stable")[:_TYPICAL])
