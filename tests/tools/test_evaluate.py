"""The sealed test is opened once, and requirements and gates are judged by what is measured there."""

import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from tests.tools.world import category, context, number

from mlwright.base.errors import BriefError, ContractError
from mlwright.data.schema import Role, Schema
from mlwright.data.task import Task
from mlwright.evaluation.vault import opened_by, seal
from mlwright.models.signature import Signature
from mlwright.tools.evaluate import Evaluate, EvaluateParams, judge_gate, judge_requirements

# Ten rows, of which the model calls five positive, four rightly; it misses two of six.
TRUTH = np.array([1, 1, 1, 1, 1, 1, 0, 0, 0, 0])
CALLED = np.array([1, 1, 1, 1, 0, 0, 1, 0, 0, 0])
RECALL, PRECISION, ACCURACY = 4 / 6, 4 / 5, 7 / 10
SEX = ["f", "m"] * 5  # women: rows 0, 2, 4, 6, 8; men: the others
TOWN = ["a"] * 5 + ["b"] * 5
SCHEMA = Schema(
    columns=(
        number("x"),
        category("sex", Role.SENSITIVE),
        category("town", Role.SENSITIVE),
        category("y", Role.TARGET),
    )
)


def signature(classes: tuple[str, ...] = ("no", "yes"), *, threshold: float | None = 0.5) -> Signature:
    task = {0: Task.REGRESSION, 2: Task.BINARY}.get(len(classes), Task.MULTICLASS)
    chosen = {"positive": classes[-1], "threshold": threshold} if task is Task.BINARY else {}
    return Signature(name="y", version="v1", task=task, target="y", inputs=(SCHEMA["x"],), classes=classes, **chosen)


def probabilities(called: np.ndarray, classes: int = 2) -> np.ndarray:
    """Return 0.8 for the class that is called, the rest shared by the others."""
    chance = np.full((len(called), classes), 0.2 / (classes - 1))
    chance[np.arange(len(called)), called] = 0.8
    return chance


