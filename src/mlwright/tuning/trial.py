"""One trial: one family with one set of parameters, cross-validated with everything fitted inside the folds."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np

from mlwright.base.errors import BudgetError, Infeasible, MlwrightError, Signal
from mlwright.base.seeds import derive_seed
from mlwright.data.columns import Array
from mlwright.models.protocol import Estimator, Family, FitControl, FitData, Staged
from mlwright.models.tabular import load_family
from mlwright.models.tabular.ensemble import Member, write_json
from mlwright.models.tabular.mean_correction import mean_factor, mean_factors, with_factor
from mlwright.tuning.folds import PreparedFold, PreparedFolds, stopping_data, whole_fold, whole_table
from mlwright.tuning.objective import Objective
from mlwright.tuning.table import TrainingTable

_MIN_ROWS_FOR_THREADS = 10_000

Status = Literal["complete", "partial", "pruned", "failed"]
OUT_OF_TIME = "out of time"  # how the reason of a trial begins that the clock ended
# Losses of the finished folds and their predictions (NaN elsewhere) -> why to stop, "" to go on.
Judge = Callable[[Sequence[float], Array], str]


@dataclass(frozen=True, slots=True)
class TrialSpec:
    """What is tried.

    Attributes:
        number: 0, 1, 2 ... in the order of the search; the seed of the trial is derived from it.
        family: Name in `MODELS`.
        origin: "baseline", "portfolio" or "tpe".
        draws: What Optuna drew, by its own names; empty unless the origin is "tpe".
        why: Why the search tried this now.
    """

    number: int
    family: str
    params: Mapping[str, Any]
    origin: str = ""
    draws: Mapping[str, Any] = field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """A finished trial.

    Attributes:
        member: The bag of the finished folds; None when pruned or failed.
        oof: Out-of-fold predictions, float64, (n, C) or (n,); NaN where no finished fold predicted.
        fold_losses: One per finished fold, in the order of the folds; lower is better whatever the metric.
        loss: Of all predicted rows together; infinite when there are none.
        status: "complete"; "partial" (out of time after a fold or more; a last resort); "pruned" (clearly worse than
            the best); "failed".
        reason: Why it is not complete; empty when it is.
    """

    spec: TrialSpec
    member: Member | None
    oof: Array
    fold_losses: tuple[float, ...]
    loss: float
    seconds: float
    status: Status
    reason: str = ""

    def fold_scores(self, direction: Literal["maximise", "minimise"]) -> tuple[float, ...]:
        """Return the metric of each finished fold in its own direction."""
        return tuple(-loss if direction == "maximise" else loss for loss in self.fold_losses)

    def save(self, directory: Path) -> None:
        """Write `trial.json`, `oof.npy`, `member/` and `times.json` into an existing, empty directory.

        The same trial gives the same bytes everywhere but in `times.json`.
        """
        content = {
            "spec": {
                "number": self.spec.number,
                "family": self.spec.family,
                "params": dict(self.spec.params),
                "origin": self.spec.origin,
                "draws": dict(self.spec.draws),
                "why": self.spec.why,
            },
            "fold_losses": [_finite(loss) for loss in self.fold_losses],
            "loss": _finite(self.loss),
            "status": self.status,
            "reason": self.reason,
        }
        write_json(directory / "trial.json", content)
        write_json(directory / "times.json", {"seconds": self.seconds})
        np.save(directory / "oof.npy", self.oof, allow_pickle=False)
        if self.member is not None:
            (directory / "member").mkdir()
            self.member.save(directory / "member")

    @classmethod
    def load(cls, directory: Path, *, with_member: bool = True) -> Self:
        """Read what `save` wrote, executing no code from it; without the member in a fraction of the time."""
        content = json.loads((directory / "trial.json").read_text(encoding="utf-8"))
        member = directory / "member"
        return cls(
            spec=TrialSpec(**content["spec"]),
            member=Member.load(member) if with_member and member.is_dir() else None,
            oof=np.load(directory / "oof.npy", allow_pickle=False),
            fold_losses=tuple(_known(loss) for loss in content["fold_losses"]),
            loss=_known(content["loss"]),
            seconds=json.loads((directory / "times.json").read_text(encoding="utf-8"))["seconds"],
            status=content["status"],
            reason=content["reason"],
        )


def _finite(loss: float) -> float | None:
    """Return the loss as JSON can say it: infinite is null."""
    return loss if np.isfinite(loss) else None


def _known(loss: float | None) -> float:
    return float("inf") if loss is None else loss


@dataclass(slots=True)
class _Bag:
    """The finished folds of a trial that is under way."""

    total: Array
    times: Array
    fold_losses: list[float] = field(default_factory=list)
    preparations: list[Any] = field(default_factory=list)
    estimators: list[Estimator] = field(default_factory=list)

    def oof(self) -> Array:
        seen = self.times > 0
        shape = (-1,) + (1,) * (self.total.ndim - 1)
        mean = self.total / np.maximum(self.times, 1).reshape(shape)
        mean[~seen] = np.nan
        return mean


def run_trial(
    spec: TrialSpec,
    table: TrainingTable,
    control: FitControl,
    *,
    prepared: PreparedFolds | None = None,
    judge: Judge | None = None,
) -> Trial:
    """Cross-validate one family with one set of parameters.

    In every fold the preparation and the estimator see that fold's training rows only. A family that stops early is
    watched on the fold's validation rows, but each fold is then cut to the mean number of rounds that the *other* folds
    found best: no row has a say in the model that predicts it, and none need be set aside for it.

    With a deadline, each fold may take an equal part of the time that is left, so that an estimator able to stop early
    gives all its folds.

    Args:
        control: `seed` is that of the whole search; the trial derives its own from it and from its number.
        prepared: Matrices shared with other trials of the same table and seed.
        judge: Asked after every fold but the last whether to go on.

    Raises:
        MlwrightError: Something outside the trial is wrong (the table, an extra that is missing). What goes wrong
            inside the fit is the trial's status and reason instead.
    """
    from threadpoolctl import threadpool_limits

    family: Family = load_family(spec.family)
    for name in family.traits.requires:  # the seconds of a first import are not the family's own
        import_module(name)
    started = time.monotonic()
    prepared = prepared or PreparedFolds(table, control.seed)
    work = _Work(spec, family, table, prepared, control)
    # Linear algebra and histogram boosting take every core unless told, and on a busy machine wait for each other.
    with threadpool_limits(limits=_threads_of_a_fold(table, control)):
        status, reason, folds = _run_folds(work, judge)
        if status == "complete":
            folds = _corrected(work, _settled(work, folds))
        bag = _bag(work, folds)
        member = _member(work, bag, status)
    oof = bag.oof()
    seen = bag.times > 0
    loss = work.objective.loss(oof, seen) if seen.any() else float("inf")
    return Trial(spec, member, oof, tuple(bag.fold_losses), loss, time.monotonic() - started, status, reason)


@dataclass(frozen=True, slots=True)
class _Work:
    spec: TrialSpec
    family: Family
    table: TrainingTable
    prepared: PreparedFolds
    control: FitControl

    @property
    def objective(self) -> Objective:
        return Objective.of(self.table)

    @property
    def refit(self) -> bool:
        return bool(getattr(self.family, "refit", False))


@dataclass(frozen=True, slots=True)
class _Fitted:
    """One fold's estimator with its predictions of the fold's validation rows."""

    preparation: Any
    estimator: Estimator
    prediction: Array


def _run_folds(work: _Work, judge: Judge | None) -> tuple[Status, str, list[_Fitted]]:
    """Fit the folds side by side, one thread each; judge and keep them in their order, as if one by one.

    So the result does not depend on how many fit at a time: what comes after the fold at which a trial is given up is
    thrown away.
    """
    count = len(work.table.folds)
    kept: list[_Fitted] = []
    losses: list[float] = []
    so_far = np.full(_shape(work.table), np.nan)
    wave = _folds_at_a_time(work.table, work.control)
    with ThreadPoolExecutor(wave) as pool:
        # A judge hears of the first folds before the others begin: what is begun can't be called back.
        jobs = [pool.submit(_fit_fold, work, index) for index in range(wave if judge else count)]
        try:
            for index in range(count):
                if index == len(jobs):
                    jobs += [pool.submit(_fit_fold, work, later) for later in range(index, count)]
                try:
                    fitted = jobs[index].result()
                except (Signal, BudgetError) as error:
                    late = _late(work.control.deadline, len(kept), count)
                    return ("partial" if late and kept else "failed"), f"{late} {error.message}".strip(), kept
                kept.append(fitted)
                losses.append(_fold_loss(work, index, fitted))
                so_far[work.table.folds[index][1]] = fitted.prediction
                verdict = judge(losses, so_far) if judge and index + 1 < count else ""
                if verdict:
                    return "pruned", verdict, kept
        finally:
            for job in jobs:
                job.cancel()
    return "complete", "", kept


def _folds_at_a_time(table: TrainingTable, control: FitControl) -> int:
    return max(1, min(control.threads, len(table.folds)))


def _threads_of_a_fold(table: TrainingTable, control: FitControl) -> int:
    """Return the threads of one fit: the spare ones; on small tables they would only wait for each other."""
    if table.rows < _MIN_ROWS_FOR_THREADS:
        return 1
    return max(1, control.threads // _folds_at_a_time(table, control))


def _late(deadline: float | None, done: int, count: int) -> str:
    """Return that the clock ended the trial, or nothing."""
    if deadline is None or time.monotonic() < deadline:
        return ""
    return f"{OUT_OF_TIME} after {done} of {count} folds."


def _fit_fold(work: _Work, index: int) -> _Fitted:
    table, control = work.table, work.control
    fold = work.prepared.get(work.family.preparation, index)
    if control.deadline is not None and time.monotonic() >= control.deadline:
        raise Infeasible("There was no time left for the fold.", hint="give the search more time.")
    if "patience" in work.spec.params:  # how the families that stop early say so
        train, valid = stopping_data(table, index, fold)
    else:
        train, valid = whole_fold(table, index, fold), None
    parts_left = len(table.folds) - index + (1 if work.refit else 0)
    own = FitControl(
        seed=derive_seed(control.seed, "trial", work.spec.number, index),
        threads=_threads_of_a_fold(table, control),
        deadline=_part_deadline(control.deadline, -(-parts_left // _folds_at_a_time(table, control))),
    )
    estimator = _fit(work, train, valid, own, f"fold {index + 1} of {len(table.folds)}")
    return _Fitted(fold.preparation, estimator, _predict(work, estimator, fold, index))


def _fit(work: _Work, train: FitData, valid: FitData | None, control: FitControl, where: str) -> Estimator:
    try:
        return work.family.fit(train, valid, work.table.task, work.spec.params, control)
    except MlwrightError:
        raise
    except Exception as exc:
        raise Infeasible(
            f"{work.spec.family} failed in {where}: {type(exc).__name__}: {exc}",
            hint="other parameters or another family may work.",
        ) from exc


def _predict(work: _Work, estimator: Estimator, fold: PreparedFold, index: int) -> Array:
    prediction = estimator.predict(fold.valid).astype(np.float64)
    if not np.isfinite(prediction).all():
        raise Infeasible(
            f"{work.spec.family} predicted values that are not finite in fold {index + 1} of {len(work.table.folds)}.",
            hint="other parameters or another family may work.",
        )
    return prediction


def _settled(work: _Work, folds: Sequence[_Fitted]) -> list[_Fitted]:
    """Cut each fold's estimator to the rounds that the other folds found best."""
    best = [one.estimator.rounds for one in folds]
    settled: list[_Fitted] = []
    for index, one in enumerate(folds):
        if not isinstance(one.estimator, Staged):
            return list(folds)
        others = best[:index] + best[index + 1 :] or best
        estimator = one.estimator.at(max(1, round(float(np.mean(others)))))
        fold = work.prepared.get(work.family.preparation, index)
        settled.append(_Fitted(one.preparation, estimator, _predict(work, estimator, fold, index)))
    return settled


