"""What all readers of typed formats share: plain column types, checked names, the Raw around them."""

from pathlib import Path
from typing import TYPE_CHECKING

from mlwright.base.errors import DataError
from mlwright.data.csv_layout import checked_names
from mlwright.data.readers.csv_file import sha256_of
from mlwright.data.readers.csv_records import cleaned
from mlwright.data.readers.raw import Raw, ReadProblem

if TYPE_CHECKING:
    import polars as pl


def raw_of(frame: "pl.DataFrame", path: Path, problems: tuple[ReadProblem, ...] = ()) -> Raw:
    """Return the frame with plain types as a Raw of the file `path`.

    Raises:
        DataError: No columns or rows, too many columns, a column name twice.
    """
    plain, more = plain_frame(frame, str(path))
    return Raw(plain, (*problems, *more), str(path), sha256_of(path), ((path.name, frame.height),))


def plain_frame(frame: "pl.DataFrame", source: str) -> "tuple[pl.DataFrame, tuple[ReadProblem, ...]]":
    """Return the frame with columns of Float64, Int64, Boolean, Date, Datetime and String only."""
    import polars as pl

    if not frame.width:
        raise DataError(f"'{source}' has no columns.", hint="write it again, or name another file.")
    names, _ = checked_names([str(name) for name in frame.columns], source)
    if not frame.height:
        raise DataError(
            f"'{source}' has columns ({', '.join(names[:5])}) and no rows.",
            hint="export it again with its rows, or name another file.",
        )
    frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    problems: list[ReadProblem] = []
    columns = [_plain(series, problems) for series in frame.iter_columns()]
    texts = [series.name for series in columns if series.dtype == pl.String]
    result = pl.DataFrame(columns)
    return result.with_columns(cleaned(result.select(texts))) if texts else result, tuple(problems)


def _plain(series: "pl.Series", problems: list[ReadProblem]) -> "pl.Series":
    import polars as pl

    kind = series.dtype
    if kind.is_float() or kind.is_decimal():
        return series.cast(pl.Float64).fill_nan(None)
    if kind.is_integer():
        return series.cast(pl.Int64) if any(kind == narrow for narrow in _narrow_integers()) else series.cast(pl.String)
    if any(kind == known for known in (pl.Categorical, pl.Enum, pl.Time, pl.String)):
        return series.cast(pl.String)
    if any(kind == known for known in (pl.Boolean, pl.Date, pl.Null)):
        return series
    if kind == pl.Datetime:
        zoned = series.dt.convert_time_zone("UTC") if kind.time_zone else series  # type: ignore[attr-defined]
        return zoned.dt.replace_time_zone(None).cast(pl.Datetime("us"))
    if kind == pl.Duration:
        problems.append(ReadProblem(f"Column '{series.name}' holds durations; they are read as seconds", len(series)))
        return series.dt.total_microseconds().cast(pl.Float64) / 1e6
    problems.append(ReadProblem(f"Column '{series.name}' holds {kind}; its cells are read as text", len(series)))
    return pl.Series(series.name, [_as_text(cell) for cell in series.to_list()], dtype=pl.String)


def _narrow_integers() -> "tuple[type[pl.DataType], ...]":
    import polars as pl

    return (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.UInt8, pl.UInt16, pl.UInt32)


def _as_text(cell: object) -> str | None:
    import json

    if cell is None:
        return None
    return f"<{len(cell)} bytes>" if isinstance(cell, bytes) else json.dumps(cell, default=str, sort_keys=True)
