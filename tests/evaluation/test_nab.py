"""NAB's score against hand values, and on its own series against rolling z-scores."""

import csv
import json
from datetime import UTC, datetime

import numpy as np
import pytest

from mlwright.base.errors import DataError
from mlwright.evaluation.nab import NabSeries, best_threshold, nab_score, normalised, probation_rows
from mlwright.features.windows import WindowPlan, window_features
from mlwright.models.anomaly.series import series_scores


def _scores(rows: int, *alarms: int) -> np.ndarray:
    scores = np.zeros(rows)
    scores[list(alarms)] = 1.0
    return scores


def test_an_early_alarm_earns_more_than_a_late_one():
    window = ((100, 119),)
    early, late = (nab_score(NabSeries(_scores(200, at), window), 0.5) for at in (100, 119))
    assert early == pytest.approx(1.0, abs=1e-9)
    assert late == pytest.approx(0.124353 / 0.986614, abs=1e-4)


def test_further_alarms_in_a_window_earn_nothing():
    one = nab_score(NabSeries(_scores(200, 100), ((100, 119),)), 0.5)
    assert nab_score(NabSeries(_scores(200, 100, 101, 110), ((100, 119),)), 0.5) == one


def test_a_false_alarm_costs_least_right_behind_a_window():
    window = ((100, 119),)
    far, near, before = (nab_score(NabSeries(_scores(400, at), window), 0.5) + 1.0 for at in (399, 121, 60))
    assert far == pytest.approx(-0.11)
    assert before == pytest.approx(-0.11)
    assert -0.11 < near < 0


def test_alarms_in_the_probation_do_not_count():
    assert nab_score(NabSeries(_scores(200, 3), ((100, 119),)), 0.5) == -1.0


def test_nothing_found_is_zero_and_all_found_a_hundred():
    assert normalised(-3.0, 3) == 0.0
    assert normalised(3.0, 3) == 100.0
    with pytest.raises(DataError, match="no window"):
        normalised(0.0, 0)


def test_windows_must_fit_the_series():
    with pytest.raises(DataError, match="does not fit"):
        nab_score(NabSeries(np.zeros(50), ((40, 60),)), 0.5)


def test_the_views_of_a_series_beat_rolling_z_scores_on_nab(shared_data):
    table = _nab(shared_data / "anomaly_detection" / "nab")
    windows = sum(len(one) for _, _, one in table.values())

    def judge(score) -> float:
        series = {name: NabSeries(score(values, seconds), found) for name, (seconds, values, found) in table.items()}
        _, total = best_threshold(list(series.values()))
        return normalised(total, windows)

    ours = judge(series_scores)
    baselines = {
        width: judge(lambda values, _, width=width: window_features(values, WindowPlan((width,)))[f"far_{width}"])
        for width in (50, 100, 200, 500)
    }
    assert ours > max(baselines.values())
    assert ours > 55


def test_the_probation_is_capped():
    assert probation_rows(1000) == 150
    assert probation_rows(10_000) == 750


def _nab(folder):
    table = {}
    for name, spans in json.loads((folder / "combined_windows.json").read_text()).items():
        with (folder / name).open() as file:
            rows = list(csv.reader(file))[1:]
        seconds = np.array([_seconds(row[0]) for row in rows])
        found = []
        for first, last in spans:
            inside = np.flatnonzero((seconds >= _seconds(first)) & (seconds <= _seconds(last)))
            found.append((int(inside[0]), int(inside[-1])))
        table[name] = (seconds, np.array([float(row[1]) for row in rows]), tuple(found))
    return table


def _seconds(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