def _corrected(work: _Work, folds: list[_Fitted]) -> list[_Fitted]:
    """Give each fold's values the factor that the other folds' mean wants."""
    if not work.spec.params.get("correct_mean"):
        return folds
    truth = [work.table.y[valid] for _, valid in work.table.folds]
    factors = mean_factors(truth, [one.prediction for one in folds])
    return [
        replace(one, estimator=with_factor(one.estimator, factor), prediction=factor * one.prediction)
        for one, factor in zip(folds, factors, strict=True)
    ]


def _bag(work: _Work, folds: Sequence[_Fitted]) -> _Bag:
    table = work.table
    bag = _Bag(total=np.zeros(_shape(table)), times=np.zeros(table.rows))
    for index, fitted in enumerate(folds):
        rows = table.folds[index][1]
        bag.total[rows] += fitted.prediction
        bag.times[rows] += 1
        bag.fold_losses.append(_fold_loss(work, index, fitted))
        bag.preparations.append(fitted.preparation)
        bag.estimators.append(fitted.estimator)
    return bag


def _shape(table: TrainingTable) -> tuple[int, ...]:
    return (table.rows, len(table.classes)) if table.task.is_classification else (table.rows,)


def _fold_loss(work: _Work, index: int, fitted: _Fitted) -> float:
    rows = work.table.folds[index][1]
    only = np.full(_shape(work.table), np.nan)
    only[rows] = fitted.prediction
    return work.objective.loss(only, rows)


def _member(work: _Work, bag: _Bag, status: Status) -> Member | None:
    """Return what would predict: the bag over the folds, or the one estimator of all rows of a family that refits."""
    if status not in ("complete", "partial"):
        return None
    spec = work.spec
    bagged = Member(spec.family, dict(spec.params), tuple(bag.preparations), tuple(bag.estimators))
    if not work.refit or status == "partial":
        return bagged
    whole = work.prepared.whole(work.family.preparation)
    control = replace(work.control, seed=derive_seed(work.control.seed, "trial", spec.number, "all"))
    try:
        estimator = _fit(work, whole_table(work.table, whole), None, control, "the fit on all rows")
    except Infeasible:  # no time was left for it
        return bagged
    if estimator.rounds < np.mean([one.rounds for one in bag.estimators]):  # cut short: less than what was measured
        return bagged
    if spec.params.get("correct_mean"):
        estimator = with_factor(estimator, mean_factor(bag.estimators))
    return Member(spec.family, dict(spec.params), (whole.preparation,), (estimator,))


def _part_deadline(deadline: float | None, parts_left: int) -> float | None:
    if deadline is None:
        return None
    now = time.monotonic()
    return now + max(deadline - now, 0.0) / max(parts_left, 1)
