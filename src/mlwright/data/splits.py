"""Split rows once for the sealed test and into folds inside the training part: stratified, by group or by time.

Rows that are exact copies of each other stay on one side, and so do rows of one group, whatever the strategy (by time
apart). Only where a table is so coarse that the same row comes again and again is a copy not told from a new row.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import derive_seed, generator
from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset
from mlwright.data.schema import Role, SemanticType

if TYPE_CHECKING:
    import polars as pl

Strategy = Literal["auto", "random", "stratified", "group", "time"]
_LEAST_TEST_ROWS = 2
_STRATA = 10  # of a number's values
_MOST_TIMES_WANTED = 2
_LARGE_SET_ROWS = 10
_LARGE_SET_SHARE = 0.02


@dataclass(frozen=True, slots=True)
class SplitPlan:
    """How the sealed test is taken.

    Attributes:
        test_share: Of the rows, in (0, 1).
        strategy: "auto" takes time where a time column is set, group where a group column is, else stratified.
        seed: The same seed gives the same split.
        by_class: The target holds classes, also where they are written as numbers.
    """

    test_share: float = 0.2
    strategy: Strategy = "auto"
    seed: int = 0
    by_class: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of both sides, ascending int64, and how and why they were chosen."""

    train: Array
    test: Array
    strategy: str
    why: str


@dataclass(frozen=True, slots=True)
class FoldPlan:
    """How the training part is folded. `k` folds, each row once in a validation part per repeat (but with time)."""

    k: int = 5
    repeats: int = 1
    strategy: Strategy = "auto"
    seed: int = 0


@dataclass(frozen=True, slots=True)
class FoldArrays:
    """What folds look at, when there is no dataset at hand.

    Attributes:
        y: Class codes (integers) or values (floats), shape (rows,).
        groups: Codes of rows that stay together, shape (rows,), or None.
        time: Seconds, shape (rows,), or None.
    """

    y: Array
    groups: Array | None = None
    time: Array | None = None


Folds = tuple[tuple[Array, Array], ...]


def split_test(dataset: Dataset, plan: SplitPlan) -> Split:
    """Take the test rows.

    Raises:
        DataError: The share is out of range, a column that the strategy needs is absent, or there are too few rows.

    Example:
        >>> import polars as pl
        >>> from mlwright.data.schema import Column, Schema
        >>> table = Dataset(
        ...     pl.DataFrame({"x": [float(i) for i in range(10)]}),
        ...     Schema(columns=(Column(name="x", type=SemanticType.NUMBER),)),
        ... )
        >>> len(split_test(table, SplitPlan(test_share=0.3)).test)
        3
    """
    if not 0 < plan.test_share < 1:
        raise DataError(
            f"The share of test rows is {plan.test_share}; a number between 0 and 1 was expected.",
            hint="0.2 is usual.",
        )
    if round(dataset.rows * plan.test_share) < _LEAST_TEST_ROWS or dataset.rows < 2 * _LEAST_TEST_ROWS:
        raise DataError(
            f"{dataset.rows} rows leave {round(dataset.rows * plan.test_share)} for the test; at least "
            f"{_LEAST_TEST_ROWS} were expected.",
            hint="give more rows, or a larger share for the test.",
        )
    strategy, why = _strategy_of(dataset, plan.strategy)
    if strategy == "time":
        test, extra = _latest(dataset, plan.test_share)
    else:
        arrays = fold_arrays(dataset, strategy, by_class=plan.by_class)
        test, extra = _drawn(arrays, plan, stratify=strategy != "random"), ""
    if not test.any() or test.all():
        raise DataError(
            f"Split by {strategy}, all rows fall on one side.",
            hint="the groups or times are too few: give more of them, or choose the strategy 'stratified'.",
        )
    return Split(np.flatnonzero(~test), np.flatnonzero(test), strategy, why + extra)


