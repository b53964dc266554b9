"""What both estimators share: from X, y and a time to a model, predictions and files."""

from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array
from mlwright.data.schema import Role, Schema
from mlwright.data.task import Task
from mlwright.estimators.files import (
    EstimatorState,
    classes_from_json,
    classes_to_json,
    finite_lines,
    known_lines,
    load_estimator,
    save_estimator,
)
from mlwright.estimators.rows import InvalidInput, as_array, columns_of, frame_kind
from mlwright.estimators.target import checked_weights
from mlwright.estimators.training import Problem, Rows, training_table
from mlwright.models.signature import Signature
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.ensemble import TabularModel
from mlwright.tuning.fit import FitPlan, Fitted, Prefer, fit_table, usable_families
from mlwright.tuning.threshold import SEARCHABLE, MetricGoal
from mlwright.tuning.trial import Trial

if TYPE_CHECKING:
    from mlwright.serving.runtime import Runtime

_QUICK_SECONDS = 12.0
# In so little time the seconds that dear libraries take to be imported are better spent on fits.
_QUICK_FAMILIES = ("dummy", "linear", "lightgbm", "extra_trees")


class SearchEstimator(BaseEstimator):
    """Searches, keeps the best, predicts; a subclass says what y is."""

    classes_: Array
    n_features_in_: int
    feature_names_in_: Array
    _session: "Runtime | None" = None  # of ONNX Runtime; opened by the first prediction after `compile`

    def __init__(
        self,
        time: float | None = 60.0,
        *,
        trials: int | None = None,
        metric: str | None = None,
        families: Sequence[str] | None = None,
        threads: int | None = None,
        seed: int = 0,
        prefer: Prefer = "accuracy",
    ) -> None:
        self.time = time
        self.trials = trials
        self.metric = metric
        self.families = families
        self.threads = threads
        self.seed = seed
        self.prefer: Prefer = prefer

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _given(self, X: Any, y: Any = None, *, reset: bool) -> Any:
        """Return X as a frame or a 2-d array, checked in scikit-learn's words for names, shape and emptiness."""
        given = X
        # Any: scikit-learn's annotations are guessed from its defaults.
        check: Any = check_array
        validate: Any = validate_data
        kind = frame_kind(X)
        if kind == "pyarrow":
            import polars as pl

            given = pl.from_arrow(X)
        elif kind is None:
            given = check(as_array(X), dtype=None, ensure_all_finite="allow-nan", input_name="X", estimator=self)
        checked = (given,) if y is None and not reset else (given, y)
        validate(self, *checked, reset=reset, skip_check_array=True)
        if 0 in given.shape:
            what = "sample" if given.shape[0] == 0 else "feature"
            raise InvalidInput(
                f"Found array with 0 {what}(s) (shape={tuple(given.shape)}) while a minimum of 1 is required.",
                hint=f"give a table with at least one {what}.",
            )
        return given

    def _fit_rows(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Self:
        began = monotonic()
        self._check_params()
        given = self._given(X, y, reset=True)
        weight = checked_weights(sample_weight, len(given))
        problem, codes = self._problem_of(given, y, weight)
        groups = None if groups is None else np.asarray(groups)
        check_consistent_length(given, codes, groups)
        self.schema_ = problem.schema
        columns = columns_of(given, problem.schema)
        table = training_table(Rows(columns, codes, weight, _group_codes(groups, columns, problem.schema)), problem)
        plan = FitPlan(
            signature=self._signature_of(problem),
            families=self._families(),
            deadline=None if self.trials is not None or self.time is None else began + self.time,
            trials=self.trials,
            seed=self.seed,
            threads=self.threads or _usable_cpus(),
            prefer=self.prefer,
            goal=MetricGoal(problem.metric) if self._wants_threshold(problem) else None,
        )
        self._keep(fit_table(table, plan), problem.metric)
        return self

    def _problem_of(self, X: Any, y: Any, weight: Array | None) -> tuple[Problem, Array]:
        """Return what is to be learnt from X, and y in the form that models take."""
        raise NotImplementedError

    def _signature_of(self, problem: Problem) -> Signature:
        return Signature(
            name=type(self).__name__,
            version="",
            task=problem.task,
            target="y",
            inputs=problem.schema.inputs,
            classes=problem.classes,
        )

    def _metric_of(self, task: Task) -> str:
        from mlwright.evaluation.metrics import checked_metric, default_metric

        return default_metric(task).name if self.metric is None else checked_metric(self.metric, task).name

    def _wants_threshold(self, problem: Problem) -> bool:
        return problem.task is Task.BINARY and problem.metric in SEARCHABLE

    def _families(self) -> tuple[str, ...]:
        if self.families is not None:
            return tuple(self.families)
        found = usable_families()
        if self.trials is None and self.time is not None and self.time < _QUICK_SECONDS:
            return tuple(name for name in found if name in _QUICK_FAMILIES)
        return found

    def _check_params(self) -> None:
        if self.time is None and self.trials is None:
            raise InvalidInput("Neither time nor trials limits the search.", hint="set time=60, say.")
        if self.time is not None and not self.time > 0:
            raise InvalidInput(f"time is {self.time!r}; seconds above 0 were expected.", hint="set time=60, say.")
        if self.trials is not None and self.trials < 1:
            raise InvalidInput(f"trials is {self.trials!r}; 1 or more were expected.", hint="set trials=40, say.")
        if self.prefer not in ("accuracy", "simplicity"):
            raise InvalidInput(
                f"prefer is {self.prefer!r}; 'accuracy' or 'simplicity' was expected.", hint="set prefer='accuracy'."
            )
        unknown = [name for name in self.families or () if name not in MODELS]
        if unknown:
            raise InvalidInput(f"There is no family '{unknown[0]}'.", hint=did_you_mean(unknown[0], list(MODELS)))

    def _keep(self, fitted: Fitted, metric: str) -> None:
        from mlwright.evaluation.metrics import metric as find

        for name in ("onnx_", "_session"):  # of an earlier fit
            self.__dict__.pop(name, None)
        self.model_: TabularModel = fitted.model
        self.metric_ = metric
        shares = dict(zip(fitted.chosen.numbers, fitted.chosen.weights, strict=True))
        sign = -1.0 if find(metric).direction == "maximise" else 1.0
        best_first = sorted(fitted.result.trials, key=lambda trial: (trial.loss, trial.spec.number))
        self.leaderboard_ = [_line(trial, sign, shares.get(trial.spec.number, 0.0)) for trial in best_first]

    def _predicted(self, X: Any) -> Array:
        check_is_fitted(self)
        columns = columns_of(self._given(X, reset=False), self.schema_)
        if not hasattr(self, "onnx_"):
            return self.model_.predict(columns)
        found = self._runtime().predict(columns)
        return np.asarray(found.values if found.probabilities is None else found.probabilities, dtype=np.float64)

    def compile(self) -> Self:
        """Predict by ONNX Runtime from now on: faster, with answers rounded to float32.

        Raises:
            ExportError: A member of the model can't be expressed.
        """
        self.onnx_ = self.to_onnx()
        return self

    def save(self, directory: str | Path) -> None:
        """Write the fitted estimator into a new directory, in formats that are safe to read.

        Raises:
            DataError: The directory is not empty.
        """
        check_is_fitted(self)
        names = getattr(self, "feature_names_in_", None)
        classes, class_kind = classes_to_json(self.classes_) if hasattr(self, "classes_") else ((), "")
        state = EstimatorState(
            kind=type(self).__name__,
            params=self.get_params(),
            schema_=self.schema_,
            metric=self.metric_,
            features=self.n_features_in_,
            feature_names=None if names is None else tuple(names.tolist()),
            classes=classes,
            class_kind=class_kind,
            leaderboard=finite_lines(self.leaderboard_),
        )
        save_estimator(Path(directory), state, self.model_)

    @classmethod
    def load(cls, directory: str | Path) -> Self:
        """Read what `save` wrote, executing no code from it.

        Raises:
            DataError: The directory holds something else.
        """
        state, model = load_estimator(Path(directory), cls.__name__)
        found = cls(**state.params)
        found.schema_, found.metric_, found.model_ = state.schema_, state.metric, model
        found.n_features_in_ = state.features
        if state.feature_names is not None:
            found.feature_names_in_ = np.array(state.feature_names, dtype=object)
        if state.class_kind:
            found.classes_ = classes_from_json(state.classes, state.class_kind)
        found.leaderboard_ = known_lines(state.leaderboard)
        return found

    def _runtime(self) -> "Runtime":
        from mlwright.serving.runtime import Runtime

        if self._session is None:
            self._session = Runtime.from_bytes(self.model_.signature.model_dump_json().encode(), self.onnx_)
        return self._session

    def __getstate__(self) -> dict[str, Any]:
        state: Any = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_session"}

    def to_onnx(self) -> bytes:
        """Return the fitted model as one ONNX graph, from the columns as they were given to the prediction.

        Raises:
            ExportError: A member of the model can't be expressed.
        """
        from mlwright.export.onnx.model import export_onnx

        check_is_fitted(self)
        return export_onnx(self.model_)


def _group_codes(groups: Any, columns: Any, schema: Schema) -> Array | None:
    """Return numbers of the groups: those given, else of the column that reads like one."""
    if groups is not None:
        return np.unique(groups, return_inverse=True)[1].astype(np.int64)
    named = schema.with_role(Role.GROUP)
    return np.unique(columns[named[0].name], return_inverse=True)[1].astype(np.int64) if named else None


def _line(trial: Trial, sign: float, share: float) -> dict[str, Any]:
    return {
        "number": trial.spec.number,
        "family": trial.spec.family,
        "score": sign * trial.loss,
        "share": share,
        "seconds": trial.seconds,
        "status": trial.status,
        "origin": trial.spec.origin,
        "params": dict(trial.spec.params),
        "reason": trial.reason or trial.spec.why,
    }


def _usable_cpus() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
