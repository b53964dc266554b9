"""Where tables come from: files of the shared data, scikit-learn's bundled tables, and generators."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from bench.workspace import ROOT, BenchError

if TYPE_CHECKING:
    import pandas as pd

    Rows = tuple["pd.DataFrame", "pd.Series"]

MAX_CLASSES = 20  # whole numbers with more values than that are amounts
_FILES = MappingProxyType(
    {
        "titanic": ("titanic.csv", "Survived"),
        "online_shoppers": ("online_shoppers.csv.gz", "Revenue"),
        "wine_quality": ("wine_quality.csv", "quality"),
        "california_housing": ("california_housing.csv.gz", "median_house_value"),
        "bike_hour": ("bike_hour.csv", "cnt"),
    }
)
_BUNDLED = ("breast_cancer", "diabetes", "digits", "wine")
_ROWS = 4000  # of a generated table


def default_data() -> Path:
    """Return where the real tables lie: `$MLWRIGHT_DATA`, else `shared/data` beside the repository."""
    return Path(os.environ.get("MLWRIGHT_DATA") or ROOT.parent / "shared" / "data")


def names() -> tuple[str, ...]:
    """Return every table there is without operations."""
    return (*_FILES, *_BUNDLED, *_MADE)


def load(name: str, data: Path) -> "Rows":
    """Return features and target of a table.

    Raises:
        BenchError: There is no such table, or its file is not there.
    """
    if name in _FILES:
        return _from_file(data / "tabular" / _FILES[name][0], _FILES[name][1])
    if name in _BUNDLED:
        return _bundled(name)
    if name in _MADE:
        return _MADE[name](np.random.default_rng(0))
    raise BenchError(f"There is no table '{name}'; there are {', '.join(names())}.")


def _from_file(path: Path, target: str) -> "Rows":
    import pandas as pd

    if not path.is_file():
        raise BenchError(f"{path} is not there; say where the data lies in MLWRIGHT_DATA.")
    frame = pd.read_csv(path, float_precision="round_trip")
    return frame.drop(columns=[target]), frame[target]


def _bundled(name: str) -> "Rows":
    import sklearn.datasets

    found = getattr(sklearn.datasets, f"load_{name}")(as_frame=True)
    return found.data, found.target.rename("target")


def _frame(X: np.ndarray, y: np.ndarray) -> "Rows":
    import pandas as pd

    return pd.DataFrame(X, columns=[f"x{index}" for index in range(X.shape[1])]), pd.Series(y, name="target")


def _friedman1(rng: np.random.Generator) -> "Rows":
    """Friedman (1991), ten columns of which five tell something."""
    X = rng.random((_ROWS, 10))
    y = 10 * np.sin(np.pi * X[:, 0] * X[:, 1]) + 20 * (X[:, 2] - 0.5) ** 2 + 10 * X[:, 3] + 5 * X[:, 4]
    return _frame(X, y + rng.normal(size=_ROWS))


def _friedman_circuit(rng: np.random.Generator) -> np.ndarray:
    low, span = np.array([0, 40 * np.pi, 0, 1]), np.array([100, 520 * np.pi, 1, 10])
    return low + span * rng.random((_ROWS, 4))


def _friedman2(rng: np.random.Generator) -> "Rows":
    """Impedance of a circuit."""
    X = _friedman_circuit(rng)
    y = np.hypot(X[:, 0], X[:, 1] * X[:, 2] - 1 / (X[:, 1] * X[:, 3]))
    return _frame(X, y + rng.normal(size=_ROWS) * 125)


def _friedman3(rng: np.random.Generator) -> "Rows":
    """Phase of the same circuit."""
    X = _friedman_circuit(rng)
    y = np.arctan2(X[:, 1] * X[:, 2] - 1 / (X[:, 1] * X[:, 3]), X[:, 0])
    return _frame(X, y + rng.normal(size=_ROWS) * 0.1)


def _linear(rng: np.random.Generator) -> "Rows":
    """Thirty columns, a weighted sum of five, much noise: where a line beats every tree."""
    X = rng.normal(size=(1000, 30))
    return _frame(X, X[:, :5] @ np.array([3.0, -2.0, 1.0, 0.5, 0.25]) + rng.normal(size=1000) * 3)


def _rings(rng: np.random.Generator) -> "Rows":
    """Two classes by the length of a vector of ten (Hastie et al.), one label in twenty flipped."""
    X = rng.normal(size=(_ROWS, 10))
    y = (np.square(X).sum(axis=1) > 9.34) ^ (rng.random(_ROWS) < 0.05)
    return _frame(X, y.astype(np.int64))


def _clusters(rng: np.random.Generator) -> "Rows":
    """Five classes of three overlapping clusters each in twelve columns, and eight that tell nothing."""
    centres = rng.normal(size=(15, 12)) * 1.3
    cluster = rng.integers(0, 15, _ROWS)
    X = np.hstack([centres[cluster] + rng.normal(size=(_ROWS, 12)), rng.normal(size=(_ROWS, 8))])
    return _frame(X, cluster % 5)


def _shops(rng: np.random.Generator) -> "Rows":
    """Two classes from categories of 4, 40 and 400 levels and two numbers that interact with them."""
    import pandas as pd

    levels = {"region": 4, "town": 40, "shop": 400}
    codes = {name: rng.zipf(1.3, _ROWS) % count for name, count in levels.items()}
    effect = sum(rng.normal(size=count)[codes[name]] for name, count in levels.items())
    price, stock = rng.lognormal(size=_ROWS), rng.poisson(3, _ROWS)
    logit = effect - np.log(price) * (codes["region"] - 1.5) + 0.3 * stock - 1
    texts = {name: [f"{name}-{code}" for code in values] for name, values in codes.items()}
    rows = pd.DataFrame({**texts, "price": price, "stock": stock})
    return rows, pd.Series((rng.random(_ROWS) < 1 / (1 + np.exp(-logit))).astype(np.int64), name="sold")


def _claims(rng: np.random.Generator) -> "Rows":
    """A skewed amount, most of it zero, from numbers and two categories."""
    import pandas as pd

    age, power = rng.integers(18, 90, _ROWS), rng.gamma(2.0, 40.0, _ROWS)
    area, fuel = rng.integers(0, 22, _ROWS), rng.integers(0, 3, _ROWS)
    rate = np.exp(-2 + 0.01 * power + 0.02 * np.abs(age - 45) + rng.normal(size=22)[area] * 0.4 + 0.3 * (fuel == 1))
    amount = rng.poisson(np.minimum(rate, 5)) * rng.lognormal(5, 0.6, _ROWS)
    texts = {"area": [f"a{code}" for code in area], "fuel": np.array(["gas", "diesel", "power"])[fuel]}
    return pd.DataFrame({"age": age, "power": power, **texts}), pd.Series(amount, name="amount")


_MADE: Mapping[str, Callable[[np.random.Generator], "Rows"]] = MappingProxyType(
    {
        "friedman1": _friedman1,
        "friedman2": _friedman2,
        "friedman3": _friedman3,
        "linear": _linear,
        "rings": _rings,
        "clusters": _clusters,
        "shops": _shops,
        "claims": _claims,
    }
)
