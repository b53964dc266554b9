"""Parquet and Arrow (Feather) files."""

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.data.csv_layout import MAX_COLUMNS
from mlwright.data.readers.raw import Raw, ReadOptions
from mlwright.data.readers.typed import raw_of

if TYPE_CHECKING:
    import polars as pl


class ParquetReader:
    """Reads a Parquet file."""

    traits: ClassVar[Traits] = Traits("Parquet", extra="train", requires=("polars", "pyarrow"))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read the file `source`.

        Raises:
            DataError: Broken, cut off, or too wide.
        """
        return raw_of(_read(Path(source), "Parquet"), Path(source))


class ArrowReader:
    """Reads an Arrow IPC or Feather file."""

    traits: ClassVar[Traits] = Traits("Arrow, Feather", extra="train", requires=("polars",))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read the file `source`.

        Raises:
            DataError: Broken, cut off, or too wide.
        """
        return raw_of(_read(Path(source), "Arrow"), Path(source))


def _read(path: Path, kind: str) -> "pl.DataFrame":
    import polars as pl

    try:
        width = len((pl.read_parquet_schema if kind == "Parquet" else pl.read_ipc_schema)(path))
        if width <= MAX_COLUMNS:
            return pl.read_parquet(path) if kind == "Parquet" else pl.read_ipc(path)
    except (pl.exceptions.PolarsError, OSError) as exc:
        raise DataError(
            f"'{path}' is a broken {kind} file: {str(exc)[:120]}.", hint="it may be cut off: copy or write it again."
        ) from exc
    raise DataError(
        f"'{path}' has {width:,} columns; at most {MAX_COLUMNS:,} can be used.",
        hint="keep the columns that matter, or reshape measurements that lie side by side into rows.",
    )
