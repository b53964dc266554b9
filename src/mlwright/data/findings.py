"""What a check found: one shape for quality, leaks and new batches."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict

Severity = Literal["info", "warning", "error"]
Evidence = float | int | str | bool | None | list[float] | list[int] | list[str]


class Finding(BaseModel):
    """One thing that a check found. Immutable.

    Attributes:
        check: The check's name, such as "duplicates".
        severity: "error" stops a run, "warning" is shown, "info" is for the record (a leak check that passed too).
        columns: The columns that it speaks of.
        message: One sentence with the numbers.
        evidence: The numbers by name.
        hint: What to do; empty when there is nothing to do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    check: str
    severity: Severity
    columns: tuple[str, ...] = ()
    message: str
    evidence: Mapping[str, Evidence] = {}
    hint: str = ""
