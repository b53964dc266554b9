"""`MLWrightClassifier` and `MLWrightRegressor`: a search for the best model of a table, as scikit-learn estimators."""

from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin

from mlwright.data.columns import Array
from mlwright.data.task import Task
from mlwright.estimators.rows import schema_of
from mlwright.estimators.search_estimator import SearchEstimator
from mlwright.estimators.target import encode_classes, encode_values
from mlwright.estimators.training import Problem
from mlwright.models.signature import Signature
from mlwright.models.tabular.ensemble import label_codes


class MLWrightClassifier(ClassifierMixin, SearchEstimator):
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
        return self._fit_rows(X, y, sample_weight, groups)

    def _problem_of(self, X: Any, y: Any, weight: Array | None) -> tuple[Problem, Array]:
        classes = encode_classes(y, weight)
        self.classes_ = classes.values
        self._label_type = classes.label_type
        return Problem(
            schema_of(X), classes.task, classes.labels, self._metric_of(classes.task), self.seed
        ), classes.codes

    def _signature_of(self, problem: Problem) -> Signature:
        positive = problem.classes[-1] if problem.task is Task.BINARY else None
        known = super()._signature_of(problem)
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


class MLWrightRegressor(RegressorMixin, SearchEstimator):
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
        return self._fit_rows(X, y, sample_weight, groups)

    def _problem_of(self, X: Any, y: Any, weight: Array | None) -> tuple[Problem, Array]:
        del weight
        values = encode_values(y)
        return Problem(schema_of(X), Task.REGRESSION, (), self._metric_of(Task.REGRESSION), self.seed), values

    def predict(self, X: Any) -> Array:
        """Return the predicted value of each row, float64, shape (n,)."""
        return self._predicted(X)
