"""Whether two samples of a column come from one distribution, and how far apart they are.

Every test is a two-sample test: the reference is a sample too. (Taking its shares for the truth doubles the variance
and cries wolf in 40 % of cases at a nominal 5 %.) Distances carry a readable unit, the share of rows that would have
to change: Kolmogorov-Smirnov's D for numbers, the total variation beyond chance for categories.

Sources: Stephens, EDF statistics for goodness of fit, 1974 (the small-sample form of the KS p-value); Good, 1953.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mlwright.data.columns import Array
from mlwright.evaluation.distributions import beta_cdf, chi2_sf, hypergeometric_sf, kolmogorov_sf
from mlwright.monitoring.sketch import LevelTable, NumberSketch

_BINS = 10
_EXPECTED = 5  # least expected count of a cell in the chi-squared test
OTHER = "(other)"


@dataclass(frozen=True, slots=True)
class Distance:
    """How far the current distribution is from the reference.

    Attributes:
        statistic: "ks" or "total_variation".
        value: The statistic, in [0, 1].
        effect: The part of it that chance does not explain, in shares of rows.
        p: Of "both are one distribution"; 1 where nothing can be tested.
        psi: Population stability index over ten bins (or the levels).
        jensen_shannon: Its distance (root, base 2) over the same bins, in [0, 1].
        wasserstein: In standard deviations of the reference; None for categories.
        bins: Label, share then, share now: for the picture.
    """

    statistic: str
    value: float
    effect: float
    p: float
    psi: float
    jensen_shannon: float
    wasserstein: float | None = None
    bins: tuple[tuple[str, float, float], ...] = ()


@dataclass(slots=True)
class NumberCounts:
    """Current numbers, counted on the reference's grid. Additive: any number of batches gives the same counts.

    Attributes:
        cells: Counts between the points of the grid, one more than points.
        above, below: Sums of the distances beyond the last and before the first point.
        out_high, out_low: Numbers beyond the reference's maximum and minimum.
        fractions: Numbers that are not whole.
    """

    cells: Array
    rows: int = 0
    infinite: int = 0
    fractions: int = 0
    above: float = 0.0
    below: float = 0.0
    out_high: int = 0
    out_low: int = 0
    minimum: float = math.inf
    maximum: float = -math.inf

    def add(self, known: Array, sketch: NumberSketch) -> None:
        """Count numbers that are not missing, shape (n,)."""
        finite = known[np.isfinite(known)]
        self.infinite += len(known) - len(finite)
        if not len(finite):
            return
        whole = np.rint(finite)
        self.fractions += int((whole != finite).sum())
        # A whole-number column that now has fractions is compared on whole numbers: else moving every 3 to 3.1
        # would read as if all of them had become 4.
        placed = whole if sketch.integer else finite
        points = np.asarray(sketch.points)
        self.cells += np.bincount(np.searchsorted(points, placed), minlength=len(points) + 1)
        self.rows += len(finite)
        self.above += float(np.maximum(placed - points[-1], 0).sum())
        self.below += float(np.maximum(points[0] - placed, 0).sum())
        self.out_high += int((finite > sketch.maximum).sum())
        self.out_low += int((finite < sketch.minimum).sum())
        self.minimum, self.maximum = min(self.minimum, float(finite.min())), max(self.maximum, float(finite.max()))


@dataclass(slots=True)
class LevelCounts:
    """Current levels: those of the reference, and up to 10,000 others by name.

    Attributes:
        seen: Counts of the reference's levels.
        unseen: Counts of levels that the reference's table does not hold.
        unseen_rows: All rows of such levels, also those beyond the 10,000 names.
    """

    seen: dict[str, int] = field(default_factory=dict[str, int])
    unseen: dict[str, int] = field(default_factory=dict[str, int])
    unseen_rows: int = 0

    @property
    def rows(self) -> int:
        return sum(self.seen.values()) + self.unseen_rows

    def add(self, counts: Mapping[str, int], table: LevelTable) -> None:
        """Count the known cells of a batch."""
        for level, count in counts.items():
            if level in table.counts:
                self.seen[level] = self.seen.get(level, 0) + count
                continue
            self.unseen_rows += count
            if level in self.unseen or len(self.unseen) < 10_000:
                self.unseen[level] = self.unseen.get(level, 0) + count


def number_drift(sketch: NumberSketch, counts: NumberCounts) -> Distance:
    """Return the distance of current numbers; p is Kolmogorov and Smirnov's, on the points of the sketch."""
    n, m = sketch.rows, counts.rows
    if m == 0:
        return Distance("ks", 0.0, 0.0, 1.0, 0.0, 0.0)
    before = np.asarray(sketch.cumulative) / n
    now = np.cumsum(counts.cells[:-1]) / m
    gaps = np.abs(before - now)
    d = float(gaps.max())
    widths = np.diff(sketch.points)
    # Between the points of a thinned grid the distributions are taken to rise evenly.
    between = gaps[:-1] if sketch.distinct == len(sketch.points) else (gaps[:-1] + gaps[1:]) / 2
    area = float(between @ widths) + (counts.above + counts.below) / m
    labels, then_shares, now_shares = _binned(sketch, counts)
    return Distance(
        statistic="ks",
        value=d,
        effect=d,
        p=ks_p_value(d, n, m),
        psi=psi(then_shares, now_shares, n, m),
        jensen_shannon=jensen_shannon(then_shares, now_shares),
        wasserstein=area / sketch.sd if sketch.sd > 0 else None,
        bins=tuple(zip(labels, then_shares.tolist(), now_shares.tolist(), strict=True)),
    )


