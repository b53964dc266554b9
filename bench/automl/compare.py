"""Who wins, by how much, and which gaps are ties."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from bench.automl.results import Result
from bench.automl.scores import HIGHER_IS_BETTER

_LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Cell:
    """One system on one table at one budget, over its seeds.

    Attributes:
        score: Mean over the seeds; None when it failed on one of them, or has not run on all that others have.
        gap: To the best of the table, 0 or more: absolute for the area under the curve, else relative to the best.
        is_tie: The best's lead may be chance: at 95 %, resampled test rows give the other sign too.
        fit_seconds, peak_mb: The largest over the seeds. Predictions: the median, seconds.
        overrun: The largest share of the budget by which `fit` was longer, 0 without a budget.
        failures: What went wrong, by seed.
    """

    system: str
    score: float | None
    gap: float | None
    is_tie: bool
    fit_seconds: float | None
    overrun: float
    predict_1000_seconds: float | None
    predict_1_seconds: float | None
    peak_mb: float | None
    failures: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One table at one budget.

    Attributes:
        seeds: Those that are compared.
        cells: By system; the best has a gap of 0.
        ranks: Of the systems with a budget; 1 is best, equal scores share their mean rank, failures the last ones.
    """

    table: str
    metric: str
    budget_seconds: float
    seeds: tuple[int, ...]
    cells: Mapping[str, Cell]
    ranks: Mapping[str, float]

    @property
    def best(self) -> str | None:
        found = [cell.system for cell in self.cells.values() if cell.gap == 0]
        return found[0] if found else None


def comparisons(results: Sequence[Result], systems: Sequence[str]) -> list[Comparison]:
    """Return one comparison per table and budget, in the order of the results, over the seeds that all have run.

    Only systems with a result on the table take part. A system without a budget takes part at each, unranked: it is
    the floor.
    """
    wanted = [one for one in results if one.system in systems]
    pairs = dict.fromkeys((one.table, one.budget_seconds) for one in wanted if one.budget_seconds is not None)
    found = [_compared(table, budget, wanted, systems) for table, budget in pairs if budget is not None]
    return [one for one in found if one.seeds]


def average_ranks(found: Sequence[Comparison]) -> dict[str, float]:
    """Return each system's mean rank over the tables on which every system ran, best first."""
    everybody = {system for one in found for system in one.ranks}
    whole = [one for one in found if set(one.ranks) == everybody]
    means = {system: float(np.mean([one.ranks[system] for one in whole])) for system in everybody if whole}
    return dict(sorted(means.items(), key=lambda item: (item[1], item[0])))


def _compared(table: str, budget: float, results: Sequence[Result], systems: Sequence[str]) -> Comparison:
    here = [one for one in results if one.table == table and one.budget_seconds in (budget, None)]
    by_system = {name: {one.seed: one for one in here if one.system == name} for name in systems}
    by_system = {name: runs for name, runs in by_system.items() if runs}
    seeds = sorted(set.intersection(*(set(runs) for runs in by_system.values())))
    chosen = {name: [runs[seed] for seed in seeds] for name, runs in by_system.items()}
    metric = here[0].metric
    sign = -1.0 if metric in HIGHER_IS_BETTER else 1.0
    scores = {name: _mean_score(runs) for name, runs in chosen.items()}
    losses = {name: sign * value for name, value in scores.items() if value is not None}
    best = min(losses, key=lambda name: losses[name], default=None)
    cells = {
        name: _cell(name, runs, scores[name], chosen[best] if best else [], budget) for name, runs in chosen.items()
    }
    ranked = [name for name, runs in chosen.items() if any(one.budget_seconds is not None for one in runs)]
    ranks = MappingProxyType(_ranks(ranked, losses))
    return Comparison(table, metric, budget, tuple(seeds), MappingProxyType(cells), ranks)


def _cell(name: str, runs: Sequence[Result], score: float | None, best: Sequence[Result], budget: float) -> Cell:
    fits = [one.fit_seconds for one in runs if one.fit_seconds is not None]
    has_budget = any(one.budget_seconds is not None for one in runs)
    best_score = _mean_score(best)
    gap, is_tie = None, False
    if score is not None and best_score is not None:
        gap = _gap(runs[0].metric, score, best_score)
        is_tie = gap > 0 and _is_tie(runs, best)
    return Cell(
        system=name,
        score=score,
        gap=gap,
        is_tie=is_tie,
        fit_seconds=max(fits, default=None),
        overrun=max(0.0, max(fits, default=0.0) / budget - 1) if has_budget else 0.0,
        predict_1000_seconds=_median([one.predict_1000_seconds for one in runs]),
        predict_1_seconds=_median([one.predict_1_seconds for one in runs]),
        peak_mb=max((one.peak_mb for one in runs if one.peak_mb is not None), default=None),
        failures=tuple(f"seed {one.seed}: {one.reason or one.status}" for one in runs if one.score is None),
    )


def _mean_score(runs: Sequence[Result]) -> float | None:
    values = [one.score for one in runs if one.score is not None]
    return float(np.mean(values)) if values and len(values) == len(runs) else None


def _gap(metric: str, score: float, best: float) -> float:
    if metric in HIGHER_IS_BETTER:
        return best - score
    return (score - best) / best if best else math.inf * (score > best)


def _is_tie(runs: Sequence[Result], best: Sequence[Result]) -> bool:
    """Whether resampling the test rows, the same for both, gives either sign; the seeds are averaged draw by draw."""
    if any(not one.draws or len(one.draws) != len(other.draws) for one, other in zip(runs, best, strict=True)):
        return False
    pairs = zip(runs, best, strict=True)
    differences = np.mean([_array(one) - _array(other) for one, other in pairs], axis=0)
    low, high = np.nanquantile(differences, [(1 - _LEVEL) / 2, (1 + _LEVEL) / 2])
    return bool(low <= 0 <= high)


def _array(result: Result) -> np.ndarray:
    return np.array([math.nan if one is None else one for one in result.draws])


def _ranks(systems: Sequence[str], losses: Mapping[str, float]) -> dict[str, float]:
    """Return mean ranks; systems without a loss share the last ones."""
    values = [losses.get(name, math.inf) for name in systems]
    return {
        name: sum(other < own for other in values) + (sum(other == own for other in values) + 1) / 2
        for name, own in zip(systems, values, strict=True)
    }


def _median(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.median(known)) if known else None
