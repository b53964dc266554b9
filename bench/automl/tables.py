"""The development tables, by name: real ones, synthetic ones, and variants of both, all deterministic.

A variant is a table and operations after plus signs, from left to right: `wine_quality+rows1000+missing20`. So there
are as many development tables as anyone wants, and no result has to hang on the five that everybody knows.
"""

import re
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bench.automl import sources
from bench.workspace import BenchError

if TYPE_CHECKING:
    import pandas as pd

Indices = npt.NDArray[np.int64]
CORE = (
    "titanic",
    "online_shoppers",
    "wine_quality",
    "california_housing",
    "bike_hour",
    "breast_cancer",
    "diabetes",
    "digits",
    "wine",
)
# Many small differences from tables that everybody knows: what holds here has a chance to hold on a table unseen.
DEVELOPMENT = (
    "titanic+drop30+noise4",
    "titanic+missing15",
    "online_shoppers+rows1500",
    "online_shoppers+rows6000+drop30",
    "online_shoppers+rare3",
    "wine_quality+rows1200+noise6",
    "wine_quality+two",
    "wine_quality+drop40",
    "california_housing+rows800",
    "california_housing+bins4",
    "california_housing+rows5000+missing10+noise6",
    "bike_hour+rows2500",
    "bike_hour+bins2+drop20",
    "bike_hour+bins6",
    "breast_cancer+rows200+noise20",
    "breast_cancer+drop80",
    "diabetes+bins3",
    "diabetes+bins2+missing10",
    "digits+rows600+drop50",
    "digits+missing20",
    "wine+noise15",
    "friedman1+noise10",
    "friedman1+rows300",
    "friedman2",
    "friedman3+missing5",
    "linear",
    "rings+rows1500",
    "clusters",
    "clusters+two+missing10",
    "shops",
    "shops+rows1000",
    "claims",
)
SETS = MappingProxyType({"core": CORE, "development": DEVELOPMENT})
METRICS = MappingProxyType({"binary": "roc_auc", "multiclass": "log_loss", "regression": "rmse"})
_TEST_SHARE = 0.25


@dataclass(frozen=True, slots=True)
class Table:
    """Rows with a target.

    Attributes:
        name: With its operations.
        task: binary, multiclass or regression.
        rows: Features only, as pandas reads them from a file.
        y: The target: class labels or numbers.
    """

    name: str
    task: str
    rows: "pd.DataFrame"
    y: "pd.Series"

    @property
    def metric(self) -> str:
        return METRICS[self.task]


def table(name: str, data: Path) -> Table:
    """Return a table by its name.

    Args:
        name: Of the table, and operations after plus signs.
        data: Where the real tables lie.

    Raises:
        BenchError: There is no such table or operation, or its file is not there.
    """
    base, *operations = name.split("+")
    rows, y = sources.load(base, data)
    found = Table(base, _task(y), rows, y)
    for operation in operations:
        match = re.fullmatch(r"([a-z]+)(\d*)", operation)
        if match is None or match[1] not in OPERATIONS or bool(match[2]) is (match[1] in _WITHOUT_NUMBER):
            raise BenchError(f"There is no operation '{operation}'; there are {', '.join(OPERATIONS)} and a number.")
        # Seeded by the name up to here, never by the split's seed: a variant is one table.
        rng = np.random.default_rng(zlib.crc32(f"{found.name}+{operation}".encode()))
        found = OPERATIONS[match[1]](found, int(match[2] or 0), rng)
        found = replace(found, name=f"{found.name}+{operation}")
    return found


def split(found: Table, seed: int) -> tuple[Indices, Indices]:
    """Return the indices of the training and the test rows: 75 and 25 %, classes in proportion.

    A class with one row is trained on.
    """
    from sklearn.model_selection import train_test_split

    everything = np.arange(len(found.y))
    if found.task == "regression":
        train, test = train_test_split(everything, test_size=_TEST_SHARE, random_state=seed)
        return train, test
    alone = (found.y.groupby(found.y).transform("size") == 1).to_numpy()
    rest = everything[~alone]
    classes = found.y.to_numpy()[rest]
    train, test = train_test_split(rest, test_size=_TEST_SHARE, random_state=seed, stratify=classes)
    return np.concatenate([train, everything[alone]]), test


