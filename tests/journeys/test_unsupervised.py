"""Clusters and anomalies: from a brief to a delivery that verifies."""

import pytest
from tests.journeys.making import make

from mlwright.base.errors import MlwrightError
from mlwright.delivery.verify import verify


@pytest.mark.slow
def test_clusters_are_delivered_named_and_judged_by_sealed_labels(tmp_path):
    brief = {
        "objective": "Group the wines by their chemistry",
        "kind": "clustering",
        "data": {"source": "sample://wine", "target": "cultivar"},
        "constraints": {"interpretability": "linear"},
    }
    made = make(brief, tmp_path)
    scores = made.delivery.scores["test"]
    assert scores["ari"]["value"] > 0.8
    assert scores["stability"]["value"] > 0.6
    assert len(made.delivery.model.signature.classes) == 3
    assert "proline" in " ".join(made.delivery.model.signature.classes)
    found = verify(made.root, service=False)
    assert found.ok, found.reasons


@pytest.mark.slow
def test_anomalies_are_delivered_with_a_threshold_and_no_claim_about_real_ones(tmp_path):
    brief = {
        "objective": "Find unusual cell samples",
        "kind": "anomaly",
        "data": {"source": "sample://breast_cancer", "columns": {"diagnosis": "ignored"}},
        "constraints": {"alarms": "2%", "interpretability": "linear"},
    }
    made = make(brief, tmp_path)
    assert made.delivery.scores["test"]["injected_pr_auc"]["value"] > 0.4
    assert made.delivery.model.signature.threshold is not None
    assert "cannot be measured" in made.delivery.summary
    found = verify(made.root, service=False)
    assert found.ok, found.reasons


@pytest.mark.parametrize("kind", ["clustering", "anomaly"])
@pytest.mark.parametrize(
    ("rows", "why"),
    [(["1,2"], "one row"), (["1,2", "3,4"], "at least"), (["1,1"] * 30, "No column"), ([","] * 30, "No column")],
    ids=["one row", "two rows", "constant", "empty"],
)
def test_a_table_that_says_nothing_is_refused(tmp_path, kind, rows, why):
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(["a,b", *rows]) + "\n", encoding="utf-8")
    with pytest.raises(MlwrightError, match=why):
        make({"objective": "Look", "kind": kind, "data": {"source": str(file)}}, tmp_path)
