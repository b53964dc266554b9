"""Facts a capability states about itself; planner, `mlwright list`, `doctor` and the docs read the same line."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Traits:
    """What a registered class needs and can do.

    Attributes:
        summary: One line for people.
        extra: The extra of `mlwright` that installs what it needs; empty for the base install.
        requires: Import names that must be present.
        onnx: Whether what it makes can be exported to ONNX.
    """

    summary: str
    extra: str = ""
    requires: tuple[str, ...] = ()
    onnx: bool = True


# What carrying out a brief needs whatever its kind; using a delivery needs none of it.
TRAINING = Traits(summary="Carry out a brief", extra="train", requires=("yaml", "polars", "psutil", "jinja2"))
