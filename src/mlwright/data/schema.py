"""What each column of a table means: its semantic type, its role, and how its cells are written."""

from collections.abc import Iterator
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean


class SemanticType(StrEnum):
    """What the cells of a column are."""

    NUMBER = "number"
    CATEGORY = "category"  # few repeated values, booleans included
    TEXT = "text"  # free text
    DATETIME = "datetime"
    ID = "id"  # (nearly) every value differs and says nothing of the row


class Role(StrEnum):
    """What a column is for."""

    FEATURE = "feature"
    TARGET = "target"
    GROUP = "group"  # rows of one group stay on one side of every split
    TIME = "time"  # rows are split by it, the latest for the test
    WEIGHT = "weight"
    SENSITIVE = "sensitive"  # measured for fairness, never a feature
    ID = "id"
    IGNORED = "ignored"
    USER = "user"  # who: of interactions
    ITEM = "item"  # what was bought, seen, rated


class Column(BaseModel):
    """One column. Immutable.

    Attributes:
        integer: All numbers seen were whole.
        missing_share: Share of missing cells seen, in [0, 1].
        minimum, maximum: Of the numbers seen (a datetime's in seconds since 1970, UTC); None for other types.
        levels: A category's values, most frequent first, at most 10,000.
        formats: strptime formats in which datetimes are written, in order of trial; empty means ISO 8601.
        decimal, thousands: How numbers are written in text cells.
        example: A value seen, as a caller of the service would send it.
        reason: Why this type and role were chosen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    type: SemanticType
    role: Role = Role.FEATURE
    integer: bool = False
    missing_share: float = 0.0
    minimum: float | None = None
    maximum: float | None = None
    levels: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    example: float | str | None = None
    reason: str = ""


class Schema(BaseModel):
    """The columns of a table, in the order of the file. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[Column, ...]

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise DataError(f"There is no column '{name}'.", hint=did_you_mean(name, self.names))

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def iterate(self) -> Iterator[Column]:
        return iter(self.columns)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def inputs(self) -> tuple[Column, ...]:
        """The columns a model may look at: features and the time column."""
        return tuple(column for column in self.columns if column.role in (Role.FEATURE, Role.TIME))

    @property
    def target(self) -> Column | None:
        return next(iter(self.with_role(Role.TARGET)), None)

    def with_role(self, role: Role) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.role == role)

    def replace(self, *changed: Column) -> "Schema":
        """Return a schema in which the columns of the same names are exchanged."""
        new = {column.name: column for column in changed}
        return Schema(columns=tuple(new.get(column.name, column) for column in self.columns))
