"""Means of the target: the values, and that no training row sees its own."""

import json

import numpy as np
import pytest

from mlwright.data.task import TABULAR_TASKS, Task
from mlwright.features.target_mean import TargetMean, TargetMeanPlan, fit_target_mean


def objects(values):
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def noise(n=3000, levels=1000, seed=0):
    rng = np.random.default_rng(seed)
    return objects([f"level {i}" for i in rng.integers(0, levels, n)]), rng


def test_level_is_its_mean_drawn_to_the_mean_of_all():
    values, y = objects(["a"] * 10 + ["b"] * 30), np.array([1.0] * 10 + [0.0] * 30)
    encoder, _ = fit_target_mean("c", values, y, TargetMeanPlan(Task.REGRESSION, seed=0))
    # prior 0.25; a: (10 + 10 * 0.25) / 20; b: (0 + 10 * 0.25) / 40
    result = encoder.transform({"c": objects(["a", "b", "new", ""])})
    np.testing.assert_allclose(result.ravel(), [0.625, 0.0625, 0.25, 0.25])


@pytest.mark.parametrize("task", TABULAR_TASKS)
def test_values_agree_with_scikit_learn(task):
    from sklearn.preprocessing import TargetEncoder

    values, rng = noise(n=500, levels=20)
    y = {
        Task.BINARY: rng.integers(0, 2, 500),
        Task.MULTICLASS: rng.integers(0, 4, 500),
        Task.REGRESSION: rng.normal(size=500),
    }[task]
    encoder, _ = fit_target_mean("c", values, y, TargetMeanPlan(task, seed=0, min_count=1))
    kind = "continuous" if task is Task.REGRESSION else task.value
    theirs = TargetEncoder(target_type=kind, smooth=10.0).fit(values[:, np.newaxis], y)
    new = np.append(values[:50], "never seen")
    np.testing.assert_allclose(encoder.transform({"c": new}), theirs.transform(new[:, np.newaxis]), rtol=1e-9)


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION])
@pytest.mark.parametrize("seed", range(5))
def test_noise_of_many_levels_does_not_leak_the_target_into_the_training_column(task, seed):
    values, rng = noise(seed=seed)
    y = rng.integers(0, 2, len(values)) if task is Task.BINARY else rng.normal(size=len(values))
    encoder, training = fit_target_mean("c", values, y, TargetMeanPlan(task, seed=seed))
    in_sample = np.corrcoef(encoder.transform({"c": values})[:, 0], y)[0, 1]
    cross_fitted = np.corrcoef(training[:, 0], y)[0, 1]
    assert in_sample > 0.3
    assert abs(cross_fitted) < 0.06  # three standard errors of a correlation of 3,000 independent rows


@pytest.mark.parametrize("task", [Task.BINARY, Task.REGRESSION])
def test_changing_one_target_changes_no_cell_of_its_own_row(task):
    values, rng = noise(n=60, levels=12)
    y = np.sort(rng.integers(0, 2, 60)) if task is Task.BINARY else np.arange(60.0)
    plan = TargetMeanPlan(task, seed=0)
    before = fit_target_mean("c", values, y, plan)[1]
    changed = y.copy()
    changed[59] = 10 * y[59] if task is Task.REGRESSION else y[59]  # order kept, so the folds are the same
    after = fit_target_mean("c", values, changed, plan)[1]
    assert after[59] == before[59]
    assert task is Task.BINARY or (after != before).any()


def test_singleton_level_tells_nothing_of_its_row():
    values, y = objects([f"id {i}" for i in range(100)]), np.arange(100) % 2
    _, training = fit_target_mean("c", values, y, TargetMeanPlan(Task.BINARY, seed=0, min_count=1))
    np.testing.assert_allclose(training, 0.5)


def test_multiclass_has_one_column_for_each_of_the_ten_most_frequent_classes():
    values, rng = noise(n=400, levels=5)
    y = np.concatenate([np.arange(14), rng.integers(4, 14, 386)])
    encoder, training = fit_target_mean("c", values, y, TargetMeanPlan(Task.MULTICLASS, seed=0))
    assert encoder.width == training.shape[1] == 10
    assert encoder.names[0] == "c target mean of class 4"


def test_missing_cells_have_their_own_mean_where_seen():
    values, y = objects(["", "", "a", "a"]), np.array([1.0, 1.0, 0.0, 0.0])
    encoder, _ = fit_target_mean("c", values, y, TargetMeanPlan(Task.REGRESSION, seed=0))
    missing, other = encoder.transform({"c": objects(["", "new"])}).ravel()
    assert missing == pytest.approx(7 / 12)
    assert other == 0.5


def test_standard_training_column_has_mean_zero_and_deviation_one():
    values, rng = noise(n=500, levels=20)
    plan = TargetMeanPlan(Task.REGRESSION, seed=0, standard=True)
    _, training = fit_target_mean("c", values, rng.normal(1e6, 10, 500), plan)
    assert training.mean() == pytest.approx(0, abs=1e-6)
    assert training.std() == pytest.approx(1)


@pytest.mark.parametrize("rows", [1, 2, 3])
def test_few_rows_work(rows):
    _, training = fit_target_mean(
        "c", objects(["a"] * rows), np.ones(rows), TargetMeanPlan(Task.REGRESSION, seed=0, standard=True)
    )
    assert np.isfinite(training).all()


def test_seed_decides_the_folds_and_nothing_else_does():
    values, rng = noise(n=200, levels=10)
    y = rng.normal(size=200)
    same, again, other = (
        fit_target_mean("c", values, y, TargetMeanPlan(Task.REGRESSION, seed=s))[1] for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(same, again)
    assert (same != other).any()


def test_state_round_trip_is_exact():
    values, rng = noise(n=200, levels=10)
    encoder, _ = fit_target_mean("c", values, rng.integers(0, 3, 200), TargetMeanPlan(Task.MULTICLASS, seed=0))
    again = TargetMean.from_state(json.loads(json.dumps(encoder.state())))
    np.testing.assert_array_equal(again.table.rows, encoder.table.rows)
    assert (again.table.keys, again.names) == (encoder.table.keys, encoder.names)
