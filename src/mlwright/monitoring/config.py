"""The limits of a check: `monitoring/monitor.toml` of a delivery."""

import re
import tomllib
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mlwright.base.errors import DataError
from mlwright.base.suggest import did_you_mean

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AGE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([smhdw])\s*")


class Limits(BaseModel):
    """A finding of at least `warning` warns, of at least `alarm` alarms. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    warning: Annotated[float, Field(ge=0)]
    alarm: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _ordered(self) -> "Limits":
        if self.warning > self.alarm:
            raise ValueError(f"warning ({self.warning:g}) is above alarm ({self.alarm:g})")
        return self


class MonitorConfig(BaseModel):
    """The rules of a check. Immutable.

    Attributes:
        alpha: Chance that a check of unchanged data finds anything in the inputs (and, again, in the predictions).
        minor_importance: An alarm of an input less important than this is a warning.
        ignore: Inputs that are not watched.
        freshness: The greatest age of the newest row, by datetime input: "2d", "6h".
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.001
    minimum_rows: Annotated[int, Field(ge=1)] = 30
    minor_importance: float = 0.005
    ignore: tuple[str, ...] = ()
    seed: int = 0
    drift: Limits = Limits(warning=0.02, alarm=0.1)
    prediction: Limits = Limits(warning=0.02, alarm=0.1)
    missing: Limits = Limits(warning=0.005, alarm=0.05)
    unseen: Limits = Limits(warning=0.005, alarm=0.05)
    range: Limits = Limits(warning=0.005, alarm=0.05)
    duplicates: Limits = Limits(warning=0.2, alarm=1.0)
    quality: Limits = Limits(warning=0.05, alarm=0.25)
    freshness: dict[str, str] = {}

    @model_validator(mode="after")
    def _ages(self) -> "MonitorConfig":
        for column, age in self.freshness.items():
            if _AGE.fullmatch(age) is None:
                raise ValueError(f"freshness.{column} is '{age}', expected a number and s, m, h, d or w, as in 2d")
        return self

    def age_seconds(self, column: str) -> float | None:
        """Return the greatest age allowed for this column, None if none is set."""
        match = _AGE.fullmatch(self.freshness.get(column, ""))
        return float(match[1]) * _UNITS[match[2]] if match else None


_DEFAULT = """\
# What `mlwright monitor` finds worth saying. A finding needs both: it is significant, corrected for every test of the
# check, and it is large enough. Below "warning" nothing is said; from "alarm" on the exit code is 4 (a warning's is 3).

alpha = 0.001              # chance that a check of unchanged data finds anything
minimum_rows = 30          # fewer rows are checked too, with a remark
minor_importance = 0.005   # an alarm of an input that matters less to the model than this is only a warning
ignore = []                # inputs that are not watched
seed = 0

[drift]                    # inputs: the share of rows that moved
warning = 0.02
alarm = 0.1

[prediction]               # predictions: the share of rows that moved
warning = 0.02
alarm = 0.1

[missing]                  # the share of cells newly missing
warning = 0.005
alarm = 0.05

[unseen]                   # the share of rows with a level never seen, beyond what is to be expected
warning = 0.005
alarm = 0.05

[range]                    # the share of rows outside the range seen
warning = 0.005
alarm = 0.05

[duplicates]               # the share of rows that repeat another, beyond the baseline's
warning = 0.2
alarm = 1.0

[quality]                  # growth of the error, where labels are given: 0.05 is 5 % more error
warning = 0.05
alarm = 0.25

[freshness]                # greatest age of the newest row, by datetime column
# ordered_at = "2d"
"""


def write_default_config(path: Path) -> None:
    """Write the default limits, with comments."""
    path.write_text(_DEFAULT, encoding="utf-8")


def load_config(path: Path) -> MonitorConfig:
    """Read limits from TOML; what is absent keeps its default.

    Raises:
        DataError: The file is absent, no TOML, or has an unknown key or a value out of range.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}.", hint="write it anew with write_default_config.") from error
    try:
        return MonitorConfig.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        known = list(Limits.model_fields) if "." in where else list(MonitorConfig.model_fields)
        unknown = first["type"] == "extra_forbidden"
        hint = did_you_mean(where.rpartition(".")[2], known) if unknown else "see the comments of the default file."
        said = "is not a setting" if unknown else first["msg"]
        raise DataError(f"{path}: '{where}' {said}." if where else f"{path}: {said}.", hint=hint) from error
