"""The masker that shap mixes rows with: what is unknown takes the values of every background row in turn."""

import numpy as np

from mlwright.data.columns import Array

BATCH_ROWS = 8_192  # rows for one call of the model; large enough that the call itself costs nothing


class Background:
    """Background rows as one of shap's maskers.

    shap's own `maskers.Independent` does the same, but compiles itself with numba first, which takes about ten seconds
    in every process; this one starts at once.
    """

    immutable_outputs = True  # every call returns a new array, so that shap need not copy it

    def __init__(self, codes: Array) -> None:
        self.codes = codes
        self.shape = codes.shape
        self.default_batch_size = max(1, BATCH_ROWS // len(codes))

    def __call__(self, mask: Array, row: Array) -> Array:
        """Return the background with the columns that `mask` names set to `row`'s, shape (background, columns)."""
        return np.where(mask, row, self.codes)

    def invariants(self, row: Array) -> Array:
        """Return where the background already has `row`'s value; shap spends nothing on columns that never differ."""
        return self.codes == row
