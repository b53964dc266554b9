"""A typed table: a polars frame and its schema. The training side of the normal form of `columns.py`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.cells import ISO_PATTERN, SHOWN_CHARACTERS, category_text, number_pattern, text_to_microseconds
from mlwright.data.columns import Array, Columns
from mlwright.data.readers.raw import Raw, ReadProblem
from mlwright.data.schema import Column, Schema, SemanticType

if TYPE_CHECKING:
    import polars as pl

# The usual ways to write ISO 8601, which polars parses ten times faster than the general pattern.
_DAY, _CLOCK = "[0-9]{4}-[0-9]{2}-[0-9]{2}", "[0-9]{2}:[0-9]{2}:[0-5][0-9]"
_FAST_ISO = {
    f"^{_DAY}T{_CLOCK}$": "%Y-%m-%dT%H:%M:%S",
    f"^{_DAY} {_CLOCK}$": "%Y-%m-%d %H:%M:%S",
    f"^{_DAY}$": "%Y-%m-%d",
}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Rows with a meaning. Immutable.

    Attributes:
        frame: Float64 for numbers, String for category, text and id, Datetime("us") in UTC; null is missing.
        schema: One column for each of the frame's, in its order.
    """

    frame: "pl.DataFrame"
    schema: Schema

    @property
    def rows(self) -> int:
        return self.frame.height

    def columns(self, names: Sequence[str] | None = None) -> Columns:
        """Return the named columns (all by default) in normal form.

        Raises:
            DataError: There is no such column.
        """
        wanted = self.schema.names if names is None else names
        return {name: _normal(self.frame[self.schema[name].name], self.schema[name].type) for name in wanted}

    def take(self, indices: Array | Sequence[int]) -> "Dataset":
        """Return the rows at `indices`, in that order."""
        return replace(self, frame=self.frame[np.asarray(indices, dtype=np.int64)])

    def with_schema(self, schema: Schema) -> "Dataset":
        """Return the same rows under another schema: other roles, or fewer columns; not other types."""
        for column in schema.columns:
            if column.type != self.schema[column.name].type:
                raise DataError(
                    f"Column '{column.name}' holds {self.schema[column.name].type}, not {column.type}.",
                    hint="build the dataset again from the raw table with the new schema.",
                )
        return Dataset(self.frame.select(schema.names), schema)


def to_dataset(raw: Raw, schema: Schema) -> tuple[Dataset, tuple[ReadProblem, ...]]:
    """Return the raw table typed by `schema`, and what could not be typed.

    A cell that does not parse becomes missing, and is counted and shown in a problem: never silently.

    Raises:
        DataError: A column of the schema is not in the table.
    """
    import polars as pl

    absent = [name for name in schema.names if name not in raw.frame.columns]
    if absent:
        raise DataError(
            f"'{raw.source}' lacks the column{'s' * (len(absent) > 1)} {', '.join(absent[:5])}.",
            hint="give a table with the columns of the schema.",
        )
    columns: list[pl.Series] = []
    problems: list[ReadProblem] = []
    for column in schema.columns:
        cells = raw.frame[column.name]
        typed = typed_series(cells, column)
        lost = cells.is_not_null() & typed.is_null()
        if lost.any():
            problems.append(_lost_cells(cells.filter(lost), column))
        columns.append(typed)
    return Dataset(pl.DataFrame(columns), schema), tuple(problems)


def typed_series(cells: "pl.Series", column: Column) -> "pl.Series":
    """Return the cells of one raw column in the dtype of its semantic type; what does not parse is null.

    Agrees with `cells.parse_cells`, cell by cell.
    """
    if column.type is SemanticType.NUMBER:
        return to_numbers(cells, column.decimal, column.thousands)
    if column.type is SemanticType.DATETIME:
        return to_datetimes(cells, column.formats)
    return _to_texts(cells, canonical=column.type is SemanticType.CATEGORY)


def to_numbers(cells: "pl.Series", decimal: str = ".", thousands: str = "") -> "pl.Series":
    """Return Float64; text that is no finite number is null."""
    import polars as pl

    if cells.dtype.is_numeric():
        numbers = cells.cast(pl.Float64)
    elif cells.dtype == pl.String:
        numbers = _text_to_numbers(cells, decimal, thousands)
    else:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Float64)
    finite = numbers.is_finite()
    return numbers if finite.all() else pl.select(pl.when(finite).then(numbers)).to_series().alias(cells.name)


def _text_to_numbers(cells: "pl.Series", decimal: str, thousands: str) -> "pl.Series":
    """In the plain form polars' own cast takes what `number_pattern` takes, and words for infinity, dropped later."""
    import polars as pl

    if decimal == "." and not thousands:
        return cells.cast(pl.Float64, strict=False)
    fits = cells.str.contains(number_pattern(decimal, thousands))
    plain = cells.str.replace_all(thousands, "", literal=True) if thousands else cells
    if decimal != ".":
        plain = plain.str.replace_all(decimal, ".", literal=True)
    return pl.select(pl.when(fits).then(plain)).to_series().alias(cells.name).cast(pl.Float64, strict=False)


