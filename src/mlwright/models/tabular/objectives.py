"""What is minimised, by our names, and what each boosting library calls it."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.data.columns import Array
from mlwright.models.protocol import Params

OBJECTIVES = ("squared", "absolute", "quantile", "poisson", "gamma", "tweedie")
# Parameters that say what is learned; no library knows them by these names.
SHAPE_PARAMS = frozenset(
    {"target", "correct_mean", "objective", "quantile", "tweedie_power", "focal_gamma", "resample", "class_weight"}
)


def objective_of(params: Params) -> str:
    """Return the objective's name, "squared" where none is given."""
    return str(params.get("objective", "squared"))


def lightgbm_goal(params: Params) -> dict[str, Any]:
    """Return LightGBM's settings of a regression.

    Raises:
        Infeasible: It has no such objective.
    """
    power = float(params.get("tweedie_power", 1.5))
    return _one(
        "lightgbm",
        objective_of(params),
        {
            "squared": {"objective": "regression", "metric": "l2"},
            "absolute": {"objective": "regression_l1", "metric": "l1"},
            "quantile": {"objective": "quantile", "metric": "quantile", "alpha": _share(params)},
            "poisson": {"objective": "poisson", "metric": "poisson"},
            "gamma": {"objective": "gamma", "metric": "gamma"},
            "tweedie": {"objective": "tweedie", "metric": "tweedie", "tweedie_variance_power": power},
        },
    )


def xgboost_goal(params: Params, y: Array) -> dict[str, Any]:
    """Return XGBoost's settings of a regression on the (scaled) training values.

    Raises:
        Infeasible: It has no such objective.
    """
    power = float(params.get("tweedie_power", 1.5))
    mean = {"base_score": float(np.mean(y))}  # before the logarithm
    return _one(
        "xgboost",
        objective_of(params),
        {
            "squared": {"objective": "reg:squarederror", "eval_metric": "rmse", "base_score": 0.0},
            "absolute": {"objective": "reg:absoluteerror", "eval_metric": "mae", "base_score": 0.0},
            "quantile": {
                "objective": "reg:quantileerror",
                "eval_metric": "quantile",
                "quantile_alpha": _share(params),
                "base_score": float(np.quantile(y, _share(params))),
            },
            "poisson": {"objective": "count:poisson", "eval_metric": "poisson-nloglik", **mean},
            "gamma": {"objective": "reg:gamma", "eval_metric": "gamma-nloglik", **mean},
            "tweedie": {
                "objective": "reg:tweedie",
                "eval_metric": f"tweedie-nloglik@{power:g}",
                "tweedie_variance_power": power,
                **mean,
            },
        },
    )


def catboost_goal(params: Params) -> dict[str, Any]:
    """Return CatBoost's settings of a regression.

    Raises:
        Infeasible: It has no such objective.
    """
    power = float(params.get("tweedie_power", 1.5))
    return _one(
        "catboost",
        objective_of(params),
        {
            "squared": {"loss_function": "RMSE"},
            "absolute": {"loss_function": "MAE"},
            "quantile": {"loss_function": f"Quantile:alpha={_share(params):g}"},
            "poisson": {"loss_function": "Poisson"},
            "tweedie": {"loss_function": f"Tweedie:variance_power={power:g}"},
        },
    )


def hist_goal(params: Params) -> dict[str, Any]:
    """Return the settings of a HistGradientBoostingRegressor.

    Raises:
        Infeasible: It has no such objective.
    """
    return _one(
        "hist_boosting",
        objective_of(params),
        {
            "squared": {"loss": "squared_error"},
            "absolute": {"loss": "absolute_error"},
            "quantile": {"loss": "quantile", "quantile": _share(params)},
            "poisson": {"loss": "poisson"},
            "gamma": {"loss": "gamma"},
        },
    )


def _share(params: Params) -> float:
    return float(params.get("quantile", 0.5))


def _one(family: str, name: str, known: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    if name not in known:
        raise Infeasible(f"'{family}' has no objective '{name}' for values.", hint=f"use one of {', '.join(known)}.")
    return known[name]
