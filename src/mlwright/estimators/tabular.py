"""`MLWrightClassifier` and `MLWrightRegressor`: a search for the best model of a table, as scikit-learn estimators."""

from collections.abc import Sequence
from time import monotonic
from typing import Any, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_array, check_consistent_length, check_is_fitted, validate_data

from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array
from mlwright.data.schema import Role, Schema
from mlwright.data.task import Task
from mlwright.estimators.rows import InvalidInput, as_array, columns_of, frame_kind, schema_of
from mlwright.estimators.target import checked_weights, encode_classes, encode_values
from mlwright.estimators.training import Problem, Rows, training_table
from mlwright.models.signature import Signature
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.ensemble import TabularModel, label_codes
from mlwright.tuning.fit import FitPlan, Fitted, fit_table, usable_families
from mlwright.tuning.threshold import SEARCHABLE, MetricGoal
from mlwright.tuning.trial import Trial

_QUICK_SECONDS = 12.0
# In so little time the seconds that dear libraries take to be imported are better spent on fits.
_QUICK_FAMILIES = ("dummy", "linear", "lightgbm", "extra_trees")


class _Tabular(BaseEstimator):
    """What both estimators share."""

    def __init__(
        self,
        time: float | None = 60.0,
        *,
        trials: int | None = None,
        metric: str | None = None,
        families: Sequence[str] | None = None,
        threads: int | None = None,
        seed: int = 0,
        prefer: Literal["accuracy", "simplicity"] = "accuracy",
    ) -> None:
        self.time = time
        self.trials = trials
        self.metric = metric
        self.families = families
        self.threads = threads
        self.seed = seed
        self.prefer = prefer

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

    def _given(self, X: Any, y: Any = None, *, reset: bool) -> Any:
        """Return X as a frame or a 2-d array, checked in scikit-learn's words for names, shape and emptiness."""
        kind = frame_kind(X)
        if kind == "pyarrow":
            import polars as pl

            X, kind = pl.from_arrow(X), "polars"
        if kind is None:
            X = check_array(as_array(X), dtype=None, ensure_all_finite="allow-nan", input_name="X", estimator=self)
        checked = (X,) if y is None and not reset else (X, y)
        validate_data(self, *checked, reset=reset, skip_check_array=True)
        if 0 in X.shape:
            what = "sample" if X.shape[0] == 0 else "feature"
            raise InvalidInput(
                f"Found array with 0 {what}(s) (shape={tuple(X.shape)}) while a minimum of 1 is required.",
                hint=f"give a table with at least one {what}.",
            )
        return X

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any) -> Self:
        began = monotonic()
        self._check_params()
        X = self._given(X, y, reset=True)
        weight = checked_weights(sample_weight, len(X))
        problem, codes = self._problem(X, y, weight)
        groups = None if groups is None else np.asarray(groups)
        check_consistent_length(X, codes, groups)
        self.schema_ = problem.schema
        columns = columns_of(X, problem.schema)
        table = training_table(Rows(columns, codes, weight, _group_codes(groups, columns, problem.schema)), problem)
        plan = FitPlan(
            signature=self._signature(problem),
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

    def _problem(self, X: Any, y: Any, weight: Array | None) -> tuple[Problem, Array]:
        raise NotImplementedError

    def _signature(self, problem: Problem) -> Signature:
        return Signature(
            name=type(self).__name__,
            version="",
            task=problem.task,
            target="y",
            inputs=problem.schema.inputs,
            classes=problem.classes,
        )

    def _metric(self, task: Task) -> str:
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

        self.model_: TabularModel = fitted.model
        self.metric_ = metric
        shares = dict(zip(fitted.chosen.numbers, fitted.chosen.weights, strict=True))
        sign = -1.0 if find(metric).direction == "maximise" else 1.0
        best_first = sorted(fitted.result.trials, key=lambda trial: (trial.loss, trial.spec.number))
        self.leaderboard_ = [_line(trial, sign, shares.get(trial.spec.number, 0.0)) for trial in best_first]

    def _predicted(self, X: Any) -> Array:
        check_is_fitted(self)
        return self.model_.predict(columns_of(self._given(X, reset=False), self.schema_))

    def to_onnx(self) -> bytes:
        """Return the fitted model as one ONNX graph, from the columns as they were given to the prediction.

        Raises:
            ExportError: A member of the model can't be expressed.
        """
        from mlwright.export.onnx.model import export_onnx

        check_is_fitted(self)
        return export_onnx(self.model_)


class MLWrightClassifier(ClassifierMixin, _Tabular):
    """Searches families of models, mixes the best, calibrates them, and predicts classes and their probabilities.

    Everything is judged by cross-validation inside `fit`; keep a test part of your own to judge the result.

    Args:
        time: Seconds that `fit` may take.
        trials: End after so many trials and don't look at the clock: the same rows then give the same model.
        metric: What is optimised; roc_auc for two classes and log_loss for more by default. With a metric of labels
            such as f1 the threshold of two classes is chosen for it too.
        families: Names in `mlwright list models`; all that are installed by default.
        threads: CPUs to use; all that this process may use by default.
        seed: Of everything that is drawn.
        prefer: "accuracy" takes the model of the best cross-validated score, "simplicity" the simplest that the noise
            can't tell from it.

    Attributes:
        classes_: The classes, ascending, shape (C,).
        model_: The `TabularModel` that predicts.
        leaderboard_: One dictionary for each trial, best first: family, score (of the metric, out of fold), share in
            the model, seconds, status, params.
        metric_: Name of what was optimised.
        schema_: What each column was taken for, and why.
        n_features_in_: Columns seen in `fit`.
        feature_names_in_: Their names, where X had names.

    Example:
        >>> from sklearn.datasets import load_iris
        >>> X, y = load_iris(return_X_y=True)
        >>> model = MLWrightClassifier(trials=2, families=("dummy", "linear")).fit(X, y)
        >>> bool(model.score(X, y) > 0.9)
        True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Search within the time, and keep the best.

        Args:
            X: Array, list of rows, pandas or polars frame, or Arrow table; numbers, categories, dates and texts are
                told apart by their cells, and missing cells may be anywhere.
            y: Classes, shape (n,).
            sample_weight: Shape (n,); 2 counts like the row given twice.
            groups: Shape (n,): rows of one group are never parted between training and validation.

        Raises:
            InvalidInput: Something in X, y or a parameter can't be used (a ValueError).
        """
        return self._fit(X, y, sample_weight, groups)

    def _problem(self, X: Any, y: Any, weight: Array | None) -> tuple[Problem, Array]:
        classes = encode_classes(y, weight)
        self.classes_ = classes.values
        self._label_type = classes.label_type
        return Problem(schema_of(X), classes.task, classes.labels, self._metric(classes.task), self.seed), classes.codes

    def _signature(self, problem: Problem) -> Signature:
        positive = problem.classes[-1] if problem.task is Task.BINARY else None
        known = super()._signature(problem)
        return known.model_copy(update={"label_type": self._label_type, "positive": positive})

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class, float64, shape (n, C), in the order of `classes_`."""
        return self._predicted(X)

    def predict(self, X: Any) -> Array:
        """Return the predicted class of each row, shape (n,)."""
        probabilities = self._predicted(X)
        if self.model_.signature.threshold is None:
            return self.classes_[np.argmax(probabilities, axis=1)]
        return self.classes_[label_codes(self.model_.signature, probabilities)]


class MLWrightRegressor(RegressorMixin, _Tabular):
    """Searches families of models, mixes the best, and predicts a number.

    Everything is judged by cross-validation inside `fit`; keep a test part of your own to judge the result.

    Args:
        time: Seconds that `fit` may take.
        trials: End after so many trials and don't look at the clock: the same rows then give the same model.
        metric: What is optimised; rmse by default.
        families: Names in `mlwright list models`; all that are installed by default.
        threads: CPUs to use; all that this process may use by default.
        seed: Of everything that is drawn.
        prefer: "accuracy" takes the model of the best cross-validated score, "simplicity" the simplest that the noise
            can't tell from it.

    Attributes:
        model_: The `TabularModel` that predicts.
        leaderboard_: One dictionary for each trial, best first: family, score (of the metric, out of fold), share in
            the model, seconds, status, params.
        metric_: Name of what was optimised.
        schema_: What each column was taken for, and why.
        n_features_in_: Columns seen in `fit`.
        feature_names_in_: Their names, where X had names.

    Example:
        >>> from sklearn.datasets import load_diabetes
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = MLWrightRegressor(trials=2, families=("dummy", "linear")).fit(X, y)
        >>> bool(model.score(X, y) > 0.4)
        True
    """

    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> Self:
        """Search within the time, and keep the best.

        Args:
            X: Array, list of rows, pandas or polars frame, or Arrow table; numbers, categories, dates and texts are
                told apart by their cells, and missing cells may be anywhere.
            y: Numbers, shape (n,).
            sample_weight: Shape (n,); 2 counts like the row given twice.
            groups: Shape (n,): rows of one group are never parted between training and validation.

        Raises:
            InvalidInput: Something in X, y or a parameter can't be used (a ValueError).
        """
        return self._fit(X, y, sample_weight, groups)

    def _problem(self, X: Any, y: Any, weight: Array | None) -> tuple[Problem, Array]:
        del weight
        values = encode_values(y)
        return Problem(schema_of(X), Task.REGRESSION, (), self._metric(Task.REGRESSION), self.seed), values

    def predict(self, X: Any) -> Array:
        """Return the predicted value of each row, float64, shape (n,)."""
        return self._predicted(X)


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
