"""Families of models for tables, one file each."""

from typing import Any

from mlwright.base.registry import Registry
from mlwright.models.rankers import RANKERS

MODELS = Registry(
    "tabular model",
    group="mlwright.tabular_models",
    builtin={
        "dummy": "mlwright.models.tabular.dummy:Dummy",
        "linear": "mlwright.models.tabular.linear:Linear",
        "lightgbm": "mlwright.models.tabular.lightgbm:LightGbm",
        "xgboost": "mlwright.models.tabular.xgboost:XgBoost",
        "catboost": "mlwright.models.tabular.catboost:CatBoost",
        "random_forest": "mlwright.models.tabular.forest:RandomForest",
        "extra_trees": "mlwright.models.tabular.forest:ExtraTrees",
        "hist_boosting": "mlwright.models.tabular.hist_boosting:HistBoosting",
        "network": "mlwright.models.tabular.network:Network",
        "nearest_neighbours": "mlwright.models.tabular.neighbours:NearestNeighbours",
    },
)


def load_family(name: str) -> Any:
    """Return a family that learns from answers, a `Family`: of tables, or of rankings.

    Raises:
        InputError: There is no such family.
        MissingExtra: Its library is not installed.
    """
    return _registry_of(name).load(name)()


def complexity_of(name: str) -> int:
    """Return a family's place in the order of simplicity."""
    return _registry_of(name).find(name).complexity


def _registry_of(name: str) -> Registry:
    return RANKERS if name in RANKERS else MODELS