def _task(y: "pd.Series") -> str:
    if y.dtype.kind == "f" or y.nunique() > sources.MAX_CLASSES:
        return "regression"
    return "binary" if y.nunique() == 2 else "multiclass"


def _rows(found: Table, count: int, rng: np.random.Generator) -> Table:
    """Keep `count` rows, classes roughly in proportion."""
    kept = np.sort(rng.permutation(len(found.y))[:count])
    return _take(found, kept)


def _take(found: Table, kept: Sequence[int] | Indices) -> Table:
    y = found.y.iloc[kept].reset_index(drop=True)
    return Table(found.name, found.task, found.rows.iloc[kept].reset_index(drop=True), y)


def _drop(found: Table, percent: int, rng: np.random.Generator) -> Table:
    """Drop `percent` of the columns."""
    names = list(found.rows.columns)
    count = min(len(names) - 1, round(len(names) * percent / 100))
    gone = rng.permutation(len(names))[:count]
    return replace(found, rows=found.rows.drop(columns=[names[index] for index in gone]))


def _noise(found: Table, count: int, rng: np.random.Generator) -> Table:
    """Add columns that tell nothing: normal, uniform, and random words in turn."""
    import pandas as pd

    size = len(found.y)
    makers: list[Callable[[], npt.NDArray[np.generic]]] = [
        lambda: rng.normal(size=size),
        lambda: rng.random(size),
        lambda: np.array([f"w{code}" for code in rng.integers(0, 12, size)]),
    ]
    added = {f"noise_{index}": makers[index % 3]() for index in range(count)}
    return replace(found, rows=pd.concat([found.rows, pd.DataFrame(added)], axis=1))


def _missing(found: Table, percent: int, rng: np.random.Generator) -> Table:
    """Empty `percent` of all cells."""
    holes = rng.random(found.rows.shape) < percent / 100
    return replace(found, rows=found.rows.mask(holes))


def _bins(found: Table, count: int, _: np.random.Generator) -> Table:
    """Cut a number into `count` classes of the same size."""
    import pandas as pd

    if found.task != "regression":
        raise BenchError(f"'{found.name}' has classes already.")
    codes = pd.qcut(found.y, count, labels=False, duplicates="drop")
    y = codes.map(lambda code: f"b{code}").rename(found.y.name)
    return replace(found, y=y, task="binary" if y.nunique() == 2 else "multiclass")


def _two(found: Table, _: int, __: np.random.Generator) -> Table:
    """Keep the rows of the two largest classes."""
    if found.task == "regression":
        raise BenchError(f"'{found.name}' has no classes.")
    largest = found.y.value_counts().sort_index().sort_values(ascending=False, kind="stable").index[:2]
    return replace(_take(found, np.flatnonzero(found.y.isin(largest).to_numpy())), task="binary")


def _rare(found: Table, percent: int, rng: np.random.Generator) -> Table:
    """Thin the smaller of two classes out until it is `percent` of the rows."""
    counts = found.y.value_counts()
    if found.task != "binary":
        raise BenchError(f"'{found.name}' has not two classes.")
    small = np.flatnonzero((found.y == counts.index[-1]).to_numpy())
    large = np.flatnonzero((found.y != counts.index[-1]).to_numpy())
    count = min(len(small), round(len(large) * percent / (100 - percent)))
    return _take(found, np.sort(np.concatenate([large, rng.permutation(small)[:count]])))


Operation = Callable[[Table, int, np.random.Generator], Table]
OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        "rows": _rows,
        "drop": _drop,
        "noise": _noise,
        "missing": _missing,
        "bins": _bins,
        "two": _two,
        "rare": _rare,
    }
)
_WITHOUT_NUMBER = ("two",)
