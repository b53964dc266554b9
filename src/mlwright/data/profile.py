"""What a table looks like in numbers, with all that the report needs to draw it."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset
from mlwright.data.schema import Column, Role, SemanticType

if TYPE_CHECKING:
    import polars as pl

_BINS = 30
_SHOWN_LEVELS = 30
_MATRIX_COLUMNS = 40
_MATRIX_ROWS = 100_000
_MISSING_STRIPES = 50
_QUANTILES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_FENCE = 3.0  # Tukey's "far out"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Histogram(_Frozen):
    """Counts between edges; `edges` has one more element. Of dates: seconds since 1970, UTC."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class LevelCount(_Frozen):
    """A level and its rows."""

    level: str
    rows: int


class ColumnProfile(_Frozen):
    """One column in numbers; a field that does not apply to the type is None or empty.

    Attributes:
        missing, missing_share: Cells without a value.
        distinct: Different values.
        outliers: Numbers more than three interquartile ranges outside the quartiles.
        quantiles: {"0.25": value, ...}.
        levels: The 30 most frequent, the most frequent first; `other_rows` are the rows of all the rest.
        first, last: Of dates, ISO 8601.
    """

    name: str
    type: SemanticType
    role: Role
    reason: str
    missing: int
    missing_share: float
    distinct: int
    mean: float | None = None
    std: float | None = None
    minimum: float | None = None
    maximum: float | None = None
    skew: float | None = None
    zeros: int | None = None
    outliers: int | None = None
    quantiles: dict[str, float] = {}
    histogram: Histogram | None = None
    levels: tuple[LevelCount, ...] = ()
    other_rows: int = 0
    mean_words: float | None = None
    mean_characters: float | None = None
    first: str | None = None
    last: str | None = None