def ks_p_value(d: float, n: int, m: int) -> float:
    """Return the two-sample p-value of D; conservative where numbers are tied."""
    root = math.sqrt(n * m / (n + m))
    return min(1.0, kolmogorov_sf((root + 0.12 + 0.11 / root) * d))


def _binned(sketch: NumberSketch, counts: NumberCounts) -> tuple[list[str], Array, Array]:
    """Return labels and shares over bins that held about a tenth of the reference each."""
    cumulative = np.asarray(sketch.cumulative)
    wanted = np.arange(1, _BINS) * sketch.rows / _BINS
    edges = np.unique(np.minimum(np.searchsorted(cumulative, wanted), len(cumulative) - 1))
    edges = edges[cumulative[edges] < sketch.rows]
    then = np.diff(np.concatenate([[0], cumulative[edges], [sketch.rows]])) / sketch.rows
    now = np.diff(np.concatenate([[0], np.cumsum(counts.cells)[edges], [counts.rows]])) / counts.rows
    ends = [f"{sketch.points[i]:.4g}" for i in edges]
    labels = [f"≤ {end}" for end in ends] + [f"> {ends[-1]}" if ends else "all"]
    return labels, then, now


def level_drift(table: LevelTable, counts: LevelCounts) -> Distance:
    """Return the distance of current levels; p is of two-sample tests with rare levels pooled."""
    n, m = table.rows, counts.rows
    if n == 0 or m == 0:
        return Distance("total_variation", 0.0, 0.0, 1.0, 0.0, 0.0)
    kept = np.array(list(table.counts.values()), dtype=np.float64)
    now = np.array([*(counts.seen.get(level, 0) for level in table.counts), counts.unseen_rows], dtype=np.float64)
    # New rows are expected to bring levels that the reference lacks; else a column of many levels drifts for ever.
    known = (1 - table.unseen_mass) / kept.sum() if len(kept) else 0.0
    p, q = np.append(kept * known, table.unseen_mass), now / m
    tv = 0.5 * float(np.abs(p - q).sum())
    pooled = (n * p + m * q) / (n + m)
    # Mean of |difference| of two samples of one distribution, half of the sum of it over the levels.
    chance = 0.5 * float(np.sqrt(2 / math.pi * pooled * (1 - pooled) * (1 / n + 1 / m)).sum())
    return Distance(
        statistic="total_variation",
        value=tv,
        # Chance and change are independent, so their sizes add as squares do.
        effect=math.sqrt(max(0.0, tv * tv - chance * chance)),
        p=_levels_p_value(table, counts),
        psi=psi(p, q, n, m),
        jensen_shannon=jensen_shannon(p, q),
        bins=_level_bins(table, p, q),
    )


def _level_bins(table: LevelTable, p: Array, q: Array) -> tuple[tuple[str, float, float], ...]:
    names = list(table.counts)[:_BINS]
    shown = [(name, float(p[i]), float(q[i])) for i, name in enumerate(names)]
    rest = max(0.0, 1 - sum(row[1] for row in shown)), max(0.0, 1 - sum(row[2] for row in shown))
    return (*shown, (OTHER, *rest)) if max(rest) > 1e-12 else tuple(shown)


def _levels_p_value(table: LevelTable, counts: LevelCounts) -> float:
    """Return the p-value of "one distribution": of many small changes (chi-squared) or of one large one (Fisher)."""
    cells = _cells(table, counts)
    if len(cells) < 2:
        return 1.0
    return min(1.0, 2 * min(_chi2_p_value(cells), _single_level_p_value(cells)))


