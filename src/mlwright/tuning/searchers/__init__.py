"""Ways to search: our own schedule, Optuna's samplers, grid and random, Ray Tune on one machine or many.

`protocol` says what a searcher is; `one_by_one` runs those that propose one trial after another. To add one, write a
class with `traits` and `search`, and register it here (from outside: the entry point group "mlwright.searchers").
"""

from mlwright.base.registry import Registry

SEARCHERS = Registry(
    "search method",
    group="mlwright.searchers",
    builtin={
        "auto": "mlwright.tuning.searchers.auto:Auto",
        "tpe": "mlwright.tuning.searchers.samplers:Tpe",
        "cmaes": "mlwright.tuning.searchers.samplers:CmaEs",
        "random": "mlwright.tuning.searchers.samplers:Random",
        "nsga2": "mlwright.tuning.searchers.samplers:Nsga2",
        "grid": "mlwright.tuning.searchers.grid:Grid",
        "ray_asha": "mlwright.tuning.searchers.ray_tune:RayAsha",
        "ray_pbt": "mlwright.tuning.searchers.ray_tune:RayPbt",
    },
)
