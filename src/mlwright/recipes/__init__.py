"""The expert's knowledge: one file per kind of problem, read top to bottom, returns a plan.

To add a kind of problem: one file and one line in `RECIPES`.
"""

from mlwright.base.registry import Registry

RECIPES = Registry(
    "recipe",
    group="mlwright.recipes",
    builtin={
        "classification": "mlwright.recipes.table:Table",
        "regression": "mlwright.recipes.table:Table",
        "ordinal": "mlwright.recipes.table:Table",
        "forecast": "mlwright.recipes.forecast:Forecast",
        "ranking": "mlwright.recipes.ranking:Ranking",
        "recommendation": "mlwright.recipes.recommendation:Recommendation",
        "clustering": "mlwright.recipes.clustering:Clustering",
        "anomaly": "mlwright.recipes.anomaly:Anomaly",
    },
)
