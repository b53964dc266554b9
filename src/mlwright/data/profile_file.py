"""The profile of a file that may be larger than memory: counts of every row, distributions from a random sample."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset, to_dataset, typed_series
from mlwright.data.infer import infer_schema
from mlwright.data.profile import ColumnProfile, Profile, profile
from mlwright.data.readers.blocks import Blocks
from mlwright.data.readers.raw import Raw, ReadProblem
from mlwright.data.schema import Column, Role, Schema, SemanticType

if TYPE_CHECKING:
    import polars as pl

SAMPLE_ROWS = 100_000
_SKETCH = 4096  # smallest hashes kept: distinct counts are exact up to this many and within about 2 % above
_HASHES = float(2**64)


@dataclass(frozen=True, slots=True)
class FileProfile:
    """What a file looks like, how its columns were understood, and what could not be read."""

    profile: Profile
    schema: Schema
    problems: tuple[ReadProblem, ...]


def profile_file(
    path: Path, *, target: str | None = None, roles: Mapping[str, Role] | None = None, seed: int = 0
) -> FileProfile:
    """Return the profile of a file in bounded memory (CSV, also compressed, and Parquet); it is read twice.

    Rows, missing cells, means, deviations and ranges are of all rows; distinct values are estimated above 4,096;
    quantiles, histograms, levels, correlations and repeated rows are those of 100,000 rows drawn at random.

    Raises:
        DataError: As `read_raw`, and where the file has no rows.
    """
    blocks = Blocks(path)
    sample, rows = _sample(blocks, seed)
    raw = Raw(sample, (), str(path), "", ((path.name, sample.height),))
    schema = infer_schema(raw, target=target, roles=roles)
    dataset, _ = to_dataset(raw, schema)
    running = [_Running(column) for column in schema.columns]
    for frame in blocks:
        for one in running:
            one.add(frame[one.column.name])
    drawn = profile(dataset)
    columns = tuple(one.applied(drawn[one.column.name]) for one in running)
    whole = drawn.model_copy(
        update={
            "rows": rows,
            "sampled_rows": dataset.rows if dataset.rows < rows else None,
            "missing_share": sum(column.missing for column in columns) / (rows * len(columns)),
            "size_bytes": int(drawn.size_bytes * rows / dataset.rows),
            "columns": columns,
        }
    )
    return FileProfile(whole, _with_ranges(schema, columns), _problems(blocks, running))


def _sample(blocks: Blocks, seed: int) -> "tuple[pl.DataFrame, int]":
    """The rows with the smallest of uniform keys are a uniform sample; kept in the order of the file."""
    import polars as pl

    random = generator(seed, "profile sample")
    kept: pl.DataFrame | None = None
    keys: Array = np.empty(0)
    rows = 0
    for frame in blocks:
        rows += frame.height
        kept = frame if kept is None else pl.concat([kept, frame], how="vertical_relaxed")
        keys = np.concatenate([keys, random.random(frame.height)])
        if len(keys) > SAMPLE_ROWS:
            chosen = np.sort(np.argpartition(keys, SAMPLE_ROWS)[:SAMPLE_ROWS])
            kept, keys = kept[chosen], keys[chosen]
    if kept is None:
        raise DataError(f"'{blocks.path}' has no rows.", hint="export it again with its rows, or name another file.")
    return kept, rows


@dataclass(slots=True)
class _Running:
    """Counts of one column that grow block by block."""

    column: Column
    rows: int = 0
    missing: int = 0
    lost: int = 0
    examples: list[str] = field(default_factory=list[str])
    mean: float = 0.0
    squares: float = 0.0
    minimum: float = math.inf
    maximum: float = -math.inf
    smallest: Array = field(default_factory=lambda: np.empty(0, dtype=np.uint64))

    def add(self, cells: "pl.Series") -> None:
        typed = typed_series(cells, self.column)
        self._count_lost(cells, typed)
        present = typed.drop_nulls()
        before = self.rows - self.missing
        self.rows += len(typed)
        self.missing += len(typed) - len(present)
        hashes = np.concatenate([self.smallest, present.hash(seed=0).to_numpy()])
        self.smallest = np.unique(hashes)[:_SKETCH]
        if len(present) and self.column.type in (SemanticType.NUMBER, SemanticType.DATETIME):
            self._add_numbers(_normal(present, self.column), before)

    def _count_lost(self, cells: "pl.Series", typed: "pl.Series") -> None:
        lost = cells.filter(cells.is_not_null() & typed.is_null())
        self.lost += len(lost)
        self.examples += [repr(cell)[:40] for cell in lost.head(5 - len(self.examples)).to_list()]

    def _add_numbers(self, values: Array, before: int) -> None:
        """Join means and sums of squares of two parts (Chan, Golub and LeVeque, 1979)."""
        count, mean = len(values), float(values.mean())
        step, total = mean - self.mean, before + count
        self.squares += float(((values - mean) ** 2).sum()) + step**2 * before * count / total
        self.mean += step * count / total
        self.minimum = min(self.minimum, float(values.min()))
        self.maximum = max(self.maximum, float(values.max()))

    def distinct(self) -> int:
        """Exact for few values; else from the largest of the smallest hashes (Bar-Yossef and others, 2002)."""
        if len(self.smallest) < _SKETCH:
            return len(self.smallest)
        estimate = round((_SKETCH - 1) / (float(self.smallest[-1]) / _HASHES))
        return min(estimate, self.rows - self.missing)

    def applied(self, drawn: ColumnProfile) -> ColumnProfile:
        """Return the sample's profile with the counts of all rows."""
        present = self.rows - self.missing
        facts: dict[str, object] = {"missing": self.missing, "missing_share": self.missing / max(self.rows, 1)}
        facts["distinct"] = self.distinct()
        if present and math.isfinite(self.minimum):
            facts |= {"minimum": self.minimum, "maximum": self.maximum}
            if self.column.type is SemanticType.NUMBER:
                facts |= {"mean": self.mean, "std": math.sqrt(self.squares / present)}
        return drawn.model_copy(update=facts)


def _normal(present: "pl.Series", column: Column) -> Array:
    frame = present.to_frame()
    return Dataset(frame, Schema(columns=(column,))).columns()[column.name]


def _with_ranges(schema: Schema, columns: tuple[ColumnProfile, ...]) -> Schema:
    ranges = {column.name: column for column in columns}
    return schema.replace(
        *(
            column.model_copy(
                update={
                    "minimum": ranges[column.name].minimum,
                    "maximum": ranges[column.name].maximum,
                    "missing_share": ranges[column.name].missing_share,
                }
            )
            for column in schema.columns
        )
    )


def _problems(blocks: Blocks, running: list[_Running]) -> tuple[ReadProblem, ...]:
    problems: list[ReadProblem] = []
    if blocks.bad_lines:
        examples = tuple(f"line {line.line}: {line.text} ({line.fault})" for line in blocks.bad_examples)
        problems.append(ReadProblem("Lines that are not rows were left out", blocks.bad_lines, examples))
    for one in running:
        if one.lost:
            what = f"Cells of '{one.column.name}' that are not a {one.column.type} were taken as missing"
            problems.append(ReadProblem(what, one.lost, tuple(one.examples)))
    return tuple(problems)
