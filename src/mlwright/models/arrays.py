"""The arrays of a fitted model as .npy files: exact, the same bytes for the same numbers, no pickle."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array


def save_arrays(directory: Path, arrays: Mapping[str, Array]) -> None:
    """Write one file an array into an existing directory."""
    for name, array in arrays.items():
        np.save(directory / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)


def load_arrays(directory: Path, *names: str) -> tuple[Array, ...]:
    """Read the arrays of these names.

    Raises:
        DataError: A file is missing or is no array of numbers.
    """
    try:
        return tuple(np.load(directory / f"{name}.npy", allow_pickle=False) for name in names)
    except (OSError, ValueError) as error:
        raise DataError(
            f"The arrays {', '.join(names)} cannot be read in {directory}: {error}.", hint="write the model again."
        ) from error
