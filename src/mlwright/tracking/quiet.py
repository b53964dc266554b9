"""MLflow without its chatter and without its telemetry."""

import logging
import os
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

_LOGGERS = ("mlflow", "mlflow.store.db.utils", "mlflow.tracking", "alembic", "alembic.runtime.migration")


def mlflow() -> Any:
    """Import MLflow with its telemetry off, which it decides while it is imported."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns about type hints of its own while it loads
        library = import_module("mlflow")
        import_module("mlflow.pyfunc")
    return library


@contextmanager
def quiet() -> Generator[None]:
    """Keep MLflow's loggers at warnings and its advice to itself, and put everything back as it was."""
    before = {name: logging.getLogger(name).level for name in _LOGGERS}
    for name in _LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    finally:
        for name, level in before.items():
            logging.getLogger(name).setLevel(level)
