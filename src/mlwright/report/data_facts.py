"""Facts of the data: columns, quality, leaks, split."""

from typing import Literal

from mlwright.report.blocks import Block, Count, Histogram, Plain


class ColumnFact(Plain):
    """One column as the profile found it.

    Attributes:
        type, role: As in data/schema.py ("number", "feature", ...).
        missing_share: In [0, 1].
        top: A category's most frequent levels.
        histogram: Of a number or datetime.
    """

    name: str
    type: str
    role: str = "feature"
    missing_share: float = 0.0
    distinct: int | None = None
    minimum: float | None = None
    mean: float | None = None
    maximum: float | None = None
    top: tuple[Count, ...] = ()
    histogram: Histogram | None = None
    reason: str = ""


class FindingFact(Block):
    """A finding of the quality checks or of the leak battery."""

    check: str
    severity: Literal["info", "warning", "error"]
    columns: tuple[str, ...] = ()
    message: str
    hint: str = ""


class DataFacts(Block):
    """The table that was read.

    Attributes:
        classes: Rows of each class; empty for regression.
        target_histogram: Of a regression target.
        problems: What could not be read, in words with counts.
    """

    source: str
    sha256: str = ""
    rows: int
    target: str
    columns: tuple[ColumnFact, ...]
    classes: tuple[Count, ...] = ()
    target_histogram: Histogram | None = None
    problems: tuple[str, ...] = ()


class SplitFacts(Block):
    """How the sealed test was taken; made once."""

    strategy: str
    why: str = ""
    seed: int = 0
    train_rows: int
    test_rows: int
    folds: int | None = None
    opened: int = 1  # how often the test's labels were opened
