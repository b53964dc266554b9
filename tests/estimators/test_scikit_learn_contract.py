"""scikit-learn's own checks, every one of them, with nothing expected to fail."""

import os
import subprocess
import sys
from typing import Any

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from mlwright import MLWrightClassifier, MLWrightRegressor

_QUICK = {"trials": 2, "families": ("dummy", "linear"), "threads": 1}


# scikit-learn's own array API check needs SciPy to be told before it is imported.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:SCIPY_ARRAY_API is not set")
@parametrize_with_checks([MLWrightClassifier(**_QUICK), MLWrightRegressor(**_QUICK)])
def test_scikit_learns_checks_pass(estimator: Any, check: Any) -> None:
    check(estimator)


# The same with trees in the search: the checks that look at predictions are the ones that a family can fail.
@pytest.mark.slow
@pytest.mark.parametrize("kind", [MLWrightClassifier, MLWrightRegressor])
@pytest.mark.parametrize("name", ["check_fit_idempotent", "check_sample_weight_equivalence_on_dense_data"])
def test_checks_of_predictions_pass_with_trees(kind: Any, name: str) -> None:
    from sklearn.utils import estimator_checks

    estimator = kind(trials=3, families=("dummy", "extra_trees"), threads=1)
    getattr(estimator_checks, name)(kind.__name__, estimator)


@pytest.mark.slow
def test_array_api_dispatch_changes_nothing() -> None:
    code = (
        "from mlwright import MLWrightClassifier as C, MLWrightRegressor as R\n"
        "from sklearn.utils.estimator_checks import check_array_api_input as check\n"
        "for kind in (C, R):\n"
        f"    check(kind.__name__, kind(**{_QUICK!r}), array_namespace='numpy', expect_only_array_outputs=False)\n"
    )
    # SciPy wants to know before it is imported.
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "SCIPY_ARRAY_API": "1"})