def folds(rows: Dataset | FoldArrays, plan: FoldPlan) -> Folds:
    """Return `plan.k * plan.repeats` pairs (train rows, validation rows), ascending.

    By time, fold i trains on what lies before its validation part; the earliest rows are never validated on.

    Raises:
        DataError: Fewer rows, groups or times than folds.
    """
    if isinstance(rows, Dataset):
        strategy, _ = _strategy_of(rows, plan.strategy)
        arrays = fold_arrays(rows, strategy)
    else:
        arrays, strategy = rows, _strategy_of_arrays(rows, plan.strategy)
    if plan.k < 2 or plan.repeats < 1:
        raise DataError(f"{plan.k} folds, {plan.repeats} times; at least 2 and 1 were expected.", hint="5 is usual.")
    if strategy == "time":
        return _folds_by_time(arrays, plan.k)
    units = _units(arrays.groups, len(arrays.y))
    if units.max() + 1 < plan.k:
        raise DataError(
            f"{units.max() + 1} different rows or groups cannot make {plan.k} folds.", hint="take fewer folds."
        )
    strata = _strata(arrays.y) if strategy != "random" else np.zeros(len(arrays.y), dtype=np.int64)
    found: list[tuple[Array, Array]] = []
    for repeat in range(plan.repeats):
        fold = _dealt(units, strata, plan.k, derive_seed(plan.seed, "folds", repeat))
        found.extend((np.flatnonzero(fold != i), np.flatnonzero(fold == i)) for i in range(plan.k))
    return tuple(found)


def fold_arrays(dataset: Dataset, strategy: str = "auto", *, by_class: bool = False) -> FoldArrays:
    """Return the arrays that folds look at; exact copies of a row are in one group with it; `by_class` as in a plan."""
    import polars as pl

    columns = [column for column in dataset.schema.columns if column.role is Role.GROUP]
    copies = copies_of(dataset)
    if copies_are_natural(copies):
        copies = np.arange(dataset.rows)
    units = _joined([copies, *(_codes(dataset.frame[column.name]) for column in columns)]) if columns else copies
    target = dataset.schema.target
    if target is None:
        y: Array = np.zeros(dataset.rows, dtype=np.int64)
    elif target.type is SemanticType.NUMBER and not by_class:
        y = dataset.frame[target.name].fill_null(float("nan")).to_numpy()
    else:
        y = _codes(dataset.frame[target.name])
    time = dataset.schema.with_role(Role.TIME)
    seconds = dataset.columns([time[0].name])[time[0].name] if time and strategy in ("auto", "time") else None
    if seconds is not None and seconds.dtype == object:
        seconds = dataset.frame[time[0].name].rank("dense").cast(pl.Float64).to_numpy()
    return FoldArrays(np.asarray(y), units, seconds)


def _strategy_of(dataset: Dataset, wanted: Strategy) -> tuple[str, str]:
    time, groups = dataset.schema.with_role(Role.TIME), dataset.schema.with_role(Role.GROUP)
    if wanted == "time" and not time:
        raise DataError("A split by time needs a column with the role time.", hint="set data.columns: {when: time}.")
    if wanted == "group" and not groups:
        raise DataError("A split by group needs a column with the role group.", hint="set data.columns: {who: group}.")
    if wanted == "time" or (wanted == "auto" and time):
        return "time", f"the latest rows by '{time[0].name}' are the test, as the model will meet the future"
    if wanted == "group" or (wanted == "auto" and groups):
        return "group", f"rows of one '{groups[0].name}' stay on one side, as the model will meet new ones"
    if wanted == "random":
        return "random", "rows were drawn at random, as the brief asks"
    if dataset.schema.target is None:
        return "random", "there is no target to stratify by"
    return "stratified", f"both sides have the same mix of '{dataset.schema.target.name}'"


def _strategy_of_arrays(arrays: FoldArrays, wanted: Strategy) -> str:
    if wanted == "auto":
        return "time" if arrays.time is not None else "stratified"
    if wanted == "time" and arrays.time is None:
        raise DataError("Folds by time need the rows' times.", hint="give FoldArrays(time=...).")
    return wanted