class Matrix(_Frozen):
    """Values by row and column names: correlations, or shares of missing cells along the rows."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    values: tuple[tuple[float, ...], ...]


class Profile(_Frozen):
    """A table in numbers.

    Attributes:
        sampled_rows: Rows that distributions were taken from; None for all of them.
        duplicate_rows: Rows equal to an earlier one in every column but ids.
        correlations: Pearson's, between numbers, at most 40 columns.
        missing_matrix: Shares of missing cells in 50 stripes of the rows' order, for columns that miss any.
    """

    rows: int
    sampled_rows: int | None = None
    duplicate_rows: int
    missing_share: float
    size_bytes: int
    columns: tuple[ColumnProfile, ...]
    correlations: Matrix
    missing_matrix: Matrix

    def __getitem__(self, name: str) -> ColumnProfile:
        return next(column for column in self.columns if column.name == name)


def profile(dataset: Dataset) -> Profile:
    """Return a table in numbers; exact, in memory.

    Example:
        >>> import polars as pl
        >>> from mlwright.data.schema import Schema
        >>> table = Dataset(
        ...     pl.DataFrame({"x": [1.0, 2.0, None]}), Schema(columns=(Column(name="x", type=SemanticType.NUMBER),))
        ... )
        >>> profile(table)["x"].mean
        1.5
    """
    frame = dataset.frame
    columns = tuple(profile_column(frame[column.name], column) for column in dataset.schema.columns)
    cells = max(frame.height * frame.width, 1)
    return Profile(
        rows=frame.height,
        duplicate_rows=_duplicates(dataset),
        missing_share=sum(column.missing for column in columns) / cells,
        size_bytes=int(frame.estimated_size()),
        columns=columns,
        correlations=_correlations(dataset),
        missing_matrix=_missing_matrix(frame),
    )


def profile_column(series: "pl.Series", column: Column) -> ColumnProfile:
    """Return one typed column in numbers."""
    missing = series.null_count()
    present = series.drop_nulls()
    facts: dict[str, Any] = {"distinct": present.n_unique() if len(present) else 0}
    if not len(present):
        pass
    elif column.type is SemanticType.NUMBER:
        facts |= _number_facts(present.to_numpy())
    elif column.type is SemanticType.DATETIME:
        facts |= _date_facts(present)
    else:
        facts |= _text_facts(present)
    return ColumnProfile(
        name=column.name,
        type=column.type,
        role=column.role,
        reason=column.reason,
        missing=missing,
        missing_share=missing / max(len(series), 1),
        **facts,
    )


def histogram_of(values: Array) -> Histogram:
    """Return 30 bins; a bin each for few whole numbers."""
    low, high = float(values.min()), float(values.max())
    whole = high - low < _BINS and bool((values == np.round(values)).all())
    bins = int(high - low) + 1 if whole else _BINS
    limits = (low - 0.5, high + 0.5) if whole else (low, high)
    edges = np.linspace(*limits, bins + 1)
    if not math.isfinite(limits[1] - limits[0]) or not (np.diff(edges) > 0).all():
        return Histogram(edges=(low, high), counts=(len(values),))
    counts, edges = np.histogram(values, bins=bins, range=limits)
    return Histogram(edges=tuple(edges.tolist()), counts=tuple(counts.tolist()))


def _number_facts(values: Array) -> dict[str, Any]:
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = float(values.mean()), float(values.std())
        centred = values - mean
        skew = float((centred * centred * centred).mean() / std**3) if std > 0 and math.isfinite(std**3) else 0.0
    quantiles = np.quantile(values, _QUANTILES)
    lower, upper = quantiles[2], quantiles[4]
    reach = _FENCE * (upper - lower)
    far = int(((values < lower - reach) | (values > upper + reach)).sum()) if reach > 0 else 0
    return {
        "mean": _finite(mean),
        "std": _finite(std),
        "minimum": float(values.min()),
        "maximum": float(values.max()),
        "skew": _finite(skew),
        "zeros": int((values == 0).sum()),
        "outliers": far,
        "quantiles": {str(share): float(value) for share, value in zip(_QUANTILES, quantiles, strict=True)},
        "histogram": histogram_of(values),
    }


def _date_facts(present: "pl.Series") -> dict[str, Any]:
    import polars as pl

    seconds = present.cast(pl.Int64).to_numpy() / 1e6
    edge = present.sort()
    return {
        "minimum": float(seconds.min()),
        "maximum": float(seconds.max()),
        "histogram": histogram_of(seconds),
        "first": edge.dt.to_string("%Y-%m-%dT%H:%M:%S")[0],
        "last": edge.dt.to_string("%Y-%m-%dT%H:%M:%S")[-1],
    }


def _text_facts(present: "pl.Series") -> dict[str, Any]:
    counts = (
        present.alias("level")
        .value_counts(name="rows")
        .top_k(_SHOWN_LEVELS, by=["rows", "level"], reverse=[False, True])
    )
    counts = counts.sort("rows", "level", descending=[True, False])
    levels = tuple(LevelCount(level=level[:200], rows=rows) for level, rows in counts.iter_rows())
    sample = present.head(_MATRIX_ROWS)
    return {
        "levels": levels,
        "other_rows": len(present) - sum(level.rows for level in levels),
        "mean_words": _mean(sample.str.count_matches(r"\S+")),
        "mean_characters": _mean(sample.str.len_chars()),
    }


def _duplicates(dataset: Dataset) -> int:
    names = [column.name for column in dataset.schema.columns if column.role is not Role.ID]
    if not names or not dataset.rows:
        return 0
    # 64-bit hashes: among a million rows a false match has a chance of 3e-8.
    return dataset.rows - dataset.frame.select(names).hash_rows(0).n_unique()


def _correlations(dataset: Dataset) -> Matrix:
    kept = (Role.FEATURE, Role.TARGET, Role.SENSITIVE, Role.TIME)
    numbers = [c.name for c in dataset.schema.columns if c.type is SemanticType.NUMBER and c.role in kept]
    names = tuple(numbers[:_MATRIX_COLUMNS])
    if not names or not dataset.rows:
        return Matrix(rows=(), columns=(), values=())
    frame = dataset.frame.select(names)
    if dataset.rows > _MATRIX_ROWS:
        chosen = generator(0, "correlations").choice(dataset.rows, _MATRIX_ROWS, replace=False)
        frame = frame[np.sort(chosen)]
    matrix = frame.to_numpy().astype(np.float64)
    present = np.isfinite(matrix)
    count = np.maximum(present.sum(axis=0), 1)
    with np.errstate(all="ignore"):
        mean = np.where(present, matrix, 0).sum(axis=0) / count
        centred = np.where(present, matrix - mean, 0)
        scale = np.sqrt((centred**2).sum(axis=0))
        values = np.nan_to_num((centred / np.where(scale > 0, scale, 1)).T @ (centred / np.where(scale > 0, scale, 1)))
    clipped = np.clip(values, -1, 1)
    return Matrix(rows=names, columns=names, values=tuple(tuple(row) for row in clipped.round(6).tolist()))


def _missing_matrix(frame: "pl.DataFrame") -> Matrix:
    names = [name for name in frame.columns if frame[name].null_count()][:_MATRIX_COLUMNS]
    edges = np.linspace(0, frame.height, min(_MISSING_STRIPES, max(frame.height, 1)) + 1).astype(int)
    values = [
        [frame[name].slice(start, end - start).null_count() / max(end - start, 1) for name in names]
        for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]
    stripes = tuple(f"{start + 1}-{end}" for start, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
    if not names:
        return Matrix(rows=(), columns=(), values=())
    return Matrix(rows=stripes, columns=tuple(names), values=tuple(tuple(row) for row in values))


def _mean(series: "pl.Series") -> float | None:
    mean = series.mean()
    return float(mean) if isinstance(mean, int | float) else None


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
