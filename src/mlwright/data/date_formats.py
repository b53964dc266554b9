"""Which strptime formats a column's dates are written in; day and month told apart over the whole column."""

import re
from collections.abc import Sequence
from datetime import datetime

from mlwright.data.cells import ISO_PATTERN

_SEPARATED = re.compile(r"^([0-9]{1,4})([/.-])([0-9]{1,2})\2([0-9]{2,4})")
_LOOKS_LIKE_DATE = re.compile(
    r"[0-9]{1,4}[/.\- ][0-9A-Za-z]{1,9}[/.\-, ]|^[A-Za-z]{3,9},? +[0-9]|[0-9]{1,2}[A-Za-z]{3}"
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %H:%M:%S.%f", " %I:%M %p", " %I:%M:%S %p", ", %H:%M", " %H:%M:%S %z")
_NAMED = ("%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%b %d %Y", "%B %d %Y", "%d-%b-%Y", "%d-%B-%Y", "%d-%b-%y")
_NAMED_MORE = ("%d/%b/%Y", "%d. %B %Y", "%d. %b %Y", "%b-%d-%Y", "%d%b%Y", "%a, %d %b %Y")
_UNIX = "%a %b %d %H:%M:%S %Y"
_ENOUGH_SHARE = 0.95


def formats_of(texts: Sequence[str]) -> tuple[tuple[str, ...], str] | None:
    """Return the formats that read (nearly) all of `texts`, and why; None when they are no dates.

    An empty tuple of formats means ISO 8601.

    Args:
        texts: Different non-missing cells of one column, stripped.

    Example:
        >>> formats_of(["25/12/2020", "01/02/2021"])
        (('%d/%m/%Y',), 'dates written as %d/%m/%Y')
    """
    if not texts:
        return None
    iso = sum(bool(re.match(ISO_PATTERN, text)) for text in texts)
    if iso >= _ENOUGH_SHARE * len(texts):
        return (), "dates in ISO 8601"
    dated = sum(bool(_LOOKS_LIKE_DATE.search(text)) for text in texts[:200])
    if dated < 0.8 * len(texts[:200]):
        return None
    separated = [match for text in texts if (match := _SEPARATED.match(text))]
    if len(separated) >= _ENOUGH_SHARE * len(texts):
        return _numeric(texts, separated)
    return _fitting(texts, [name + time for name in (*_NAMED, *_NAMED_MORE) for time in _TIMES] + [_UNIX])


def _numeric(texts: Sequence[str], parts: list[re.Match[str]]) -> tuple[tuple[str, ...], str] | None:
    """25/12/2020 settles what 01/02/2020 leaves open."""
    separator = parts[0][2]
    if any(len(part[1]) == 4 for part in parts):
        return _fitting(texts, [f"%Y{separator}%m{separator}%d{time}" for time in _TIMES])
    year = "%Y" if any(len(part[4]) == 4 for part in parts) else "%y"
    day_first, month_first = f"%d{separator}%m{separator}{year}", f"%m{separator}%d{separator}{year}"
    first = max(int(part[1]) for part in parts)
    second = max(int(part[3]) for part in parts)
    if first > 12 and second > 12:
        return _fitting(texts, [layout + time for layout in (day_first, month_first) for time in _TIMES])
    if first > 12 or second > 12:
        return _fitting(texts, [(day_first if first > 12 else month_first) + time for time in _TIMES])
    # No day above 12 anywhere: the dot is a European habit, the slash stays open.
    chosen, other = (month_first, day_first) if separator == "/" else (day_first, month_first)
    found = _fitting(texts, [chosen + time for time in _TIMES])
    return found and (found[0], f"{found[1]}; no day is above 12, so {other} would fit as well")


def _fitting(texts: Sequence[str], layouts: list[str]) -> tuple[tuple[str, ...], str] | None:
    """Take the layout that reads most of what is left, until (nearly) all is read."""
    left, chosen = list(texts), list[str]()
    while len(left) > (1 - _ENOUGH_SHARE) * len(texts):
        head = left[:100]
        best = max(layouts, key=lambda layout: sum(_reads(layout, text) for text in head))
        rest = [text for text in left if not _reads(best, text)]
        if len(rest) == len(left):
            return None
        chosen.append(best)
        left = rest
    return tuple(chosen), f"dates written as {' or '.join(chosen)}"


def _reads(layout: str, text: str) -> bool:
    try:
        datetime.strptime(text, layout)  # noqa: DTZ007 - only whether it parses
    except ValueError:
        return False
    return True
