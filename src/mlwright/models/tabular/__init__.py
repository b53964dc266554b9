"""Families of models for tables, one file each."""

from mlwright.base.registry import Registry

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
    },
)
