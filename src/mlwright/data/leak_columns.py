"""Leaks by columns: a feature, the row's number or its file that gives the target away."""

from typing import Any

import numpy as np

from mlwright.base.seeds import derive_seed, generator
from mlwright.data.columns import Array
from mlwright.data.dataset import Dataset
from mlwright.data.findings import Finding, Severity
from mlwright.data.leak_case import LeakCase
from mlwright.data.leak_matrix import filled, matrix_of, skill
from mlwright.data.schema import Column, Role, SemanticType
from mlwright.data.splits import FoldArrays, FoldPlan, folds
from mlwright.data.task import Task

_PROXY_ERROR = 0.995  # out-of-fold AUC or R2 of one feature alone
_PROXY_WARNING = 0.98
_ORDER_WARNING = 0.9
_ORDER_WARNING_R2 = 0.7
_FOLLOWS = 0.999  # rank correlation of a feature with the row's number
_LEAVES = 32
_LEAST_LEAF_ROWS = 5


def target_copies(case: LeakCase) -> list[Finding]:
    """Features that are the target under another name: the same but for labels, scale and shift."""
    copies = [column for column in _features(case) if _is_copy(case, column)]
    if not copies:
        return [Finding(check="target_copies", severity="info", message="No column is the target under another name.")]
    target = case.dataset.schema.target
    return [
        Finding(
            check="target_copies",
            severity="error",
            columns=(column.name,),
            message=f"'{column.name}' is the target '{target.name if target else ''}' under another name.",
            evidence={"rows": len(case.y)},
            hint=f"give it the role ignored: columns: {{{column.name}: ignored}}.",
        )
        for column in copies
    ]


def target_proxies(case: LeakCase) -> list[Finding]:
    """Features that alone tell the target nearly perfectly, out of fold, on training rows."""
    rows = training_sample(case)
    dataset = case.dataset.take(rows)
    scores: dict[str, float] = {}
    findings: list[Finding] = []
    for column in _features(case):
        score = one_feature_skill(_ranked(dataset, column), rows, case)
        scores[column.name] = score
        if score < _PROXY_WARNING:
            continue
        severity: Severity = "error" if score >= _PROXY_ERROR else "warning"
        findings.append(_proxy(column.name, score, severity, case.plan.task))
    best = max(scores, key=lambda name: scores[name], default="")
    evidence = {"best": best, "score": scores.get(best, 0.0)}
    measure = _measure(case.plan.task)
    message = f"No feature alone gives the target away; the best is '{best}' ({measure} {scores.get(best, 0):.3f})."
    return findings or [Finding(check="target_proxies", severity="info", evidence=evidence, message=message)]


def row_order(case: LeakCase) -> list[Finding]:
    """Whether the row's number tells the target, and whether a feature follows the row's number."""
    rows = training_sample(case)
    score = one_feature_skill(rows.astype(np.float64), rows, case)
    limit = _ORDER_WARNING_R2 if case.plan.task is Task.REGRESSION else _ORDER_WARNING
    evidence = {"score": score}
    measure = _measure(case.plan.task)
    if score < limit:
        message = f"The order of the rows does not give the target away ({measure} {score:.3f})."
        return [Finding(check="row_order", severity="info", evidence=evidence, message=message)]
    dataset = case.dataset.take(rows)
    following = tuple(c.name for c in _features(case) if c.type is not SemanticType.TEXT and _follows(dataset, c))
    carried = f" and {', '.join(following)} follows it" if following else "; no feature carries it"
    return [
        Finding(
            check="row_order",
            severity="error" if following and case.split.strategy != "time" else "warning",
            columns=following,
            evidence=evidence,
            message=f"The number of a row alone tells the target ({measure} {score:.3f}){carried}.",
            hint="the rows are sorted by the target or by time: leave such columns out, or set a time column.",
        )
    ]


