"""A small delivery and the facts of its run."""

import importlib.util
from pathlib import Path

import pytest

from mlwright.tracking.facts import DatasetFacts, Point, RunFacts, ScoreFacts, TrialFacts


@pytest.fixture(scope="session")
def delivery(tmp_path_factory) -> Path:
    path = Path(__file__).parents[1] / "report" / "small_delivery.py"
    spec = importlib.util.spec_from_file_location("small_delivery", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    folder = module.write_small_delivery(tmp_path_factory.mktemp("tracked") / "delivery")
    (folder / "SUMMARY.md").write_text("# tumour\n")
    return folder


@pytest.fixture(scope="session")
def run_facts() -> RunFacts:
    return RunFacts(
        name="tumour",
        run="tumour-7f3a",
        params={"seed": "0", "long": "x" * 9000},
        metrics=(
            Point(name="roc_auc", value=0.99),
            *(Point(name="search", value=i / 4, step=i) for i in range(4)),
        ),
        trials=tuple(
            TrialFacts(
                number=i,
                family=family,
                params={"depth": str(i)},
                metrics=(Point(name="roc_auc", value=0.9 + i / 100),),
                status=status,
            )
            for i, (family, status) in enumerate([("linear", "done"), ("lightgbm", "failed")])
        ),
        dataset=DatasetFacts(
            name="tumours", source='a "quoted".csv', digest="ab" * 32, rows=569, columns=31, target="diagnosis"
        ),
        score=ScoreFacts(metric="roc_auc", direction="maximise", value=0.99, basis="test 114 abab"),
    )
