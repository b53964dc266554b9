"""Choose the model: ensemble, noise floor, the simplest within it, calibration, threshold, and the front behind it."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.native_model import preparation_words, save_versioned
from mlwright.tools.table import dataset_of, training_folds, training_table
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.tuning.build import Built
    from mlwright.tuning.select import Candidate, Selection
    from mlwright.tuning.table import TrainingTable
    from mlwright.tuning.trial import Trial

_ON_FRONT = 3  # candidates whose cost is measured; the best of each complexity first
_REFOLDS = 2


class SelectParams(BaseModel, extra="forbid"):
    """What the choice must respect.

    Attributes:
        single_member: No mixes: the brief wants a model that can be explained.
        interval: The share of true values that the band around a predicted value is to hold (regression).
        skip_best: So many choices turned out not to be exportable; they and their like are left aside.
        current, measured_ms, limit_ms: Set when `current` was too slow as a service: take the next on the front.
    """

    seed: int = 0
    single_member: bool = False
    gates: tuple[dict[str, Any], ...] = ()
    costs: dict[str, float] | None = None
    interval: float = 0.9
    skip_best: int = 0
    current: str | None = None
    measured_ms: float = 0.0
    limit_ms: float = 0.0


class Select:
    """Trials to one model and the reasons for it."""

    traits: ClassVar[Traits] = Traits(
        summary="Choose, mix, calibrate and cut; the simplest model within the noise floor", extra="train"
    )
    name: ClassVar[str] = "select"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = SelectParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "training": "parquet",
        "trials": "directory",
    }
    outputs: ClassVar[Mapping[str, str]] = {"model": "directory", "selection": "json"}

    def run(self, params: SelectParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Decide; every comparison is kept with its reason."""
        from mlwright.models.protocol import FitControl
        from mlwright.tuning.noise import floor_of
        from mlwright.tuning.objective import Objective
        from mlwright.tuning.select import SelectPlan, candidates_of, choose

        understanding = Understanding.model_validate(inputs["understanding"])
        table = training_table(inputs["training"], inputs["schema"], understanding, params.seed)
        trials = load_trials(inputs["trials"])
        found = candidates_of(table, trials)
        if params.single_member:
            found = [one for one in found if one.kind != "ensemble"]
        if not found:
            raise Infeasible("No candidate is left to choose from.", hint="give the search more time or families.")
        dataset = dataset_of(inputs["training"], inputs["schema"])
        refolds = tuple(training_folds(dataset, params.seed + 1 + index, table.y) for index in range(_REFOLDS))
        floor = floor_of(table, trials, refolds, FitControl(params.seed, context.threads, context.deadline))
        how = SelectPlan(floor=floor.floor, seed=params.seed)
        selection = choose(found, Objective.of(table), how)
        for _ in range(params.skip_best):
            found = [one for one in found if not set(selection.chosen.numbers) & set(one.numbers)]
            if not found:
                raise Infeasible("No candidate is left that can be exported.", hint="look at the export's message.")
            selection = choose(found, Objective.of(table), how)
        maker = _Maker(table, _Shelf(inputs["trials"], trials), understanding, params, context)
        front = _front(found, selection, maker, floor.seed_deviation)
        chosen = _chosen(selection.chosen, front, params)
        built = maker.build(chosen)
        folder = context.workspace / "model"
        folder.mkdir()
        version = save_versioned(built.model, folder)
        singles = [one for one in front if one.kind == "single"]
        facts = _facts(_Made(selection, chosen, built, front, table, params.seed), asdict(floor), [*found, *singles])
        facts["version"] = version
        for decision in selection.decisions:
            context.emit("decision", {"text": decision.reason})
        return {"model": folder, "selection": facts}


def load_trials(folder: Path) -> list["Trial"]:
    """Return the trials that `train` stored, in the order of their numbers, without their models."""
    from mlwright.tuning.trial import Trial

    return [Trial.load(path, with_member=False) for path in sorted(folder.iterdir())]


