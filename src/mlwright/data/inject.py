"""Known strange rows, made from rows of the table: what a detector can be tested with where nobody has labels.

| kind    | what is done to a copy of a real row                                              |
|---------|-----------------------------------------------------------------------------------|
| shifted | one to three numbers are moved by 4 to 8 robust standard deviations               |
| mixed   | half of the columns come from another row: usual cells that do not go together    |
| unseen  | a category gets a level that the table does not have                              |
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset
from mlwright.data.schema import Column, SemanticType

if TYPE_CHECKING:
    import polars as pl

UNSEEN = "a level never seen"
_SHIFT = (4.0, 8.0)
_MOST_SHIFTED = 3


@dataclass(frozen=True, slots=True)
class Injected:
    """Strange rows.

    Attributes:
        frame: The rows, with the columns of the dataset.
        source: The row that each was made from, int64, shape (n,).
        kinds: What was done to each.
    """

    frame: "pl.DataFrame"
    source: Array
    kinds: tuple[str, ...]


def inject(dataset: Dataset, count: int, seed: int) -> Injected:
    """Make strange rows of every kind that the columns allow, in turn.

    Args:
        dataset: Real rows; they stay as they are.
        count: How many strange ones.
        seed: Of rows, columns and shifts.
    """
    rng = generator(seed, "injected anomalies")
    inputs = dataset.schema.inputs
    numbers = [column for column in inputs if column.type is SemanticType.NUMBER]
    categories = [column for column in inputs if column.type is SemanticType.CATEGORY]
    possible = ["shifted"] * bool(numbers) + ["mixed"] * (len(inputs) > 1) + ["unseen"] * bool(categories)
    if not possible:
        return Injected(dataset.frame.clear(), np.zeros(0, dtype=np.int64), ())
    kinds = np.array([possible[at % len(possible)] for at in range(count)])
    source = rng.integers(0, dataset.rows, count)
    frame = dataset.frame[source]
    frame = _mixed(dataset, frame, kinds == "mixed", rng)
    frame = _shifted(dataset, frame, numbers, kinds == "shifted", rng)
    frame = _unseen(frame, categories, kinds == "unseen", rng)
    return Injected(frame, source.astype(np.int64), tuple(kinds.tolist()))


def _mixed(dataset: Dataset, frame: "pl.DataFrame", rows: Array, rng: np.random.Generator) -> "pl.DataFrame":
    import polars as pl

    names = list(dataset.schema.names)
    donor = dataset.frame[rng.integers(0, dataset.rows, len(frame))]
    chosen = [column.name for column in dataset.schema.inputs]
    taken = set(rng.permutation(chosen)[: max(1, len(chosen) // 2)].tolist())
    mask = pl.Series(rows)
    return pl.DataFrame(
        [
            pl.select(pl.when(mask).then(donor[name]).otherwise(frame[name]).alias(name)).to_series()
            if name in taken
            else frame[name]
            for name in names
        ]
    )


def _shifted(
    dataset: Dataset, frame: "pl.DataFrame", numbers: list[Column], rows: Array, rng: np.random.Generator
) -> "pl.DataFrame":
    import polars as pl

    if not numbers:
        return frame
    how_many = rng.integers(1, min(_MOST_SHIFTED, len(numbers)) + 1, len(frame))
    rank = rng.random((len(frame), len(numbers))).argsort(axis=1).argsort(axis=1)
    picked = rows[:, np.newaxis] & (rank < how_many[:, np.newaxis])
    size = rng.uniform(*_SHIFT, picked.shape) * rng.choice([-1.0, 1.0], picked.shape)
    changed: list[pl.Series] = []
    for at, column in enumerate(numbers):
        known = dataset.columns([column.name])[column.name]
        known = known[np.isfinite(known)]
        if not len(known):
            continue
        cells = np.array(frame[column.name].cast(pl.Float64).to_numpy(), dtype=np.float64)
        moved = np.where(np.isfinite(cells), cells, np.median(known)) + size[:, at] * _spread(known)
        new = np.where(picked[:, at], np.round(moved) if column.integer else moved, cells)
        changed.append(pl.Series(column.name, new).fill_nan(None))
    return frame.with_columns(changed)


def _unseen(frame: "pl.DataFrame", categories: list[Column], rows: Array, rng: np.random.Generator) -> "pl.DataFrame":
    import polars as pl

    if not categories:
        return frame
    which = rng.integers(0, len(categories), len(frame))
    return frame.with_columns(
        pl.when(pl.Series(rows & (which == at))).then(pl.lit(UNSEEN)).otherwise(pl.col(column.name)).alias(column.name)
        for at, column in enumerate(categories)
    )


def _spread(known: Array) -> float:
    low, high = np.quantile(known, [0.25, 0.75])
    robust = float(high - low) / 1.349
    return robust if robust > 0 else float(known.std()) or 1.0