class Scored:
    """One evaluation in a folder of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said: list[tuple[str, Mapping[str, Any]]] = []

    def __call__(
        self,
        wanted: Signature,
        truth: np.ndarray,
        native: Mapping[str, np.ndarray],
        **params: Any,
    ) -> Mapping[str, Any]:
        if not (self.root / "vault").exists():
            seal(truth, self.root / "vault")
        frame = pl.DataFrame({"x": [float(row) for row in range(len(truth))], "sex": SEX, "town": TOWN})
        inputs = {
            "schema": SCHEMA.model_dump(mode="json"),
            "signature": wanted.model_dump(mode="json"),
            "native": native,
            "test": frame,
            "split": {"strategy": "stratified"},
        }
        return Evaluate().run(EvaluateParams(**params), inputs, context(self.root, "evaluate", self.said))


@pytest.fixture
def score(tmp_path: Path) -> Scored:
    return Scored(tmp_path)


@dataclass(frozen=True)
class Once:
    """The evaluation that most tests look at, and where it was made."""

    root: Path
    made: Mapping[str, Any]
    said: list[tuple[str, Mapping[str, Any]]]

    @property
    def facts(self) -> Mapping[str, Any]:
        return self.made["evaluation"]


@pytest.fixture(scope="module")
def binary(tmp_path_factory: pytest.TempPathFactory) -> Once:
    score = Scored(tmp_path_factory.mktemp("binary"))
    wanted = {"accuracy": {"op": ">=", "value": 0.7}}
    params = {"requirements": wanted, "gates": (gate("recall", ">=", 0.7),)}
    made = score(signature(), TRUTH, {"probabilities": probabilities(CALLED)}, **params)
    return Once(score.root, made, score.said)


def gate(metric: str, op: str, value: float, **more: Any) -> dict[str, Any]:
    return {"metric": metric, "op": op, "value": value, **more}


def test_the_measures_are_those_of_the_hand(binary: Once) -> None:
    measured = {name: one["value"] for name, one in binary.facts["metrics"].items()}
    assert measured["recall"] == pytest.approx(RECALL)
    assert measured["precision"] == pytest.approx(PRECISION)
    assert measured["accuracy"] == pytest.approx(ACCURACY)
    assert binary.facts["confusion"]["counts"] == [[3, 1], [2, 4]]
    assert binary.facts["basis"]["split"] == "stratified"


def test_the_brief_is_judged_by_them(binary: Once) -> None:
    judgement = binary.made["judgement"]
    assert [(one["name"], one["met"]) for one in judgement["requirements"]] == [("accuracy", True)]
    assert [(one["name"], one["passed"]) for one in judgement["gates"]] == [("recall", False)]


def test_the_threshold_of_the_signature_decides(score: Scored) -> None:
    made = score(signature(threshold=0.1), TRUTH, {"probabilities": probabilities(CALLED)})
    assert made["evaluation"]["metrics"]["recall"]["value"] == 1.0


def test_the_vault_is_opened_once_under_the_models_name(binary: Once) -> None:
    assert opened_by(binary.root / "vault") == "evaluate y v1"
    assert [(kind, data["rows"], data["model"]) for kind, data in binary.said] == [("vault", 10, "v1")]


def test_another_tool_does_not_get_the_labels(binary: Once) -> None:
    with pytest.raises(ContractError, match="sealed"):
        context(binary.root, "train").gate.read(binary.root / "vault" / "labels.npy")


def test_rows_carry_the_true_label_as_a_person_wrote_it(binary: Once) -> None:
    rows = [json.loads(line) for line in gzip.decompress(binary.made["rows"]).splitlines()]
    assert rows[0] == {"x": 0.0, "y": "yes"}
    assert rows[9] == {"x": 9.0, "y": "no"}
    np.testing.assert_array_equal(binary.made["predictions"]["y"], TRUTH)


def test_requirements_are_met_missed_or_not_measured(binary: Once) -> None:
    wanted = {
        "acc": {"op": ">=", "value": 0.7},
        "log-loss": {"op": "<=", "value": 0.1},
        "rmse": {"op": "<=", "value": 1.0},
    }
    found = {one["name"]: one for one in judge_requirements(wanted, binary.facts)}
    assert found["acc"]["met"] is True
    assert found["acc"]["value"] == pytest.approx(ACCURACY)
    assert found["acc"]["low"] <= ACCURACY <= found["acc"]["high"]
    assert found["log-loss"]["met"] is False
    assert (found["rmse"]["met"], found["rmse"]["value"]) == (None, None)


@pytest.mark.parametrize(("value", "passed"), [(0.6, True), (RECALL, True), (0.7, False)])
def test_a_plain_gate(binary: Once, value: float, *, passed: bool) -> None:
    found = judge_gate(gate("recall", ">=", value), binary.facts)
    assert found["passed"] is passed
    assert found["measured"] == pytest.approx(RECALL)
    assert found["name"] == "recall"


@pytest.mark.parametrize(
    ("recall", "precision", "passed"),
    [(0.6, 0.8, True), (0.7, 0.8, False), (0.6, 0.85, False), (0.7, 0.85, False)],
    ids=["both reached", "recall missed", "precision missed", "both missed"],
)
def test_a_gate_at_another_metric_needs_both(binary: Once, recall: float, precision: float, *, passed: bool) -> None:
    found = judge_gate(gate("recall", ">=", recall, at_metric="precision", at_value=precision), binary.facts)
    assert found["passed"] is passed
    assert found["condition"] == f"recall >= {recall:g} at precision {precision:g}"
    assert found["detail"] == "precision 0.800 at the delivered threshold"


def test_a_gate_on_what_is_not_measured_is_not_passed(binary: Once) -> None:
    first = judge_gate(gate("rmse", "<=", 5.0), binary.facts)
    second = judge_gate(gate("recall", ">=", 0.1, at_metric="rmse", at_value=0.0), binary.facts)
    assert (first["passed"], first["measured"]) == (False, None)
    assert second["passed"] is False
    assert "not defined" in second["detail"]


# Called: women 3 of 5, men 2 of 5; in town a 4 of 5, in town b 1 of 5.
@pytest.mark.parametrize(
    ("metric", "op", "value", "measured", "passed"),
    [
        ("demographic_parity", "<=", 0.61, 0.6, True),
        ("demographic_parity_difference", "<=", 0.5, 0.6, False),
        ("demographic_parity_ratio", ">=", 0.5, 0.25, False),
        ("disparate impact", ">=", 0.2, 0.25, True),
        ("equal_opportunity", "<=", 0.9, 0.8, True),
    ],
)
def test_a_fairness_gate_holds_for_the_worst_attribute(
    binary: Once, metric: str, op: str, value: float, measured: float, *, passed: bool
) -> None:
    found = judge_gate(gate(metric, op, value, fairness=True), binary.facts)
    assert found["measured"] == pytest.approx(measured)
    assert found["passed"] is passed
    assert "sex " in found["detail"]
    assert "town " in found["detail"]


def test_an_unknown_fairness_measure_is_refused(binary: Once) -> None:
    with pytest.raises(BriefError, match="kindness"):
        judge_gate(gate("kindness", "<=", 0.1, fairness=True), binary.facts)


def test_with_several_classes_a_fairness_gate_holds_for_the_worst_of_them(score: Scored) -> None:
    # Class "a" is called for town a alone; "c" for one row of each town.
    called = np.array([0, 0, 0, 0, 2, 1, 1, 1, 1, 2])
    wanted = gate("demographic_parity", "<=", 0.5, fairness=True)
    made = score(signature(("a", "b", "c")), called, {"probabilities": probabilities(called, 3)}, gates=(wanted,))
    (found,) = made["judgement"]["gates"]
    assert found["measured"] == pytest.approx(0.8)
    assert found["passed"] is False
    assert set(made["evaluation"]["curves"]) == {"a", "b", "c"}


def test_a_fairness_gate_without_groups_is_not_passed(binary: Once) -> None:
    found = judge_gate(gate("demographic_parity", "<=", 0.9, fairness=True), {**binary.facts, "fairness": []})
    assert (found["measured"], found["passed"]) == (None, False)


def test_values_are_measured_as_values(score: Scored) -> None:
    truth, predicted = np.arange(10.0), np.arange(10.0) + np.array([1.0, -1.0] * 5)
    wanted = {"mae": {"op": "<=", "value": 1.0}, "rmse": {"op": "<=", "value": 0.9}}
    fair = gate("mae_gap", "<=", 0.1, fairness=True)
    made = score(signature(()), truth, {"values": predicted}, requirements=wanted, gates=(fair,))
    assert [one["met"] for one in made["judgement"]["requirements"]] == [True, False]
    assert made["judgement"]["gates"][0]["measured"] == pytest.approx(0.0)
    assert made["evaluation"]["curves"] == {}
    assert json.loads(gzip.decompress(made["rows"]).splitlines()[3])["y"] == 3.0


def test_the_same_seed_gives_the_same_bytes(score: Scored, binary: Once) -> None:
    again = score(signature(), TRUTH, {"probabilities": probabilities(CALLED)})
    assert json.dumps(again["evaluation"]) == json.dumps(binary.made["evaluation"])
    assert again["rows"] == binary.made["rows"]
