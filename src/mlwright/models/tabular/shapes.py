"""What the shape of a target makes worth trying: scales, objectives, resampling; the search measures which pays."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from mlwright.data.columns import Array
from mlwright.data.task import Task
from mlwright.models.protocol import Facts, Params
from mlwright.models.tabular.objectives import SHAPE_PARAMS

_SKEWED = 1.5
_MANY_ZEROS = 0.2
_RARE = 0.2  # a class of a smaller share is worth a trial of its own
_LEAST_RARE_ROWS = 60  # fewer rows, and under-sampling leaves nothing to learn from
_MAX_SMOTE_ROWS = 20_000
_SQUARED = ("rmse", "mse", "r2")
_ABSOLUTE = ("mae", "median_ae", "mape")
_OF_PROBABILITIES = ("log_loss", "brier", "ece")  # resampled rows give other probabilities than these want
_VALUES = ("absolute", "quantile", "poisson")
# Families that learn values through `Problem`, each with the objectives it has beside squares.
_OBJECTIVES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lightgbm": (*_VALUES, "gamma", "tweedie"),
        "xgboost": (*_VALUES, "gamma", "tweedie"),
        "catboost": (*_VALUES, "tweedie"),
        "hist_boosting": (*_VALUES, "gamma"),
        "linear": ("quantile",),
        "extra_trees": (),
        "random_forest": (),
        "network": ("absolute", "quantile"),
        "nearest_neighbours": (),
    }
)
_RESAMPLED = ("lightgbm", "linear", "extra_trees")
_FILLED = ("linear",)  # whose preparation leaves no value missing, as SMOTE wants it


def target_facts(y: Array, task: Task, metric: str) -> dict[str, Any]:
    """Return the fields of `Facts` that speak of the target.

    Example:
        >>> target_facts(np.array([0.0, 1.0, 1.0]), Task.REGRESSION, "rmse")["integer_target"]
        True
    """
    if task.is_classification or not len(y):
        return {"metric": metric}
    spread = float(np.std(y))
    return {
        "metric": metric,
        "skew": float(np.mean(((y - y.mean()) / spread) ** 3)) if spread > 0 else 0.0,
        "integer_target": bool(np.all(y == np.round(y))),
        "minimum": float(y.min()),
        "maximum": float(y.max()),
        "zero_share": float(np.mean(y == 0)),
    }


def shaped(family: str, sets: Sequence[Mapping[str, Any]], facts: Facts) -> list[dict[str, Any]]:
    """Return a portfolio with what the target's shape makes worth trying.

    Where the metric has an objective of its own (a quantile, absolute errors), that leads. All else comes behind the
    first plain set, as copies of it, so that each gain can be read off a pair.
    """
    plain = [dict(one) for one in sets]
    if family not in _OBJECTIVES or not plain or facts.task not in (Task.BINARY, Task.MULTICLASS, Task.REGRESSION):
        return plain
    if facts.task.is_classification:
        return [plain[0], *({**plain[0], **one} for one in _of_classes(family, facts)), *plain[1:]]
    lead = _lead(family, facts)
    others = [one for one in _of_values(family, facts) if one != lead]
    if lead and facts.metric.startswith("pinball"):
        return [{**one, **lead} for one in plain]
    if lead:
        return [{**plain[0], **lead}, plain[0], *({**plain[0], **one} for one in others), *plain[1:]]
    return [plain[0], *({**plain[0], **one} for one in others), *plain[1:]]


def best_shape(trials: Sequence[tuple[float, Params]]) -> dict[str, Any]:
    """Return what the trial of the lowest loss has of `SHAPE_PARAMS`: further draws of a family keep to it.

    Args:
        trials: Loss and parameters of a family's finished trials.
    """
    if not trials:
        return {}
    params = min(trials, key=lambda one: one[0])[1]
    return {name: params[name] for name in sorted(SHAPE_PARAMS) if name in params}


def quantile_of(metric: str) -> float | None:
    """Return the share that a pinball loss asks for, None for another metric.

    Example:
        >>> quantile_of("pinball@0.9"), quantile_of("rmse")
        (0.9, None)
    """
    found = re.fullmatch(r"pinball(?:@(\d*\.?\d+))?", metric)
    return None if found is None else float(found[1] or 0.5)


def _lead(family: str, facts: Facts) -> dict[str, Any]:
    share = quantile_of(facts.metric)
    if share is not None:
        return {"objective": "quantile", "quantile": share} if "quantile" in _OBJECTIVES[family] else {}
    if facts.metric == "rmsle" and facts.minimum > -1:
        return {"target": "log1p"}
    if facts.metric in _ABSOLUTE and "absolute" in _OBJECTIVES[family]:
        return {"objective": "absolute"}
    return {}


def _of_values(family: str, facts: Facts) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    known = _OBJECTIVES[family]
    positive, skewed = facts.minimum >= 0, abs(facts.skew) > _SKEWED
    if facts.integer_target and positive and "poisson" in known and facts.metric in _SQUARED:
        found.append({"objective": "poisson"})
    if positive and facts.skew > _SKEWED:
        found.append({"target": "log1p", **_corrected(facts)})
        if facts.metric in _SQUARED and "gamma" in known and facts.minimum > 0:
            found.append({"objective": "gamma"})
        if facts.metric in _SQUARED and "tweedie" in known and facts.zero_share > _MANY_ZEROS:
            found.append({"objective": "tweedie", "tweedie_power": 1.5})
    elif skewed:
        found.append({"target": "yeo_johnson"})
    if positive and facts.maximum <= 1 and not facts.integer_target:
        found.append({"target": "logit"})
    if skewed and facts.metric in _ABSOLUTE:
        found.append({"target": "normal_scores"})
    return found


def _corrected(facts: Facts) -> dict[str, Any]:
    """Squared errors want the mean, which the way back from a logarithm misses; absolute ones want the median."""
    return {"correct_mean": True} if facts.metric in _SQUARED else {}


def _of_classes(family: str, facts: Facts) -> list[dict[str, Any]]:
    if facts.minority_share >= _RARE or facts.metric in _OF_PROBABILITIES or family not in _RESAMPLED:
        return []
    found: list[dict[str, Any]] = []
    if facts.minority_share * facts.rows >= _LEAST_RARE_ROWS:
        found.append({"resample": "under"})
    if family in _FILLED and facts.rows <= _MAX_SMOTE_ROWS:
        found.append({"resample": "smote"})
    if family == "lightgbm" and facts.task is Task.BINARY:
        found.append({"objective": "focal", "focal_gamma": 2.0})
    return found
