"""Real series, from a brief to a delivery that continues a history."""

import csv
from pathlib import Path

import numpy as np
import pytest

from mlwright.delivery.delivery import Delivery
from mlwright.delivery.scoring import predict_file
from mlwright.delivery.verify import verify
from mlwright.planner.deliver import deliver

# Measured with statsforecast 2.1.1, AutoETS(season_length=12), on the last twelve months.
AUTO_ETS_MASE, SEASONAL_NAIVE_MASE = 1.170, 1.571


@pytest.fixture(scope="module")
def air(shared_data: Path) -> Path:
    return shared_data / "timeseries" / "air_passengers" / "airline-passengers.csv"


@pytest.fixture(scope="module")
def delivery(air: Path, tmp_path_factory: pytest.TempPathFactory) -> Delivery:
    brief = {
        "objective": "Forecast the passengers of the next 12 months",
        "kind": "forecast",
        "data": {"source": str(air), "target": "Passengers", "columns": {"Month": "time"}},
        "forecast": {"horizon": 12},
        "requirements": {"mase": "<= 1.0"},
    }
    return deliver(brief, root=tmp_path_factory.mktemp("runs"))


pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def test_it_beats_the_last_season_and_automatic_smoothing(delivery: Delivery) -> None:
    assert delivery.scores["test"]["mase"]["value"] < 0.8 * AUTO_ETS_MASE < SEASONAL_NAIVE_MASE


def test_the_delivery_stands_on_its_own(delivery: Delivery) -> None:
    found = verify(delivery.root)
    assert found.ok, found.reasons


def test_the_documents_show_the_forecast_and_its_rivals(delivery: Delivery) -> None:
    page = (delivery.root / "report.html").read_text()
    assert "History and forecast" in page
    assert 'class="band b1"' in page
    for name in ("seasonal naive", "ets", "naive"):
        assert f'<th scope="row">{name}</th>' in page
    assert "### Against simple forecasts" in delivery.summary


def test_a_file_with_a_history_is_continued(delivery: Delivery, air: Path, tmp_path: Path) -> None:
    predict_file(delivery, air, tmp_path / "next.csv")
    with (tmp_path / "next.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["Month"] for row in rows[:2]] == ["1961-01", "1961-02"]
    values = np.array([[float(row[name]) for name in ("low", "forecast", "high")] for row in rows])
    assert (np.diff(values, axis=1) > 0).all()
    # July and August are the peaks of every year.
    assert int(values[:, 1].argmax()) in (6, 7)


def test_a_frame_is_continued_as_a_frame(delivery: Delivery, air: Path) -> None:
    import polars as pl

    found = delivery.model.forecast(pl.read_csv(air), horizon=3)
    assert isinstance(found, pl.DataFrame)
    assert found.columns == ["Month", "step", "forecast", "low", "high"]
    assert found.height == 3
