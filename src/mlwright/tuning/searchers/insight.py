"""What a search showed, as sections of the report: its course, what mattered, and the front of two objectives."""

import math
from collections.abc import Sequence
from typing import Any

from mlwright.evaluation.metrics import metric as find
from mlwright.tuning.searchers.study import LATENCY
from mlwright.tuning.trial import Trial

_LEAST_TRIALS = 8  # fewer say nothing of which parameter mattered


def search_sections(trials: Sequence[Trial], metric: str, seed: int) -> list[dict[str, Any]]:
    """Return sections in the shape of `report/sections.py`: history, importances, front; those there is data for."""
    sections = [_history(trials, metric), _importances(trials, seed), _front(trials, metric)]
    return [section for section in sections if section]


def _history(trials: Sequence[Trial], metric: str) -> dict[str, Any] | None:
    """Optuna's history plot: each trial's score, and the best until then."""
    done = [trial for trial in trials if trial.status == "complete" and math.isfinite(trial.loss)]
    if len(done) < 2:
        return None
    sign = -1.0 if find(metric).direction == "maximise" else 1.0
    numbers = [float(trial.spec.number) for trial in done]
    best = [sign * min(one.loss for one in done[: index + 1]) for index in range(len(done))]
    return {
        "title": "Course of the search",
        "paragraphs": [f"{len(trials)} trials, {len(done)} of them complete; scores are out of fold."],
        "lines": [
            {"name": "trial", "x": numbers, "y": [sign * trial.loss for trial in done]},
            {"name": "best so far", "x": numbers, "y": best},
        ],
        "x_label": "trial",
        "y_label": metric,
    }


def _importances(trials: Sequence[Trial], seed: int) -> dict[str, Any] | None:
    rows = [
        (family, name, f"{share:.0%}")
        for family in dict.fromkeys(trial.spec.family for trial in trials)
        for name, share in importances(trials, family, seed).items()
    ]
    if not rows:
        return None
    return {
        "title": "Which parameters mattered",
        "paragraphs": ["Share of the variance between a family's trials that each parameter explains (fANOVA)."],
        "table": {"header": ["family", "parameter", "importance"], "rows": rows},
    }


def importances(trials: Sequence[Trial], family: str, seed: int) -> dict[str, float]:
    """Return the share of the variance of the loss that each numeric parameter of a family explains, largest first.

    Empty for fewer than eight complete trials, or where nothing varied.

    Source: Hutter, Hoos and Leyton-Brown, "An efficient approach for assessing hyperparameter importance", ICML 2014.
    """
    import optuna
    from optuna.distributions import FloatDistribution
    from optuna.trial import TrialState, create_trial

    done = [one for one in trials if one.spec.family == family and one.status == "complete" and math.isfinite(one.loss)]
    values = {name: _numbers(done, name) for name in (done[0].spec.params if done else ())}
    varied = {name: numbers for name, numbers in values.items() if numbers and min(numbers) < max(numbers)}
    if len(done) < _LEAST_TRIALS or not varied or max(one.loss for one in done) == min(one.loss for one in done):
        return {}
    space: dict[str, Any] = {name: FloatDistribution(min(numbers), max(numbers)) for name, numbers in varied.items()}
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study()
        for index, trial in enumerate(done):
            params = {name: numbers[index] for name, numbers in varied.items()}
            study.add_trial(
                create_trial(state=TrialState.COMPLETE, params=params, distributions=space, value=trial.loss)
            )
        judge = optuna.importance.FanovaImportanceEvaluator(seed=seed)
        return dict(optuna.importance.get_param_importances(study, evaluator=judge))
    finally:
        optuna.logging.set_verbosity(before)


def _numbers(trials: Sequence[Trial], name: str) -> list[float]:
    """Return a parameter's values, logarithms where they span powers of ten; nothing where some are no numbers."""
    found = [trial.spec.params.get(name) for trial in trials]
    if not all(isinstance(value, int | float) and math.isfinite(value) for value in found):
        return []
    numbers = [float(value) for value in found if value is not None]
    wide = min(numbers) > 0 and max(numbers) > 10 * min(numbers)
    return [math.log10(value) for value in numbers] if wide else numbers


def _front(trials: Sequence[Trial], metric: str) -> dict[str, Any] | None:
    """The trials that no other beats in loss and latency at once."""
    measured = [trial for trial in trials if trial.status == "complete" and LATENCY in trial.spec.draws]
    if not measured:
        return None
    sign = -1.0 if find(metric).direction == "maximise" else 1.0
    points = [(trial.loss, float(trial.spec.draws[LATENCY]), trial) for trial in measured]
    kept = [one for one in points if not any(_beats(other, one) for other in points)]
    rows = [
        (f"{trial.spec.family} #{trial.spec.number}", f"{sign * loss:.4g}", f"{milliseconds:.3g} ms")
        for loss, milliseconds, trial in sorted(kept, key=lambda one: one[:2])
    ]
    return {
        "title": "Quality against latency",
        "paragraphs": ["No other trial is both better and faster; times are of the native model, one row at a time."],
        "table": {"header": ["trial", metric, "one row"], "rows": rows},
    }


def _beats(a: tuple[float, float, Trial], b: tuple[float, float, Trial]) -> bool:
    return a[0] <= b[0] and a[1] <= b[1] and a[:2] != b[:2]
