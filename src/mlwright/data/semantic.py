"""The semantic type of one raw column: number, category, text, datetime or id."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlwright.data.cells import number_pattern
from mlwright.data.dataset import to_numbers
from mlwright.data.date_formats import formats_of
from mlwright.data.schema import SemanticType

if TYPE_CHECKING:
    import polars as pl

_ENOUGH_SHARE = 0.95  # of the cells must parse for a column to be of a type; the rest is reported
_SAMPLE_VALUES = 2_000
_INFINITY = r"(?i)^[+-]?inf(inity)?$"
_CODE = r"^0[0-9]+$"  # a postcode; as a number it would lose its zero
_NOTATIONS = ((".", ","), (",", ""), (",", "."), (".", " "), (",", " "), (".", "'"), (",", "\xa0"), (".", "\u202f"))
_ID_NAME = re.compile(r"(^|[_\W])(id|ids|uuid|guid|identifier|key|index|rowid|row_?number|nr)$", re.IGNORECASE)
_ID_CAMEL = re.compile(r"[a-z](Id|ID|Key|UUID|Uuid)$")
_DATE_NAME = re.compile(r"date|day|dt|time", re.IGNORECASE)
_COMPACT_DATE = r"^(19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])$"
_TEXT_WORDS = 3.0
_TEXT_CHARACTERS = 40.0
_TEXT_LEAST_VALUES = 50


@dataclass(frozen=True, slots=True)
class Guess:
    """A type, why, and how its cells are written."""

    type: SemanticType
    reason: str
    formats: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""


def guess_type(cells: "pl.Series") -> Guess:
    """Return the type of a raw column's cells.

    Integer codes of few values stay numbers: trees split them well, and who means categories can say so.
    """
    import polars as pl

    kind = cells.dtype
    if kind == pl.Boolean:
        return Guess(SemanticType.CATEGORY, "truth values")
    if kind.is_temporal():
        return Guess(SemanticType.DATETIME, "the file stores dates")
    if kind.is_numeric():
        return Guess(SemanticType.NUMBER, "the file stores numbers")
    present = cells.drop_nulls()
    if kind == pl.Null or not len(present):
        return Guess(SemanticType.CATEGORY, "no cell has a value")
    return _guess_text(present)


def named_as_id(name: str) -> bool:
    """Return whether a name says "identifier".

    Example:
        >>> [named_as_id(n) for n in ("PassengerId", "customer_id", "id", "humid", "paid")]
        [True, True, True, False, False]
    """
    return bool(_ID_NAME.search(name) or _ID_CAMEL.search(name))


def looks_like_row_number(present: "pl.Series") -> bool:
    """Return whether whole, different numbers go from n to n + rows - 1."""
    low, high = present.min(), present.max()
    return isinstance(low, float) and isinstance(high, float) and high - low == len(present) - 1


def _guess_text(present: "pl.Series") -> Guess:
    head = present.head(_SAMPLE_VALUES)
    hopeful = to_numbers(head).null_count() < len(head)
    if hopeful and not to_numbers(present).null_count() and not present.head(_SAMPLE_VALUES).str.contains(_CODE).any():
        return _compact_date(present) or _number("every value is a number", present)
    values = present.unique(maintain_order=True)
    sample = values.gather_every(max(1, len(values) // _SAMPLE_VALUES)).head(_SAMPLE_VALUES)
    known = _truth(values) or _code(sample) or _compact_date(present) or _numbers(present) or _dates(sample)
    return known or _category_text_or_id(present, values, sample)


def _number(reason: str, present: "pl.Series", decimal: str = ".", thousands: str = "") -> Guess:
    if decimal == "." and not thousands and present.head(_SAMPLE_VALUES).str.contains(_CODE).any():
        return Guess(SemanticType.CATEGORY, "digits that begin with zero: a code")
    return Guess(SemanticType.NUMBER, reason, decimal=decimal, thousands=thousands)


def _truth(values: "pl.Series") -> Guess | None:
    lowered = {value.lower() for value in values.head(8).to_list()}
    if lowered <= {"true", "false"}:
        return Guess(SemanticType.CATEGORY, "truth values")
    return None


def _code(sample: "pl.Series") -> Guess | None:
    digits = sample.str.contains("^[0-9]+$").mean()
    zeros = sample.str.contains(_CODE).mean()
    if isinstance(digits, float) and isinstance(zeros, float) and digits > _ENOUGH_SHARE and zeros > 0.01:
        return Guess(SemanticType.CATEGORY, "digits that begin with zero: a code, not a quantity")
    return None


def _compact_date(present: "pl.Series") -> Guess | None:
    """20240131 is a date only where the column's name says so."""
    if _DATE_NAME.search(present.name) and present.head(_SAMPLE_VALUES).str.contains(_COMPACT_DATE).all():
        return Guess(SemanticType.DATETIME, "dates written as %Y%m%d", formats=("%Y%m%d",))
    return None


def _numbers(present: "pl.Series") -> Guess | None:
    """The notation under which most cells are numbers; 1,234 alone is thousands, 1,5 is a decimal comma."""
    sample = present.gather_every(max(1, len(present) // (20 * _SAMPLE_VALUES)))
    best: tuple[float, str, str] = (_share(sample, ".", ""), ".", "")
    for decimal, thousands in _NOTATIONS:
        share = _share(sample, decimal, thousands)
        if share > best[0] + 1e-9:
            best = (share, decimal, thousands)
    share, decimal, thousands = best
    if share < _ENOUGH_SHARE:
        return None
    share = _share(present, decimal, thousands)
    written = f", written with decimal {decimal!r}" + (f" and thousands {thousands!r}" if thousands else "")
    notation = written if (decimal, thousands) != (".", "") else ""
    amount = "every value is a number" if share == 1 else f"{share:.1%} of the values are numbers"
    return _number(amount + notation, present, decimal, thousands)


def _share(present: "pl.Series", decimal: str, thousands: str) -> float:
    """Infinities count: the column is one of numbers, and they are reported when the table is typed."""
    fits = present.str.contains(number_pattern(decimal, thousands)) | present.str.contains(_INFINITY)
    return float(fits.sum()) / len(present)


def _dates(sample: "pl.Series") -> Guess | None:
    found = formats_of(sample.to_list())
    return Guess(SemanticType.DATETIME, found[1], formats=found[0]) if found else None


def _category_text_or_id(present: "pl.Series", values: "pl.Series", sample: "pl.Series") -> Guess:
    words, characters = _mean(sample.str.count_matches(r"\S+")), _mean(sample.str.len_chars())
    different = len(values) / len(present)
    many = len(values) >= _TEXT_LEAST_VALUES or (different > 0.5 and words > 2 * _TEXT_WORDS)
    code = words < 1.5 and different > 0.99  # a long hash
    if many and not code and (words >= _TEXT_WORDS or characters >= _TEXT_CHARACTERS):
        return Guess(SemanticType.TEXT, f"free text of {words:.0f} words on average, {len(values):,} different")
    if different > 0.99 and len(values) >= 20:
        return Guess(SemanticType.ID, f"{len(values):,} different short texts in {len(present):,} rows")
    return Guess(SemanticType.CATEGORY, f"{len(values):,} different texts in {len(present):,} rows")


def _mean(series: "pl.Series") -> float:
    mean = series.mean()
    return float(mean) if isinstance(mean, int | float) else 0.0