def _latest(dataset: Dataset, share: float) -> tuple[Array, str]:
    """Equal times stay together, and a group that reaches into the test is kept out of training by the leak checks."""
    time = fold_arrays(dataset, "time").time
    if time is None or np.isnan(time).any():
        missing = 0 if time is None else int(np.isnan(time).sum())
        raise DataError(
            f"The time column is missing in {missing:,} rows; every row's time was expected.",
            hint="remove these rows, or give the column the role feature.",
        )
    wanted = max(_LEAST_TEST_ROWS, round(len(time) * share))
    border = np.sort(time)[len(time) - wanted]
    test = time >= border
    if test.all() or test.mean() > 2 * share:
        test = time > border
    return test, f" (from {np.datetime64(int(border), 's')} on)"


def _drawn(arrays: FoldArrays, plan: SplitPlan, *, stratify: bool) -> Array:
    """Whole units (copies, groups) are drawn per stratum until its share is reached."""
    rows = len(arrays.y)
    units = _units(arrays.groups, rows)
    strata = _strata(arrays.y) if stratify else np.zeros(rows, dtype=np.int64)
    test = _taken(units, strata, plan.test_share, generator(plan.seed, "split"))
    return test & ~lone_rows(arrays) if plan.by_class else test


def _taken(units: Array, strata: Array, share: float, random: np.random.Generator) -> Array:
    count = int(units.max()) + 1
    size = np.bincount(units, minlength=count)
    stratum = _main_stratum(units, strata, count)
    order = random.permutation(count)
    wanted = _shares(np.bincount(stratum, weights=size).astype(np.int64), share)
    chosen = np.zeros(count, dtype=bool)
    for label, quota in enumerate(wanted):
        members = order[stratum[order] == label]
        # A unit is taken while at least half of it still fits: no stratum is over its quota by more than half a unit.
        before = np.cumsum(size[members]) - size[members]
        chosen[members[before + size[members] / 2 <= quota]] = True
    return chosen[units]


def _shares(sizes: Array, share: float) -> Array:
    """Rows of each stratum for the test: largest remainders, at least one of each class with two rows or more.

    Where that would make the test more than twice as large as wanted (hundreds of classes of a few rows), a small class
    is in the test only when its remainder is large. The one row of a class is never in the test.
    """
    exact = sizes * share
    quota = np.floor(exact).astype(np.int64)
    short = round(float(exact.sum())) - int(quota.sum())
    quota[np.argsort(np.where(sizes > 1, quota - exact, 0.0), kind="stable")[: max(short, 0)]] += 1
    each = np.where((quota == 0) & (sizes >= 2), 1, quota)
    if each.sum() <= _MOST_TIMES_WANTED * max(float(exact.sum()), 1.0):
        quota = each
    return np.minimum(quota, np.maximum(sizes - 1, 0))


def lone_rows(arrays: FoldArrays) -> Array:
    """Return the mask of rows that are alone in their class (of the codes `y`) and in their group."""
    _, codes, counts = np.unique(arrays.y, return_inverse=True, return_counts=True)
    alone = counts[codes] == 1
    units = _units(arrays.groups, len(arrays.y))
    return alone & (np.bincount(units)[units] == 1)


def _dealt(units: Array, strata: Array, k: int, seed: int) -> Array:
    """The fold of each row. Within each stratum large units go first, each to the fold with the fewest rows of it."""
    count = int(units.max()) + 1
    size = np.bincount(units, minlength=count)
    stratum = _main_stratum(units, strata, count)
    order = np.random.default_rng(seed).permutation(count)
    fold = np.empty(count, dtype=np.int64)
    total = np.zeros(k, dtype=np.int64)
    for label in range(int(stratum.max()) + 1):
        members = order[stratum[order] == label]
        held = np.zeros(k, dtype=np.int64)
        large = members[size[members] > 1]
        for unit in large[np.argsort(-size[large], kind="stable")]:
            chosen = int(np.lexsort((total + held, held))[0])
            fold[unit] = chosen
            held[chosen] += size[unit]
        single = members[size[members] == 1]
        fold[single] = _levelled(held, total, len(single))
        total += held + np.bincount(fold[single], minlength=k)
    return fold[units]


