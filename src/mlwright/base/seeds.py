"""Seeds derived from one seed by name, so that adding a step never changes another step's draws."""

from hashlib import blake2b

import numpy as np


def derive_seed(seed: int, *names: str | int) -> int:
    """Return a seed in [0, 2**31) for the thing called `names`.

    Example:
        >>> derive_seed(0, "split") == derive_seed(0, "split")
        True
    """
    text = "\x1f".join([str(seed), *map(str, names)])
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") % 2**31


def generator(seed: int, *names: str | int) -> np.random.Generator:
    """Return numpy's generator for the thing called `names`."""
    return np.random.default_rng(derive_seed(seed, *names))
