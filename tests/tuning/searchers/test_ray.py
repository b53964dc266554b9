"""Ray Tune on a local cluster of a head without CPUs and two workers."""

import warnings
from collections.abc import Iterator

import pytest

from mlwright.tuning.search import SearchPlan
from mlwright.tuning.searchers import SEARCHERS
from mlwright.tuning.searchers.protocol import SearcherPlan
from mlwright.tuning.searchers.space import dimension
from mlwright.tuning.table import TrainingTable
from mlwright.tuning.trial import Trial

# Ray warns about itself in many ways, and on a busy machine its processes take minutes to start.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900), pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    ray = pytest.importorskip("ray", reason="ray is not installed")
    from ray.cluster_utils import Cluster

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            two = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
            for _ in range(2):
                two.add_node(num_cpus=1)
            ray.init(address=two.address, log_to_driver=False, configure_logging=False)
        except Exception as exc:
            pytest.skip(f"Ray cannot start here: {exc}")
        yield
        ray.shutdown()
        two.shutdown()


@pytest.mark.usefixtures("cluster")
def test_asha_searches_on_two_workers(diabetes: TrainingTable) -> None:
    space = {"extra_trees": {"trees": dimension(5), "min_samples_leaf": dimension("1 to 250 log")}}
    plan = SearcherPlan(SearchPlan(("dummy", "linear", "extra_trees"), trials=6), space)
    kept: list[Trial] = []
    result = SEARCHERS.load("ray_asha")().search(diabetes, plan, [], kept.append)
    assert sorted(trial.spec.number for trial in kept) == list(range(6))
    assert result.best is not None
    assert result.best.member is not None
    assert result.best.loss < 60
    again = SEARCHERS.load("ray_asha")().search(diabetes, plan, result.trials, pytest.fail)
    assert again.trials == result.trials


@pytest.mark.usefixtures("cluster")
def test_pbt_breeds_on_two_workers(diabetes: TrainingTable) -> None:
    space = {"linear": {"loss": dimension(["squared"]), "strength": dimension("0.01 to 100000 log")}}
    plan = SearcherPlan(SearchPlan(("dummy", "linear"), trials=8), space)
    result = SEARCHERS.load("ray_pbt")().search(diabetes, plan, [], lambda _: None)
    assert [trial.spec.number for trial in result.trials] == list(range(8))
    assert result.best is not None
    assert result.best.loss < 60
    assert any(trial.spec.why == "generation 2" for trial in result.trials)
