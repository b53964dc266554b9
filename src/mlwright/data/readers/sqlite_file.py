"""SQLite databases, through the standard library, for reading only."""

import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import ClassVar

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.data.csv_layout import checked_names
from mlwright.data.files import first_bytes
from mlwright.data.readers.raw import Raw, ReadOptions

_ALLOWED = frozenset([sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE])


class SqliteReader:
    """Reads the result of a query, or the only table."""

    traits: ClassVar[Traits] = Traits("SQLite", extra="train", requires=("polars",))

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read the database `source`.

        Raises:
            DataError: Broken, several tables and no query, a query that fails or does more than read.
        """
        from mlwright.data.readers.cell_columns import frame_of_rows
        from mlwright.data.readers.typed import raw_of

        path = Path(source)
        with open_query(path, options.query) as cursor:
            names, _ = checked_names([column[0] for column in cursor.description], str(path))
            frame = frame_of_rows(dict(zip(names, row, strict=True)) for row in cursor)
        if not frame.height:
            raise DataError(f"The query of '{path}' gives no rows.", hint="check its WHERE, or name another table.")
        return raw_of(frame, path)


@contextmanager
def open_query(path: Path, query: str | None) -> Generator[sqlite3.Cursor]:
    """Yield a cursor over a query's rows; without a query, over the only table's.

    Raises:
        DataError: As `SqliteReader.read`.
    """
    first_bytes(path)
    uri = f"{path.resolve().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as connection:
            wanted = query or f'SELECT * FROM "{_only_table(connection, path)}"'  # noqa: S608 - the name is the file's own
            connection.set_authorizer(_only_reads)  # ATTACH would open files that the contract never saw
            cursor = connection.execute(wanted)
            if cursor.description is None:
                raise DataError(f"The query of '{path}' gives no table.", hint="write one SELECT statement.")
            yield cursor
    except sqlite3.Error as exc:
        raise DataError(
            f"'{path}' does not answer the query: {exc}.", hint="write one SELECT over tables of this file."
        ) from exc


def _only_reads(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _ALLOWED else sqlite3.SQLITE_DENY


def _only_table(connection: sqlite3.Connection, path: Path) -> str:
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    tables = [name.replace('"', '""') for (name,) in found]
    if len(tables) != 1:
        raise DataError(
            f"'{path}' has {len(tables)} tables ({', '.join(tables[:10])}); a query or a single table was expected.",
            hint="give data.query in the brief: one SELECT statement.",
        )
    return tables[0]
