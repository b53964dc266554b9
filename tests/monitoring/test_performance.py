import numpy as np
import pytest

from mlwright.data.schema import Column, SemanticType
from mlwright.models.signature import Task
from mlwright.monitoring.baseline import Quality, Reference, make_baseline
from mlwright.monitoring.performance import LabelledRows, quality_drop


def baseline():
    values = np.linspace(0, 1, 200)
    inputs = [Column(name="a", type=SemanticType.NUMBER)]
    labels = values + np.random.default_rng(0).normal(0, 0.1, 200)
    return make_baseline({"a": values}, inputs, values, Task.REGRESSION, Reference(labels=labels))


def test_a_large_file_is_sampled_evenly_and_alike_however_it_is_batched():
    values = np.arange(120_000.0)
    samples = []
    for parts in (1, 7):
        rows = LabelledRows(seed=3)
        for piece in np.array_split(values, parts):
            rows.add(piece, piece)
        samples.append(rows._labels)
    assert len(samples[0]) == 50_000
    assert np.array_equal(samples[0], samples[1])
    assert abs(samples[0].mean() - values.mean()) < 1000


def test_the_effect_is_the_growth_of_the_error():
    made = baseline()
    then = made.quality["rmse"].value
    worse = {"rmse": Quality(value=1.5 * then, low=1.4 * then, high=1.6 * then)}
    found = list(quality_drop(made, worse))
    assert found[0].effect == pytest.approx(0.5)
    assert found[0].p < 1e-4
    better = {"rmse": Quality(value=0.5 * then, low=0.4 * then, high=0.6 * then)}
    assert list(quality_drop(made, better)) == []
