"""What a reader gives: the table as it is written, and what was wrong with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Protocol

from mlwright.base.traits import Traits

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True)
class ReadProblem:
    """Something in a file that could not be used as it stood.

    Attributes:
        what: A sentence without its full stop.
        count: Lines or cells that it touches; 0 for a note on the whole file.
        examples: At most five, as written.
    """

    what: str
    count: int = 0
    examples: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader may be told.

    Attributes:
        base: Relative paths start here.
        query: SQL for a database; the name of a sheet for a workbook.
        max_bytes: A file that is longer than this when decompressed is refused.
    """

    base: Path
    query: str | None = None
    max_bytes: int = 16 * 2**30


@dataclass(frozen=True, slots=True)
class Raw:
    """A table as read: columns of CSV are all text, typed formats keep their types.

    Attributes:
        frame: Words for "missing" are null, texts are stripped.
        source: Where it came from, for people.
        sha256: Of the bytes that were read.
        parts: (file, rows) in the order of the rows; more than one when files were put together.
    """

    frame: "pl.DataFrame"
    problems: tuple[ReadProblem, ...]
    source: str
    sha256: str
    parts: tuple[tuple[str, int], ...]


class Reader(Protocol):
    """One format. Stateless; constructed with no arguments."""

    traits: ClassVar[Traits]

    def read(self, source: str, options: ReadOptions) -> Raw:
        """Read all of `source`."""
        ...