class _Shelf:
    """The stored trials; a model is read when it is first asked for, since reading a forest takes seconds."""

    def __init__(self, folder: Path, trials: Sequence["Trial"]) -> None:
        self._folder = folder
        self._trials = {trial.spec.number: trial for trial in trials}
        self._whole: set[int] = set()

    def get(self, number: int) -> "Trial":
        from mlwright.tuning.trial import Trial

        if number not in self._whole:
            self._trials[number] = Trial.load(self._path(number))
            self._whole.add(number)
        return self._trials[number]

    def size_bytes(self, numbers: Sequence[int]) -> int:
        """Return what the models of these trials take on disk."""
        paths = [path for number in numbers for path in (self._path(number) / "member").rglob("*")]
        return sum(path.stat().st_size for path in paths if path.is_file())

    def _path(self, number: int) -> Path:
        return self._folder / f"trial-{number:04d}"


class _Maker:
    """Builds the model of a candidate."""

    def __init__(
        self,
        table: "TrainingTable",
        shelf: _Shelf,
        understanding: Understanding,
        params: SelectParams,
        context: Context,
    ) -> None:
        self.table = table
        self.shelf = shelf
        self.understanding = understanding
        self.params = params
        self.context = context

    def build(self, candidate: "Candidate") -> "Built":
        from mlwright.tuning.build import BuildPlan, build_model
        from mlwright.tuning.single import refit_single

        single = None
        if candidate.kind == "single":
            single = refit_single(self.shelf.get(candidate.numbers[0]), self.table, self._control())
        plan = BuildPlan(self._signature(), self._goal(), self.params.seed, single, self.params.interval)
        return build_model(self.table, candidate, [self.shelf.get(number) for number in candidate.numbers], plan)

    def _control(self) -> Any:
        from mlwright.models.protocol import FitControl

        return FitControl(seed=self.params.seed, threads=self.context.threads, deadline=None)

    def _signature(self) -> Any:
        from mlwright.data.schema import Role
        from mlwright.models.signature import Signature, Task

        known = self.understanding
        return Signature(
            name="".join(letter if letter.isalnum() else "-" for letter in known.target.lower()),
            version="",
            task=known.task,
            target=known.target,
            inputs=self.table.inputs,
            classes=known.classes,
            label_type=known.label_type,
            positive=known.classes[-1] if known.task is Task.BINARY else None,
            group=known.table.with_role(Role.GROUP)[0].name if known.task is Task.RANKING else None,
        )

    def _goal(self) -> Any:
        from mlwright.models.signature import Task
        from mlwright.tuning.threshold import RATES, SEARCHABLE, ConstraintGoal, CostGoal, MetricGoal

        if self.understanding.task is not Task.BINARY:
            return None
        if self.params.costs:
            return CostGoal(**self.params.costs)
        for gate in self.params.gates:
            if gate["at_metric"] in RATES and gate["metric"] in RATES and gate["op"] == ">=":
                return ConstraintGoal(gate["metric"], gate["value"], gate["at_metric"], gate["at_value"])
        return MetricGoal(self.understanding.metric) if self.understanding.metric in SEARCHABLE else None


def _front(
    candidates: Sequence["Candidate"], selection: "Selection", maker: _Maker, seed_deviation: float
) -> list["Candidate"]:
    """Measure what the best candidates cost and return those that no other beats."""
    from mlwright.data.columns import take
    from mlwright.tuning.front import front, single_variant, with_cost

    ranked = sorted(candidates, key=lambda one: one.loss)
    by_family: dict[str, Candidate] = {}
    for one in ranked:
        by_family.setdefault(one.name.partition(" ")[0], one)
    pool = [selection.chosen, *(one for one in by_family.values() if one.name != selection.chosen.name)][:_ON_FRONT]
    best_trial = next((one for one in ranked if one.kind == "trial"), None)
    if best_trial is not None:
        trial = maker.shelf.get(best_trial.numbers[0])
        # What is one estimator already has no cheaper single.
        if trial.spec.family != "dummy" and trial.member is not None and len(trial.member.estimators) > 1:
            pool.append(single_variant(best_trial, trial, seed_deviation))
    sample = take(maker.table.columns, slice(0, 100))
    return front([with_cost(one, _cost(one, maker, sample)) for one in pool])


def _cost(one: "Candidate", maker: _Maker, sample: Any) -> Any:
    from mlwright.tuning.front import Cost, measure_latency

    size = maker.shelf.size_bytes(one.numbers)
    if one.kind == "single":
        size //= len(maker.table.folds)
    return Cost(measure_latency(maker.build(one).model, sample), size)