def _levelled(held: Array, total: Array, rows: int) -> Array:
    """Folds for `rows` single rows: first up to the fullest fold's level, then one each in turn, emptiest first."""
    k = len(held)
    turn = np.lexsort((total + held, held))
    lacking = np.repeat(turn, (held.max() - held)[turn])[:rows]
    rest = np.resize(np.lexsort((total, np.zeros(k))), max(rows - len(lacking), 0))
    return np.concatenate([lacking, rest]).astype(np.int64)


def _folds_by_time(arrays: FoldArrays, k: int) -> Folds:
    time = arrays.time
    assert time is not None  # noqa: S101 - the strategy is time only where it is set
    moments = np.unique(time)
    if len(moments) <= k:
        raise DataError(f"{len(moments)} different times cannot make {k} folds by time.", hint="take fewer folds.")
    edges = np.quantile(time, np.arange(1, k + 1) / (k + 1), method="nearest")
    found: list[tuple[Array, Array]] = []
    for start, end in zip(edges, [*edges[1:], np.inf], strict=True):
        train, valid = np.flatnonzero(time < start), np.flatnonzero((time >= start) & (time < end))
        if len(train) and len(valid):
            found.append((train, valid))
    return tuple(found)


def _main_stratum(units: Array, strata: Array, count: int) -> Array:
    """The stratum of most rows of each unit; of the rarest label where two are equally many."""
    labels = int(strata.max()) + 1
    pair, rows = np.unique(units * labels + strata, return_counts=True)
    rarity = -np.bincount(strata, minlength=labels)[pair % labels]
    order = np.lexsort((rarity, rows))
    stratum = np.zeros(count, dtype=np.int64)
    stratum[pair[order] // labels] = pair[order] % labels  # the last write wins: most rows, then rarest
    return stratum


def _strata(y: Array) -> Array:
    """Class codes 0..n-1; of numbers, tenths by rank, or their few values themselves."""
    values, codes = np.unique(y, return_inverse=True)
    if len(values) <= 2 * _STRATA or y.dtype.kind in "iu":
        return codes.astype(np.int64)
    edges = np.unique(np.nanquantile(y, np.arange(1, _STRATA) / _STRATA))
    return np.unique(np.searchsorted(edges, y, side="right"), return_inverse=True)[1].astype(np.int64)


def _units(groups: Array | None, rows: int) -> Array:
    if groups is None:
        return np.arange(rows)
    return np.unique(groups, return_inverse=True)[1].astype(np.int64)


def _codes(series: "pl.Series") -> Array:
    """Codes by value; missing cells are each their own."""
    import polars as pl

    codes = series.rank("dense").cast(pl.Int64).to_numpy()
    missing = series.is_null().to_numpy()
    result = np.where(missing, 0, np.nan_to_num(codes)).astype(np.int64)
    result[missing] = int(result.max()) + 1 + np.arange(missing.sum())
    return result


def copies_of(dataset: Dataset) -> Array:
    """Return for each row the number of the first row that is equal to it in every column but ids, shape (rows,)."""
    names = [column.name for column in dataset.schema.columns if column.role is not Role.ID]
    if not names:
        return np.arange(dataset.rows)
    return dataset.frame.select(names).with_row_index("__row").select(_first_row(names)).to_series().to_numpy().copy()


def copies_are_natural(copies: Array) -> bool:
    """Return whether rows repeat because a table of few, coarse columns has few different rows."""
    largest = int(np.bincount(copies).max())
    return largest > max(_LARGE_SET_ROWS, _LARGE_SET_SHARE * len(copies))


def _first_row(names: list[str]) -> "pl.Expr":
    import polars as pl

    return pl.col("__row").min().over(names).cast(pl.Int64)


def _joined(partitions: list[Array]) -> Array:
    """Units of the finest partition in which rows that share a unit of any given one stay together (union-find)."""
    rows = len(partitions[0])
    label = np.arange(rows)
    while True:
        before = label.copy()
        for part in partitions:
            codes = np.unique(part, return_inverse=True)[1]
            low = np.full(int(codes.max()) + 1, rows)
            np.minimum.at(low, codes, label)
            label = low[codes]
        if (label == before).all():
            return label
