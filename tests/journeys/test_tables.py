"""Real tables, whole runs: every kind of column and task that the spine promises."""

import json

import pytest
from tests.journeys.making import make

from mlwright.delivery.verify import verify

TABLES = json.loads("""{
  "titanic": ["titanic.csv", "Survived", "roc_auc", 0.8],
  "online_shoppers": ["online_shoppers.csv.gz", "Revenue", "roc_auc", 0.88],
  "wine_quality": ["wine_quality.csv", "quality", "log_loss", 1.1],
  "california_housing": ["california_housing.csv.gz", "median_house_value", "rmse", 60000],
  "bike_hour": ["bike_hour.csv", "cnt", "rmse", 80]
}""")


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_a_real_table_becomes_a_delivery(shared_data, tmp_path, name):
    file, target, metric, floor = TABLES[name]
    brief = {
        "objective": f"Predict {target}",
        "data": {"source": str(shared_data / "tabular" / file), "target": target},
        "metric": metric,
        "constraints": {"trials": 3},
    }
    made = make(brief, tmp_path)
    value = made.delivery.scores["test"][metric]["value"]
    assert value >= floor if metric == "roc_auc" else value <= floor
    found = verify(made.root, service=False)
    assert found.ok, found.reasons


@pytest.mark.slow
@pytest.mark.parametrize(
    ("source", "target", "extra"),
    [
        ("sample://diabetes", "progression", {"columns": {"sex": "sensitive"}}),
        ("sample://wine", "cultivar", {}),
    ],
    ids=["diabetes", "wine"],
)
def test_the_other_examples_are_delivered(tmp_path, source, target, extra):
    brief = {
        "objective": f"Predict {target}",
        "data": {"source": source, "target": target, **extra},
        "constraints": {"trials": 3},
    }
    made = make(brief, tmp_path)
    assert verify(made.root).ok
