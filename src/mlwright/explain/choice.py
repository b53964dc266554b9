"""Which rows are worth showing one by one."""

from typing import Literal

import numpy as np

from mlwright.data.columns import Array

Why = Literal["typical", "hardest", "highest", "lowest"]


def choose_rows(values: Array, predictions: Array, hardness: Array | None) -> list[tuple[int, Why]]:
    """Return places of rows and why each is worth a look; a row is named once.

    Args:
        values: SHAP values, shape (rows, columns, outputs).
        predictions: Shape (rows, outputs).
        hardness: Loss of each row, shape (rows,); without it the least certain row stands for the hardest: of several
            classes the one with the lowest top probability, of one output the one nearest to the middle of its range.
    """
    flat = values.reshape(len(values), -1)
    middle = np.median(flat, axis=0)
    typical = int(np.abs(flat - middle).sum(axis=1).argmin())
    top = predictions.max(axis=1)
    hardest = int((_doubt(predictions) if hardness is None else hardness).argmax())
    found: list[tuple[int, Why]] = [
        (typical, "typical"),
        (hardest, "hardest"),
        (int(top.argmax()), "highest"),
        (int(top.argmin()), "lowest"),
    ]
    seen: set[int] = set()
    return [pair for pair in found if not (pair[0] in seen or seen.add(pair[0]))]


def _doubt(predictions: Array) -> Array:
    if predictions.shape[1] > 1:
        return -predictions.max(axis=1)
    value = predictions[:, 0]
    return -np.abs(value - (value.min() + value.max()) / 2)