def _cells(table: LevelTable, counts: LevelCounts) -> Array:
    """Return counts then and now, shape (cells, 2), rare levels pooled.

    A level is a cell of its own when its count in both samples together expects at least five rows in the smaller one,
    and goes to the pool otherwise. A rule of both counts together does not favour either side, so that the pool is as
    likely in both; a rule of the reference's counts alone would be biased (levels are kept there because they were
    frequent there).
    """
    n, m = table.rows, counts.rows
    least = _EXPECTED * (n + m) / min(n, m)
    if not table.whole:
        # Levels below the table's floor are unknown there, so the cells must be clearly above it.
        least = max(least, 1.5 * table.floor * (1 + m / n) + 10)
    pairs = [(count, counts.seen.get(level, 0)) for level, count in table.counts.items()]
    if table.whole:
        pairs += [(0, count) for count in counts.unseen.values()]
    cells = np.array([pair for pair in pairs if sum(pair) >= least], dtype=np.float64).reshape(-1, 2)
    pool = np.array([n, m]) - cells.sum(axis=0)
    if pool.sum() >= least or (pool.sum() > 0 and len(cells) < 2):
        return np.vstack([cells, pool])
    if pool.sum() > 0:
        # A pool that is too small joins the smallest cell.
        cells[int(np.argmin(cells.sum(axis=1)))] += pool
    return cells


def _chi2_p_value(cells: Array) -> float:
    samples = cells.sum(axis=0)
    expected = cells.sum(axis=1, keepdims=True) * samples / samples.sum()
    pearson = float(((cells - expected) ** 2 / expected).sum())
    likelihood = 2 * float((cells * np.log(np.where(cells > 0, cells, 1.0) / expected)).sum())
    # Pearson's statistic exaggerates a rare level's surplus, the likelihood ratio (G) its absence: far out in the
    # tail, where alarms are decided, the smaller one keeps its promise.
    return chi2_sf(min(pearson, likelihood), len(cells) - 1)


def _single_level_p_value(cells: Array) -> float:
    """Return the exact two-sided p-value of the cell that stands out most, times the number of cells."""
    n, m = cells.sum(axis=0)
    share = cells.sum(axis=1) / (n + m)
    z = (cells[:, 1] / m - cells[:, 0] / n) / np.sqrt(np.maximum(share * (1 - share), 1e-300))
    then, now = (int(count) for count in cells[int(np.argmax(np.abs(z)))])
    n, m = int(n), int(m)
    risen = hypergeometric_sf(now, m, then + now, n + m)
    fallen = hypergeometric_sf(then, n, then + now, n + m)
    return 2 * min(risen, fallen) * len(cells)


def psi(then: Array, now: Array, n: int, m: int) -> float:
    """Return the population stability index of two rows of shares; an empty bin counts as half a row."""
    p, q = np.maximum(then, 0.5 / n), np.maximum(now, 0.5 / m)
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(then: Array, now: Array) -> float:
    """Return the Jensen-Shannon distance, base 2, in [0, 1], of two rows of shares."""
    middle = (then + now) / 2

    def divergence(shares: Array) -> float:
        held = shares > 0
        return float((shares[held] * np.log2(shares[held] / middle[held])).sum())

    return math.sqrt(max(0.0, (divergence(then) + divergence(now)) / 2))


def share_p_value(hits_then: int, n: int, hits_now: int, m: int) -> float:
    """Return the p-value of "one share" against "the share has risen": Fisher's exact test."""
    return hypergeometric_sf(hits_now, m, hits_then + hits_now, n + m) if n and m else 1.0


def unseen_p_value(table: LevelTable, counts: LevelCounts) -> float:
    """Return the p-value of the rows of unseen levels against what Good and Turing expect.

    Rows of one unseen level come together, in clumps of about 1 + m floor / n when m rows are new; counts are divided
    by the clumps before the two Poisson counts are compared.
    """
    n, m, k = table.rows, counts.rows, counts.unseen_rows
    if n == 0 or m == 0 or k == 0:
        return 1.0
    clump = 1 + m * table.floor / n
    then, now = n / table.floor, m / clump
    return beta_cdf(now / (now + then), k / clump, table.unseen_mass * n / table.floor + 1)


def out_of_range_p_value(n: int, m: int, beyond: int) -> float:
    """Return the chance that the `beyond` largest of n + m exchangeable numbers are all among the m new ones."""
    if beyond <= 0:
        return 1.0
    logs = math.lgamma(m + 1) - math.lgamma(m - beyond + 1) + math.lgamma(n + m - beyond + 1) - math.lgamma(n + m + 1)
    return min(1.0, math.exp(logs))
