"""Targets of other shapes, from the brief to the delivery: bands, counts, quantiles, ordered and rare classes."""

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.journeys.making import Made, make

from mlwright.delivery.verify import verify

pytestmark = pytest.mark.slow
DRAW = np.random.default_rng(5)


def brief(table: dict[str, object], folder: Path, **more: object) -> dict[str, object]:
    pl.DataFrame(table).write_csv(folder / "table.csv")
    source = {"source": str(folder / "table.csv"), "target": "y"}
    return {"objective": "Tell y", "data": source, "constraints": {"trials": 4}, **more}


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("counts")
    x, low = DRAW.normal(size=400), DRAW.normal(size=400)
    y = DRAW.poisson(np.exp(1.0 + 0.8 * x + 0.3 * low))
    return make(brief({"x": x, "low": low, "y": y}, folder, kind="regression", interval=0.8), folder / "runs")


def test_a_count_is_delivered_with_its_band(counted: Made) -> None:
    assert verify(counted.root).reasons == ()
    interval = counted.delivery.model.signature.interval
    assert interval is not None
    assert (interval.level, interval.minimum) == (0.8, 0.0)
    stated = counted.delivery.scores["interval"]
    assert stated["low"] < 0.8 < stated["high"]
    assert "### Prediction intervals" in counted.delivery.summary
    assert "interval coverage" in (counted.root / "MANIFEST.json").read_text()


def test_a_count_is_never_predicted_negative_and_an_input_called_low_keeps_its_name(counted: Made) -> None:
    far = {"x": [-9.0, 0.0, 9.0], "low": [-9.0, 0.0, 9.0]}
    answer = counted.delivery.model.predict(far)
    assert list(answer) == ["prediction", "prediction_low", "prediction_high"]
    assert min(answer["prediction"]) >= 0
    assert min(answer["prediction_low"]) >= 0
    assert all(low <= high for low, high in zip(answer["prediction_low"], answer["prediction_high"], strict=True))


def test_a_quantile_is_judged_by_its_own_metric(tmp_path: Path) -> None:
    x = DRAW.normal(size=500)
    table = {"x": x, "z": DRAW.normal(size=500), "y": 20 + 8 * x + DRAW.exponential(4.0, size=500)}
    made = make(brief(table, tmp_path, metric="pinball@0.9"), tmp_path / "runs")
    assert verify(made.root, service=False).reasons == ()
    assert made.delivery.scores["metric"] == "pinball@0.9"
    assert 0 < made.delivery.scores["test"]["pinball@0.9"]["value"] < 2.0  # a constant has about 2.5


def test_ordered_classes_with_one_that_has_one_row(tmp_path: Path) -> None:
    x = DRAW.normal(size=400)
    grade = np.digitize(x + 0.5 * DRAW.normal(size=400), [-1.0, 0.0, 1.0])
    grade[7] = 9
    table = {"x": x, "z": DRAW.normal(size=400), "y": grade}
    made = make(brief(table, tmp_path, kind="ordinal"), tmp_path / "runs")
    assert verify(made.root, service=False).reasons == ()
    assert made.delivery.model.signature.classes == ("0", "1", "2", "3", "9")
    assert made.delivery.scores["test"]["quadratic_kappa"]["value"] > 0.5
    assert {"quadratic_kappa", "ordinal_mae"} <= set(made.delivery.scores["test"])
    summary = made.delivery.summary
    assert "'9' (1)" in summary
    assert "Ordered classes" in summary
    assert "the order of the classes" in (made.root / "brief.yaml").read_text()
