"""Guess what each column is (semantic type) and what it is for (role), with the reason in words."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean
from mlwright.data.dataset import typed_series
from mlwright.data.readers.raw import Raw
from mlwright.data.schema import Column, Role, Schema, SemanticType
from mlwright.data.semantic import Guess, guess_type, looks_like_row_number, named_as_id

if TYPE_CHECKING:
    import polars as pl

MAX_LEVELS = 10_000
_LEAST_ROWS = 2
_LEAST_ROWS_FOR_ID = 20
_LEAST_GROUPS = 20
_LEAST_GROUPS_SHARE = 0.05  # of the rows: customers yes, shops no


def infer_schema(raw: Raw, *, target: str | None = None, roles: Mapping[str, Role] | None = None) -> Schema:
    """Return types and roles of a raw table's columns.

    Args:
        raw: What a reader gave.
        target: The column to predict; its role.
        roles: Roles that were given; they are not guessed again.

    Raises:
        DataError: A named column is not there, the target is given two ways, or there is one row only.
    """
    given = _checked_roles(raw, target, dict(roles or {}))
    if raw.frame.height < _LEAST_ROWS:
        raise DataError(
            f"'{raw.source}' has one row; a table to learn from was expected.",
            hint="give at least some dozens of rows.",
        )
    return Schema(columns=tuple(infer_column(series, given.get(series.name)) for series in raw.frame.iter_columns()))


def infer_column(cells: "pl.Series", role: Role | None = None) -> Column:
    """Return what one raw column is; `role` as given, else guessed."""
    guess = guess_type(cells)
    if role is Role.TARGET and guess.type is SemanticType.TEXT:
        guess = Guess(SemanticType.CATEGORY, "the target holds text, so its values are taken as classes")
    if role in (Role.FEATURE, Role.SENSITIVE) and guess.type is SemanticType.ID:
        guess = Guess(SemanticType.CATEGORY, f"{guess.reason}, but its role was given as {role}")
    if role in (Role.USER, Role.ITEM) and guess.type is not SemanticType.CATEGORY:
        guess = Guess(SemanticType.CATEGORY, f"its values are the names of {role}s")
    column = Column(
        name=cells.name, type=guess.type, formats=guess.formats, decimal=guess.decimal, thousands=guess.thousands
    )
    typed = typed_series(cells, column)
    column = _with_facts(column, typed)
    return _with_role(column, typed, role, guess.reason)


def _checked_roles(raw: Raw, target: str | None, roles: dict[str, Role]) -> dict[str, Role]:
    names = raw.frame.columns
    if target is not None:
        if target not in names:
            shown = ", ".join(f"'{name}'" for name in names[:12]) + (", ..." if len(names) > 12 else "")
            raise DataError(
                f"The target column '{target}' is not in {raw.source}; it has {shown}.",
                hint=f"{did_you_mean(target, names)} Set data.target in the brief.",
            )
        if roles.get(target, Role.TARGET) is not Role.TARGET:
            raise DataError(
                f"The column '{target}' is the target and also has the role {roles[target]}; one role was expected.",
                hint="take it out of data.columns, or choose another target.",
            )
        roles[target] = Role.TARGET
    for name in roles:
        if name not in names:
            raise DataError(
                f"The column '{name}', which has the role {roles[name]}, is not in {raw.source}.",
                hint=f"{did_you_mean(name, names)} Set data.columns in the brief.",
            )
    return roles


def _with_facts(column: Column, typed: "pl.Series") -> Column:
    present = typed.drop_nulls()
    facts: dict[str, object] = {"missing_share": typed.null_count() / len(typed)}
    if not len(present):
        return column.model_copy(update=facts)
    if column.type is SemanticType.NUMBER:
        facts |= {"minimum": present.min(), "maximum": present.max(), "integer": bool((present % 1 == 0).all())}
        facts["example"] = present[0]
    elif column.type is SemanticType.DATETIME:
        facts |= {"minimum": _seconds(present.min()), "maximum": _seconds(present.max())}
        facts["example"] = present.dt.to_string("%Y-%m-%dT%H:%M:%S")[0]
    else:
        facts["example"] = present[0][:200]
        if column.type is SemanticType.CATEGORY:
            facts["levels"] = levels_of(present)
    return column.model_copy(update=facts)


def levels_of(present: "pl.Series") -> tuple[str, ...]:
    """Return a category's levels, most frequent first, equal ones by name; at most 10,000."""
    counts = present.alias("level").value_counts(name="rows").sort("rows", "level", descending=[True, False])
    return tuple(counts["level"].head(MAX_LEVELS).to_list())


def _seconds(moment: object) -> float:
    from datetime import UTC, datetime

    return moment.replace(tzinfo=UTC).timestamp() if isinstance(moment, datetime) else 0.0


def _with_role(column: Column, typed: "pl.Series", role: Role | None, reason: str) -> Column:
    if role is not None:
        return column.model_copy(update={"role": role, "reason": f"{reason}; its role was given"})
    guessed, why = _guessed_role(column, typed)
    reason = f"{reason}; {why}" if why else reason
    return column.model_copy(update={"role": guessed, "reason": reason})


def _guessed_role(column: Column, typed: "pl.Series") -> tuple[Role, str]:
    """A numeric identifier stays a number, so that nothing is typed twice; the role keeps it from the model."""
    present = typed.drop_nulls()
    if not len(present):
        return Role.IGNORED, "every cell is missing, so it is left out"
    if not column.missing_share and bool((present == present[0]).all()):
        return Role.IGNORED, "every cell is the same, so it is left out"
    if column.type is SemanticType.ID:
        return Role.ID, "no model should learn single rows, so it is left out"
    whole = column.type is SemanticType.CATEGORY or (column.type is SemanticType.NUMBER and column.integer)
    named = named_as_id(column.name)
    counting = column.type is SemanticType.NUMBER and looks_like_row_number(present)
    if not whole or not (named or counting):
        return Role.FEATURE, ""
    different = present.n_unique()
    if different == len(present) >= _LEAST_ROWS_FOR_ID:
        return Role.ID, "it is named as an identifier and every value differs" if named else "it counts the rows"
    groups = max(_LEAST_GROUPS, _LEAST_GROUPS_SHARE * len(typed))
    if named and groups <= different < len(present):
        why = f"it names {different:,} entities that come back in several rows, which are kept on one side of a split"
        return Role.GROUP, why
    return Role.FEATURE, ""