def file_names(case: LeakCase) -> list[Finding]:
    """Whether the file that a row came from tells the target."""
    parts = case.plan.parts
    if len(parts) < 2:
        return [Finding(check="file_names", severity="info", message="All rows come from one file.")]
    origin = np.repeat(np.arange(len(parts)), [rows for _, rows in parts]).astype(np.float64)
    rows = training_sample(case)
    score = one_feature_skill(origin[rows], rows, case)
    limit = _ORDER_WARNING_R2 if case.plan.task is Task.REGRESSION else _ORDER_WARNING
    told = score >= limit
    measure = _measure(case.plan.task)
    return [
        Finding(
            check="file_names",
            severity="error" if score >= _PROXY_ERROR else ("warning" if told else "info"),
            evidence={"score": score, "files": len(parts)},
            message=f"The file of a row {'tells' if told else 'does not tell'} the target ({measure} {score:.3f}).",
            hint="one file per outcome lets a model learn the file's quirks: mix their sources." if told else "",
        )
    ]


def one_feature_skill(x: Array, rows: Array, case: LeakCase) -> float:
    """Return the out-of-fold AUC or R2 of a small tree on one feature `x` of `rows`, both of shape (n,)."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    y = case.y[rows]
    plan = FoldPlan(k=fold_count(y, case.plan.task), seed=derive_seed(case.plan.seed, "proxies"))
    kind: Any = DecisionTreeRegressor if case.plan.task is Task.REGRESSION else DecisionTreeClassifier
    classes = int(y.max()) + 1 if case.plan.task.is_classification else 0
    prediction = np.zeros((len(y), classes) if classes else len(y))
    column = x.reshape(-1, 1)
    for train, valid in folds(FoldArrays(y, case.units[rows]), plan):
        tree = kind(max_leaf_nodes=_LEAVES, min_samples_leaf=_LEAST_LEAF_ROWS, random_state=0)
        tree.fit(column[train], y[train])
        if classes:
            prediction[np.ix_(valid, tree.classes_.astype(int))] = tree.predict_proba(column[valid])
        else:
            prediction[valid] = tree.predict(column[valid])
    return skill(y, prediction, case.plan.task)


def fold_count(y: Array, task: Task) -> int:
    """Return two to five folds, so that every class is in each."""
    smallest = int(np.unique(y, return_counts=True)[1].min()) if task.is_classification else len(y)
    return int(np.clip(smallest, 2, 5))


def _features(case: LeakCase) -> tuple[Column, ...]:
    return tuple(c for c in case.dataset.schema.columns if c.role in (Role.FEATURE, Role.TIME, Role.SENSITIVE))


def training_sample(case: LeakCase) -> Array:
    """Training rows, in order; test rows are never looked at for a fit."""
    train = case.split.train
    if len(train) <= case.plan.max_rows:
        return train
    return np.sort(generator(case.plan.seed, "leak sample").choice(train, case.plan.max_rows, replace=False))


def _is_copy(case: LeakCase, column: Column) -> bool:
    if column.type is SemanticType.TEXT:
        return False
    numbers = matrix_of(case.dataset, (column,))[:, 0]
    if case.plan.task is Task.REGRESSION:
        present = np.isfinite(numbers)
        if column.type is not SemanticType.NUMBER or present.mean() < 0.9 or np.ptp(numbers[present]) == 0:
            return False
        return bool(abs(np.corrcoef(numbers[present], case.y[present])[0, 1]) > 1 - 1e-9)
    codes = np.unique(np.nan_to_num(numbers, nan=-1.0), return_inverse=True)[1]
    pairs = len(np.unique(codes.astype(np.int64) * (int(case.y.max()) + 1) + case.y))
    return pairs == len(np.unique(codes)) == len(np.unique(case.y))


def _ranked(dataset: Dataset, column: Column) -> Array:
    return filled(matrix_of(dataset, (column,))[:, 0])


def _follows(dataset: Dataset, column: Column) -> bool:
    values = matrix_of(dataset, (column,))[:, 0]
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        return False
    rank = np.unique(values, return_inverse=True)[1].astype(np.float64)
    return abs(float(np.corrcoef(rank, np.arange(len(rank)))[0, 1])) > _FOLLOWS


def _measure(task: Task) -> str:
    return "R2" if task is Task.REGRESSION else "AUC"


def _proxy(name: str, score: float, severity: Severity, task: Task) -> Finding:
    return Finding(
        check="target_proxies",
        severity=severity,
        columns=(name,),
        evidence={"score": score},
        message=f"'{name}' alone tells the target nearly perfectly ({_measure(task)} {score:.4f}, out of fold).",
        hint=f"is it known when the prediction is made? If not: columns: {{{name}: ignored}}.",
    )
