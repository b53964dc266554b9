"""Which columns of a table make series: the time, what tells series apart, what else is measured or known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlwright.base.errors import BriefError, DataError
from mlwright.base.suggest import did_you_mean
from mlwright.data.infer import infer_schema
from mlwright.data.schema import Column, Role, Schema, SemanticType

if TYPE_CHECKING:
    import polars as pl

    from mlwright.data.readers.raw import Raw

# Of times that are no whole dates; `date_formats` knows the rest.
_COARSE = (
    "%Y-%m",
    "%Y/%m",
    "%m/%Y",
    "%m-%Y",
    "%b %Y",
    "%B %Y",
    "%b-%Y",
    "%b-%y",
    "%Y%m%d",
    "%Y %b",
    "%Y.%m",
    "%Y-%m-%d %H",
)
_STEPS = ("step", "t", "time", "period", "index", "ds", "tick", "day", "week", "month", "hour", "year")


@dataclass(frozen=True, slots=True)
class SeriesColumns:
    """The columns of series, and what was assumed: (field, value, why)."""

    schema: Schema
    time: Column
    target: Column
    group: tuple[Column, ...]
    known: tuple[Column, ...]
    past: tuple[Column, ...]
    assumed: tuple[tuple[str, str, str], ...]


def series_columns(
    raw: "Raw", target: str, roles: Mapping[str, Role], known: Sequence[str]
) -> SeriesColumns:  # fmt: skip
    """Return what each column is for.

    Args:
        raw: What a reader gave.
        target: The column to forecast.
        roles: As the brief gave them.
        known: Columns known ahead.

    Raises:
        DataError: There is no time, the target is no number, or a named column is not there.
    """
    schema = _with_coarse_times(raw, infer_schema(raw, target=target, roles=roles))
    if schema[target].type is not SemanticType.NUMBER:
        raise DataError(
            f"The target '{target}' holds {schema[target].type}; numbers were expected.",
            hint="name a column of numbers as data.target; classes are not forecast.",
        )
    for name in known:
        if name not in schema:
            raise BriefError(
                f"The column '{name}' of forecast.known is not in the data.", hint=did_you_mean(name, schema.names)
            )
    assumed: list[tuple[str, str, str]] = []
    time = _time(raw, schema, roles, assumed)
    group = _group(raw, schema, roles, (time.name, target, *known), assumed)
    rest = [column for column in schema.columns if column.name not in {time.name, target, *known, *group}]
    kept = [c for c in rest if c.role not in (Role.ID, Role.IGNORED, Role.WEIGHT) and roles.get(c.name) is not Role.ID]
    past = [column.name for column in kept if column.type is SemanticType.NUMBER]
    lost = [column.name for column in kept if column.type is not SemanticType.NUMBER]
    if lost:
        assumed.append((f"columns {', '.join(lost)}", "left out", "text is used only where it is known ahead"))
    given = {time.name: Role.TIME, target: Role.TARGET, **dict.fromkeys(group, Role.GROUP)}
    given |= dict.fromkeys((*known, *past), Role.FEATURE)
    typed = [time if column.name == time.name else column for column in schema.columns]
    final = Schema(columns=tuple(c.model_copy(update={"role": given.get(c.name, Role.IGNORED)}) for c in typed))
    take = {name: tuple(final[one] for one in part) for name, part in (("g", group), ("k", known), ("p", past))}
    return SeriesColumns(final, final[time.name], final[target], take["g"], take["k"], take["p"], tuple(assumed))


def _with_coarse_times(raw: "Raw", schema: Schema) -> Schema:
    """Type columns of months and the like, which are no dates elsewhere, as times."""
    import polars as pl

    changed: list[Column] = []
    for column in schema.columns:
        cells = raw.frame[column.name]
        if column.type is SemanticType.DATETIME or cells.dtype != pl.String or column.role is Role.TARGET:
            continue
        formats = _fitting(cells)
        if formats:
            update = {"type": SemanticType.DATETIME, "formats": formats, "levels": (), "reason": "months or dates"}
            changed.append(column.model_copy(update=update))
    return schema.replace(*changed)


def _fitting(cells: "pl.Series") -> tuple[str, ...]:
    from mlwright.data.cells import text_to_microseconds

    texts = cells.drop_nulls().unique(maintain_order=True).head(2000).to_list()
    for layout in _COARSE:
        if texts and all(text_to_microseconds(text, (layout,)) is not None for text in texts):
            return (layout,)
    return ()


def _time(raw: "Raw", schema: Schema, roles: Mapping[str, Role], assumed: list[tuple[str, str, str]]) -> Column:
    named = [name for name, role in roles.items() if role is Role.TIME]
    if named:
        column = schema[named[0]]
        if column.type in (SemanticType.DATETIME, SemanticType.NUMBER):
            return column
        example = "" if column.example is None else f", such as '{column.example}'"
        raise DataError(
            f"The time column '{column.name}' holds {column.type}{example}; dates or step numbers were expected.",
            hint="write dates as 2024-01-31 or 2024-01-31T13:00.",
        )
    dates = [column for column in schema.columns if column.type is SemanticType.DATETIME]
    steps = [
        column
        for column in schema.columns
        if column.type is SemanticType.NUMBER and column.integer and column.name.lower() in _STEPS
        if column.role is not Role.TARGET
    ]
    found = (dates or steps)[:1]
    if not found:
        raise DataError(
            f"No column of {raw.source} holds dates; a forecast needs to know when each value was measured.",
            hint="name the column of dates or step numbers: data.columns {NAME: time}.",
        )
    why = "it is the first column of dates" if dates else "it counts steps"
    assumed.append((f"data.columns.{found[0].name}", "time", why))
    return found[0]


def _group(
    raw: "Raw", schema: Schema, roles: Mapping[str, Role], taken: tuple[str, ...],
    assumed: list[tuple[str, str, str]],
) -> tuple[str, ...]:  # fmt: skip
    """Return the columns that tell series apart: as given, or one by which no time repeats."""
    given = tuple(name for name, role in roles.items() if role in (Role.GROUP, Role.ID))
    if given:
        return given
    time = raw.frame[taken[0]]
    if time.n_unique() == len(time):
        return ()
    for column in schema.columns:
        texts = column.type in (SemanticType.CATEGORY, SemanticType.ID, SemanticType.TEXT)
        if column.name in taken or roles.get(column.name) or not (texts or column.integer):
            continue
        if raw.frame.select(column.name, taken[0]).n_unique() == raw.frame.height:
            assumed.append((f"data.columns.{column.name}", "group", "times repeat, but never within one of its values"))
            return (column.name,)
    return ()
