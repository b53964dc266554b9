"""What a run runs on: versions and machine, as they go into `environment.json`."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_PACKAGES = (
    "mlwright", "numpy", "pydantic", "polars", "pyarrow", "pandas", "scikit-learn", "lightgbm", "xgboost",
    "xgboost-cpu", "catboost", "optuna", "onnx", "onnxruntime", "skops", "shap", "fairlearn", "mlflow", "fastapi",
    "uvicorn", "matplotlib", "jinja2", "pyyaml", "psutil",
)  # fmt: skip


def describe_environment() -> dict[str, Any]:
    """Return versions of what is installed, and the facts of the machine."""
    import psutil

    return {
        "python": platform.python_version(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "cpus": usable_cpus(),
        "memory_bytes": psutil.virtual_memory().total,
        "packages": {name: found for name in _PACKAGES if (found := _version(name)) is not None},
    }


def usable_cpus() -> int:
    """Return how many CPUs this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
