"""Leaks that a small model sees: sides that can be told apart, and labels that can be learned when shuffled."""

from typing import Any

import numpy as np

from mlwright.base.seeds import derive_seed, generator
from mlwright.data.columns import Array, Columns, take
from mlwright.data.dataset import Dataset
from mlwright.data.findings import Finding, Severity
from mlwright.data.leak_case import LeakCase
from mlwright.data.leak_columns import fold_count, training_sample
from mlwright.data.leak_matrix import area, area_interval, chance, filled, matrix_of, skill
from mlwright.data.schema import Role
from mlwright.data.splits import FoldArrays, FoldPlan, folds
from mlwright.data.task import Task

_TREES = 40
_LEAST_LEAF_ROWS = 5
_APART_WARNING = 0.55  # lower end of the interval of the AUC, training rows against test rows
_APART_ERROR = 0.65
_CHANCE_ERRORS = 4.0  # standard errors beyond chance


def adversarial_validation(case: LeakCase) -> list[Finding]:
    """Whether a forest can tell test rows from training rows by their features."""
    columns = tuple(column for column in case.dataset.schema.columns if column.role is Role.FEATURE)
    if not columns:
        return [Finding(check="adversarial_validation", severity="info", message="There are no features to compare.")]
    rows, side = _both_sides(case)
    X = filled(matrix_of(case.dataset.take(rows), columns))
    score = np.zeros(len(rows))
    plan = FoldPlan(k=fold_count(side.astype(np.int64), Task.BINARY), seed=derive_seed(case.plan.seed, "adversarial"))
    # Copies and groups lie on one side as a whole: apart in these folds, they would be known again.
    for train, valid in folds(FoldArrays(side.astype(np.int64), case.units[rows]), plan):
        model = _forest(case, Task.BINARY)
        score[valid] = model.fit(X[train], side[train]).predict_proba(X[valid])[:, 1]
    value = area(side, score)
    low, high = area_interval(value, int(side.sum()), int((~side).sum()))
    told = _told_apart(low, case.split.strategy)
    span = f"AUC {value:.3f}, 95 % interval {low:.3f} to {high:.3f}"
    message = f"Test rows can{'' if told != 'info' else 'not'} be told from training rows ({span})."
    return [
        Finding(
            check="adversarial_validation",
            severity=told,
            evidence={"auc": value, "low": low, "high": high},
            message=message,
            hint="the sides differ: look for a column that drifts with time or source." if told != "info" else "",
        )
    ]


def permuted_labels(case: LeakCase) -> list[Finding]:
    """Whether a model scores beyond chance on shuffled labels; then something lets it see the answers."""
    rows = training_sample(case)
    y = generator(case.plan.seed, "permuted labels").permutation(case.y[rows])
    dataset = case.dataset.take(rows)
    plan = FoldPlan(k=fold_count(y, case.plan.task), seed=derive_seed(case.plan.seed, "permuted folds"))
    classes = int(case.y.max()) + 1 if case.plan.task.is_classification else 0
    prediction = np.zeros((len(y), classes) if classes else len(y))
    columns = dataset.columns([column.name for column in dataset.schema.inputs])
    for train, valid in folds(FoldArrays(y), plan):
        prediction[valid] = _scores(case, dataset, columns, y, train, valid)
    value = skill(y, prediction, case.plan.task)
    guess, error = chance(y, case.plan.task)
    beyond = value > guess + _CHANCE_ERRORS * error
    measure = "R2" if case.plan.task is Task.REGRESSION else "AUC"
    stated = f"{measure} {value:.3f}; at most {guess + _CHANCE_ERRORS * error:.3f} is chance"
    message = f"On shuffled labels a model is {'beyond' if beyond else 'at'} chance ({stated})."
    return [
        Finding(
            check="permuted_labels",
            severity="error" if beyond else "info",
            evidence={"score": value, "chance": guess, "standard_error": error},
            message=message,
            hint="the preparation looks at the labels of the rows that are scored." if beyond else "",
        )
    ]


def _both_sides(case: LeakCase) -> tuple[Array, Array]:
    """As many training rows as test rows, at most `max_rows` in all; and which are test rows."""
    random = generator(case.plan.seed, "adversarial sample")
    count = min(len(case.split.train), len(case.split.test), case.plan.max_rows // 2)
    train = random.choice(case.split.train, count, replace=False)
    test = random.choice(case.split.test, count, replace=False)
    return np.concatenate([train, test]), np.repeat([False, True], count)


def _told_apart(low: float, strategy: str) -> Severity:
    if low <= _APART_WARNING:
        return "info"
    return "error" if low > _APART_ERROR and strategy in ("random", "stratified") else "warning"


def _scores(case: LeakCase, dataset: Dataset, columns: Columns, y: Array, train: Array, valid: Array) -> Array:
    if case.plan.fit_predict is not None:
        seed = derive_seed(case.plan.seed, "permuted fit")
        return case.plan.fit_predict(take(columns, train), y[train], take(columns, valid), seed)
    X = filled(matrix_of(dataset, dataset.schema.inputs))
    model = _forest(case, case.plan.task).fit(X[train], y[train])
    if case.plan.task is Task.REGRESSION:
        return model.predict(X[valid])
    found = np.zeros((len(valid), int(case.y.max()) + 1))
    found[:, model.classes_.astype(int)] = model.predict_proba(X[valid])
    return found


def _forest(case: LeakCase, task: Task) -> Any:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind: Any = RandomForestRegressor if task is Task.REGRESSION else RandomForestClassifier
    return kind(
        n_estimators=_TREES,
        min_samples_leaf=_LEAST_LEAF_ROWS,
        max_features="sqrt",
        random_state=derive_seed(case.plan.seed, "forest"),
        n_jobs=case.plan.threads,
    )