def _chosen(wanted: "Candidate", front: Sequence["Candidate"], params: SelectParams) -> "Candidate":
    """Return the selection's candidate, or the next on the front when `current` was too slow."""
    from mlwright.tuning.front import next_on_front

    if params.current is None:
        return next((one for one in front if one.name == wanted.name), wanted)
    current = next((one for one in front if one.name == params.current), None)
    following = next_on_front(front, current, params.measured_ms, params.limit_ms) if current else None
    if following is None:
        raise Infeasible(
            f"No candidate is faster than '{params.current}'.",
            hint="raise latency_p95 in the brief, or allow fewer columns.",
        )
    return following


class _Made:
    """What was decided, for the facts."""

    def __init__(
        self,
        selection: "Selection",
        chosen: "Candidate",
        built: "Built",
        front: Sequence["Candidate"],
        table: "TrainingTable",
        seed: int,
    ) -> None:
        self.selection = selection
        self.chosen = chosen
        self.built = built
        self.front = front
        self.table = table
        self.seed = seed


def _facts(made: _Made, floor: dict[str, Any], candidates: Sequence["Candidate"]) -> dict[str, Any]:
    built, chosen = made.built, made.chosen
    threshold = built.threshold
    model = built.model
    return {
        "chosen": chosen.name,
        "best": made.selection.best.name,
        "candidates": [_candidate(one, made) for one in sorted(candidates, key=lambda one: one.loss)],
        "front": [{"name": one.name, "latency_ms": one.latency_ms, "size_bytes": one.size_bytes} for one in made.front],
        "decisions": [asdict(decision) for decision in made.selection.decisions],
        "noise": floor,
        "members": [
            {
                "family": member.family,
                "params": dict(member.params),
                "weight": weight,
                "estimators": len(member.estimators),
                "rounds": [estimator.rounds for estimator in member.estimators],
                "features": len(member.preparations[0].names),
            }
            for member, weight in zip(model.members, model.weights, strict=True)
        ],
        "preparation": preparation_words(model),
        "calibration": {
            "kind": type(model.calibrator).__name__ if model.calibrator else "",
            "reason": built.calibration.reason,
        },
        "interval": built.interval and {"kind": built.interval.kind, "reason": built.interval.reason},
        "cuts": built.cuts and {"cuts": list(built.cuts.cuts), "reason": built.cuts.reason},
        "threshold": asdict(threshold) if threshold else None,
        "search_score": _score(made, made.selection.best.oof, labels_at=None),
        "selection_score": _score(made, built.oof, labels_at=model.signature.threshold),
        "columns": [column.name for column in made.table.inputs],
    }


def _candidate(one: "Candidate", made: _Made) -> dict[str, Any]:
    measured = next((other for other in made.front if other.name == one.name), one)
    return {
        "name": one.name,
        "kind": one.kind,
        "numbers": list(one.numbers),
        "weights": list(one.weights),
        "complexity": one.complexity,
        "score": _score(made, one.oof, labels_at=None, quick=True),
        "latency_ms": measured.latency_ms,
        "size_bytes": measured.size_bytes,
    }


def _score(made: _Made, oof: Any, *, labels_at: float | None, quick: bool = False) -> dict[str, float]:
    """Return the headline metric on out-of-fold rows with its bootstrap interval."""
    import numpy as np

    from mlwright.evaluation.intervals import Bootstrap, bootstrap
    from mlwright.evaluation.metrics import metric
    from mlwright.evaluation.queries import query_interval, query_scores
    from mlwright.models.tabular.ordinal import ordinal_codes
    from mlwright.tuning.objective import covered

    table = made.table
    found = metric(table.metric)
    rows = np.flatnonzero(covered(oof))
    prediction = oof[rows]
    if found.needs == "labels" and table.task.is_classification:
        if found.ordered and len(table.classes) > 2:
            cuts = made.built.model.signature.cuts if oof is made.built.oof else None
            prediction = ordinal_codes(prediction, cuts)
        else:
            plain = labels_at is None
            prediction = np.argmax(prediction, axis=1) if plain else (prediction[:, 1] >= labels_at).astype(int)
    weight = None if table.weight is None else table.weight[rows]
    how = Bootstrap(resamples=100 if quick else None, seed=made.seed)
    if table.queries is not None:
        interval = query_interval(query_scores(found, table.y[rows], prediction, table.queries[rows]), how)
    else:
        interval = bootstrap(table.y[rows], prediction, found, weight=weight, how=how)
    return {"value": interval.value, "low": interval.low, "high": interval.high, "rows": len(rows)}
