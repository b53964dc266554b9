"""Models of single histories: hand values, known processes, and what any of them must bear."""

import numpy as np
import pytest

from mlwright.data.histories import Batch
from mlwright.models.series import SERIES_MODELS
from mlwright.models.series.ets import Ets
from mlwright.models.series.seasonal import deseasonalised

HORIZON = 24


def batch(*rows: np.ndarray, season: int = 12) -> Batch:
    values = np.array(rows, dtype=np.float64)
    seasons = (season,) if season > 1 else ()
    return Batch(values, np.full(len(values), values.shape[1]), np.ones(len(values)), seasons)


def forecast(name: str, histories: Batch, horizon: int = HORIZON) -> np.ndarray:
    model = SERIES_MODELS.load(name)()
    return model.forecast(histories, horizon, model.find(histories))


AT = np.arange(120.0)
WAVE = np.sin(2 * np.pi * AT / 12)
AHEAD = np.arange(120.0, 120.0 + HORIZON)


def test_baselines_by_hand() -> None:
    histories = batch(np.array([1.0, 2.0, 3.0, 5.0]), season=2)
    assert forecast("naive", histories, 2).tolist() == [[5.0, 5.0]]
    assert forecast("seasonal_naive", histories, 3).tolist() == [[3.0, 5.0, 3.0]]
    assert forecast("drift", histories, 1)[0, 0] == pytest.approx(5 + 4 / 3)


@pytest.mark.parametrize("name", ["ets", "theta", "arima", "seasonal_naive", "harmonic", "seasonal_mean"])
def test_a_pure_season_is_continued(name: str) -> None:
    found = forecast(name, batch(50 + 10 * WAVE))
    assert found[0] == pytest.approx(50 + 10 * np.sin(2 * np.pi * AHEAD / 12), abs=0.5)


@pytest.mark.parametrize("name", ["ets", "arima"])
def test_a_season_that_grows_with_the_level_goes_on_growing(name: str) -> None:
    truth = np.exp(0.01 * np.r_[AT, AHEAD]) * (10 + 3 * np.sin(2 * np.pi * np.r_[AT, AHEAD] / 12))
    found = forecast(name, batch(truth[:120]))
    assert np.abs(found[0] / truth[120:] - 1).mean() < 0.03


def test_exponential_smoothing_finds_the_smoothing_of_its_own_process() -> None:
    rng = np.random.default_rng(3)
    level, values = 10.0, []
    for shock in rng.normal(size=600):
        values.append(level + shock)
        level += 0.4 * shock
    found = Ets().find(batch(np.array(values), season=1))[0]
    assert found["alpha"] == pytest.approx(0.4, abs=0.12)


def test_smoothing_by_hand() -> None:
    histories = batch(np.array([10.0, 12.0, 11.0]), season=1)
    numbers = {"season": 0.0, "alpha": 0.5, "beta": 0.0, "gamma": 0.0, "phi": 1.0, "trend": 0.0}
    assert Ets().forecast(histories, 2, [numbers]).tolist() == [[11.0, 11.0]]


def test_an_autoregression_decays_to_its_mean() -> None:
    rng = np.random.default_rng(0)
    values = np.zeros(800)
    for t in range(1, 800):
        values[t] = 0.7 * values[t - 1] + rng.normal()
    found = forecast("arima", batch(values + 5, season=1), 12)[0]
    assert found[0] - 5 == pytest.approx(0.7 * values[-1], abs=0.3)
    assert found[-1] == pytest.approx(5, abs=0.5)


@pytest.mark.parametrize("name", list(SERIES_MODELS))
@pytest.mark.parametrize(
    "values",
    [
        np.full(60, 7.0),
        np.zeros(60),
        -np.arange(60.0),
        np.r_[np.zeros(59), 1e6],
        1e9 + np.arange(60.0),
        np.array([3.0, 4.0] * 2),
        np.array([3.0, 5.0]),
    ],
    ids=["constant", "zero", "negative", "a jump", "large", "four values", "two values"],
)
def test_every_model_gives_finite_bounded_forecasts_for_any_history(name: str, values: np.ndarray) -> None:
    histories = batch(values, season=12 if len(values) > 30 else 1)
    model = SERIES_MODELS.load(name)()
    if not model.fits(histories):
        return
    found = forecast(name, histories, 36)
    reach = np.ptp(values) + 1.0
    assert found.shape == (1, 36)
    assert np.isfinite(found).all()
    assert found.min() >= values.min() - reach - 1e-6
    assert found.max() <= values.max() + reach + 1e-6


@pytest.mark.parametrize("name", list(SERIES_MODELS))
def test_histories_side_by_side_do_not_touch_each_other(name: str) -> None:
    a, b = 50 + 10 * WAVE, 3 * AT + WAVE
    both, alone = batch(a, b), batch(b)
    if SERIES_MODELS.load(name)().fits(both):
        assert forecast(name, both)[1] == pytest.approx(forecast(name, alone)[0])


def test_the_season_taken_off_comes_back() -> None:
    values = (100 + AT) * (1 + 0.3 * WAVE)
    flat, pattern = deseasonalised(batch(values))
    assert pattern.factor.tolist() == [True]
    assert np.abs(np.diff(flat[0])).max() < np.abs(np.diff(values)).max() / 3
    assert pattern.on(np.ones((1, 12)))[0] == pytest.approx(1 + 0.3 * WAVE[:12], abs=0.05)