def to_datetimes(cells: "pl.Series", formats: Sequence[str]) -> "pl.Series":
    """Return Datetime("us"); text that is no date in ISO 8601 or one of `formats` is null."""
    import polars as pl

    if cells.dtype.is_temporal() and cells.dtype != pl.Time:
        return cells.cast(pl.Datetime("us"))
    if cells.dtype != pl.String:
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Datetime("us"))
    moments = _iso_microseconds(cells)
    rest = cells.filter(moments.is_null() & cells.is_not_null()).unique()
    if len(rest) and formats:
        texts = rest.to_list()
        known = pl.Series([text_to_microseconds(text, formats) for text in texts], dtype=pl.Int64)
        moments = moments.fill_null(cells.replace_strict(rest, known, default=None, return_dtype=pl.Int64))
    return moments.cast(pl.Datetime("us")).alias(cells.name)


def _iso_microseconds(cells: "pl.Series") -> "pl.Series":
    """The arithmetic of `cells.text_to_microseconds`, a column at a time."""
    import polars as pl

    for pattern, layout in _FAST_ISO.items():
        if cells.head(100).str.contains(pattern).all() and cells.str.contains(pattern).all():
            moments = cells.str.to_datetime(layout, strict=False, time_unit="us")
            return pl.select(pl.when(moments.dt.year() > 0).then(moments.cast(pl.Int64))).to_series().alias(cells.name)
    if not cells.head(1000).drop_nulls().str.contains(ISO_PATTERN).any() and not cells.str.contains(ISO_PATTERN).any():
        return pl.Series(cells.name, [None] * len(cells), dtype=pl.Int64)
    part = pl.col("iso").struct.field
    hour, minute, second = (part(str(group)).fill_null("0").cast(pl.Int64) for group in (4, 5, 6))
    zone = part("8")
    digits = zone.str.slice(1).str.replace(":", "", literal=True).str.pad_end(4, "0")
    signed = zone.str.contains(r"^[+-]")
    zone_hour, zone_minute = digits.str.slice(0, 2), digits.str.slice(2, 2)
    offset = pl.when(signed).then(
        pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)
        * (zone_hour.cast(pl.Int64, strict=False) * 60 + zone_minute.cast(pl.Int64, strict=False))
    )
    date = pl.col("text").str.slice(0, 10).str.to_date("%Y-%m-%d", strict=False)
    fits = part("1").is_not_null() & (hour < 24) & (minute < 60) & (second < 60) & (date.dt.year() > 0)
    fits &= ~signed.fill_null(value=False) | (
        (zone_hour.cast(pl.Int64, strict=False) < 24) & (zone_minute.cast(pl.Int64, strict=False) < 60)
    )
    fraction = part("7").fill_null("").str.pad_end(6, "0").str.slice(0, 6).cast(pl.Int64)
    days = date.cast(pl.Int32).cast(pl.Int64)
    total = ((days * 24 + hour) * 60 + minute - offset.fill_null(0)) * 60 + second
    groups = cells.str.extract_groups(ISO_PATTERN)
    return pl.select(text=cells, iso=groups).select(pl.when(fits).then(total * 1_000_000 + fraction)).to_series()


def _to_texts(cells: "pl.Series", *, canonical: bool) -> "pl.Series":
    """Levels of a category are written as `cells.category_text` has them; other text stays as it is."""
    import polars as pl

    from mlwright.data.cells import plain_text

    if cells.dtype == pl.String:
        if not canonical:
            return cells
        suspect = cells.str.contains(r"^(?i:true|false)$|\.0+$").fill_null(value=False)
        if not suspect.any():
            return cells
        values = cells.filter(suspect).unique()
        texts = pl.Series([category_text(value) for value in values.to_list()], dtype=pl.String)
        return cells.replace(values, texts)
    values = cells.drop_nulls().unique()
    texts = [category_text(value) if canonical else plain_text(value) for value in values.to_list()]
    return cells.replace_strict(values, pl.Series(texts, dtype=pl.String), default=None, return_dtype=pl.String)


def _normal(series: "pl.Series", kind: SemanticType) -> Array:
    import polars as pl

    if kind is SemanticType.NUMBER:
        return np.array(series.to_numpy(), dtype=np.float64)
    if kind is SemanticType.DATETIME:
        # numpy divides exactly as Python does; polars multiplies by the reciprocal, which differs in the last bit.
        return np.array(series.cast(pl.Int64).cast(pl.Float64).to_numpy(), dtype=np.float64) / 1e6
    array = np.empty(len(series), dtype=object)
    array[:] = series.fill_null("").to_list()
    return array


def _lost_cells(lost: "pl.Series", column: Column) -> ReadProblem:
    examples = tuple(repr(cell)[:SHOWN_CHARACTERS] for cell in lost.unique(maintain_order=True).head(5).to_list())
    what = f"Cells of '{column.name}' that are not a {column.type} were taken as missing"
    return ReadProblem(what, len(lost), examples)
