"""What learns the order of the rows of a query; a fitted one is an estimator of one of the families of tables."""

from mlwright.base.registry import Registry

RANKERS = Registry(
    "ranking model",
    group="mlwright.ranking_models",
    builtin={
        "lightgbm_rank": "mlwright.models.ranking.lightgbm_rank:LightGbmRank",
        "xgboost_rank": "mlwright.models.ranking.xgboost_rank:XgBoostRank",
        "catboost_rank": "mlwright.models.ranking.catboost_rank:CatBoostRank",
    },
)
