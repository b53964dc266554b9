"""mlwright: an AI/ML engineer as a program.

`mlwright.deliver("brief.yaml")` carries out a brief; `mlwright.Delivery.open(folder).model.predict(frame)` uses what
came of it: pandas, polars or Arrow in, the same kind out.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlwright.delivery.delivery import Delivery as Delivery
    from mlwright.estimators.tabular import MLWrightClassifier as MLWrightClassifier
    from mlwright.estimators.tabular import MLWrightRegressor as MLWrightRegressor
    from mlwright.planner.deliver import deliver as deliver

__version__ = "0.1.0"
__all__ = ["Delivery", "MLWrightClassifier", "MLWrightRegressor", "__version__", "deliver"]

# Loaded when first asked for, so that `import mlwright` stays instant.
_PUBLIC = {
    "deliver": ("mlwright.planner.deliver", "deliver"),
    "Delivery": ("mlwright.delivery.delivery", "Delivery"),
    "MLWrightClassifier": ("mlwright.estimators.tabular", "MLWrightClassifier"),
    "MLWrightRegressor": ("mlwright.estimators.tabular", "MLWrightRegressor"),
}


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        from importlib import import_module

        module, attribute = _PUBLIC[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module 'mlwright' has no attribute {name!r}")
