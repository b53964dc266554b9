"""From the scale on which a library learned the target back to the target's own: exact, numpy only, storable."""

from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.data.columns import Array

BackKind = Literal["none", "exp", "expm1", "yeo_johnson", "logistic", "knots"]


class Back(BaseModel):
    """A rising map from learned values to values of the target. Immutable.

    The learned value is held within `learned`, mapped, multiplied by `factor` and held above `minimum`.

    Attributes:
        kind: "none" x; "exp" e^x; "expm1" e^x - 1; "yeo_johnson" unit * the inverse of that transform with `power`;
            "logistic" 1 / (1 + e^-x); "knots" piecewise linear through (x, y).
        learned: Bounds of the learned value, a little beyond those of training: far out, an exponent is nonsense.
        factor: Corrects the mean, which a curved map shifts; 1 leaves it.
        minimum: No value of the target lies below; None where none is known.

    Example:
        >>> Back(kind="expm1", minimum=0.0).apply(np.array([-1.0, 0.0])).tolist()
        [0.0, 0.0]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: BackKind = "none"
    power: float = 1.0
    unit: float = 1.0
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    learned: tuple[float, float] | None = None
    factor: float = 1.0
    minimum: float | None = None

    @property
    def is_identity(self) -> bool:
        return self.kind == "none" and self.factor == 1.0 and self.minimum is None

    def apply(self, learned: Array) -> Array:
        """Return values of the target, float64, in the shape of the learned ones."""
        held = np.asarray(learned, dtype=np.float64)
        if self.learned is not None:
            held = np.clip(held, *self.learned)
        values = self.factor * self._map(held)
        return values if self.minimum is None else np.maximum(values, self.minimum)

    def _map(self, held: Array) -> Array:
        match self.kind:
            case "exp":
                return np.exp(held)
            case "expm1":
                return np.exp(held) - 1.0  # as the ONNX graph has it
            case "yeo_johnson":
                return self.unit * yeo_johnson_inverse(held, self.power)
            case "logistic":
                return 0.5 + 0.5 * np.tanh(0.5 * held)  # no overflow
            case "knots":
                return np.interp(held, np.array(self.x), np.array(self.y))
            case _:
                return held


def yeo_johnson(y: Array, power: float) -> Array:
    """Return the Yeo-Johnson transform, which is the identity at power 1 and log1p at power 0 for y >= 0.

    Source: Yeo and Johnson 2000, "A new family of power transformations to improve normality or symmetry".
    """
    up, down = np.maximum(y, 0.0), np.minimum(y, 0.0)
    above = np.log1p(up) if power == 0 else np.expm1(power * np.log1p(up)) / power
    rest = 2.0 - power
    below = -np.log1p(-down) if rest == 0 else -np.expm1(rest * np.log1p(-down)) / rest
    return np.where(y >= 0, above, below)


def yeo_johnson_inverse(x: Array, power: float) -> Array:
    """Return what `yeo_johnson` was given; beyond its range, the largest number that is."""
    up, down = np.maximum(x, 0.0), np.minimum(x, 0.0)
    rest = 2.0 - power
    above = np.exp(up) if power == 0 else np.maximum(power * up + 1.0, TINY) ** (1.0 / power)
    below = np.exp(-down) if rest == 0 else np.maximum(1.0 - rest * down, TINY) ** (1.0 / rest)
    return np.where(x >= 0, above - 1.0, 1.0 - below)


TINY = 1e-12
