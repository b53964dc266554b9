"""Networks: their inputs, their gradient, their steps, and what they learn."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from mlwright.base.errors import Infeasible
from mlwright.base.seeds import generator
from mlwright.models.protocol import Facts, FitControl, FitData, Staged
from mlwright.models.signature import Task
from mlwright.models.tabular.linear import Linear
from mlwright.models.tabular.network import Network, NetworkEstimator
from mlwright.models.tabular.network_inputs import NetworkInputs
from mlwright.models.tabular.network_layers import Gradients, NetworkShape
from mlwright.models.tabular.network_loss import network_loss
from mlwright.models.tabular.network_steps import StepPlan, Steps, rate_at
from mlwright.testing.models import made_table

CONTROL = FitControl(seed=0, threads=1)


def params(task: Task, **changes: Any) -> dict[str, Any]:
    return {**Network().portfolio(Facts(task, 3000, 2, classes=2))[0], "epochs": 12, **changes}


def waves(rows: int, seed: int = 0) -> FitData:
    X = generator(seed, "waves").uniform(-1, 1, (rows, 2)).astype(np.float32)
    return FitData(X, np.sin(4.0 * X[:, 0]) * X[:, 1].astype(np.float64))


def fitted(train: FitData, task: Task = Task.REGRESSION, **changes: Any) -> NetworkEstimator:
    return Network().fit(train, None, task, params(task, **changes), CONTROL)


def test_a_number_is_seen_whole_and_bin_by_bin() -> None:
    inputs = NetworkInputs.fit(np.array([[0.0], [1.0], [2.0], [5.0]], dtype=np.float32), bins=8)
    seen = inputs.of(np.array([[1.5], [5.0]]))
    spread = np.std([0, 1, 2, 5])
    assert seen[0].tolist() == pytest.approx([(1.5 - 2) / spread, 0.5, 0.0, -0.5])
    assert seen[1].tolist() == pytest.approx([(5 - 2) / spread, 0.5, 0.5, 0.5])


def test_zero_is_told_from_the_smallest_number_above_it() -> None:
    amounts = np.concatenate([np.zeros(900), np.linspace(0.01, 50, 100)]).astype(np.float32)[:, np.newaxis]
    inputs = NetworkInputs.fit(amounts, bins=16)
    none, some = inputs.of(np.array([[0.0], [0.01]]))
    assert np.abs(none - some).max() == pytest.approx(1.0)
    assert inputs.count > 10


def test_bins_of_many_rows_hold_about_as_many_each() -> None:
    values = generator(0, "bins").normal(size=(5000, 1)).astype(np.float32)
    inputs = NetworkInputs.fit(values, bins=10)
    assert inputs.count == 11
    inside = np.abs(inputs.of(values)[:, 1:]) < 0.5
    assert np.allclose(inside.mean(axis=0), 0.1, atol=0.01)


def test_the_most_correlated_columns_are_added_and_subtracted() -> None:
    draw = generator(0, "pairs")
    first, other = draw.normal(size=500), draw.normal(size=500)
    X = np.column_stack([first, other, 2 * first + 0.1 * draw.normal(size=500)]).astype(np.float32)
    inputs = NetworkInputs.fit(X, bins=1, pairs=1)
    assert (inputs.left.tolist(), inputs.right.tolist()) == ([0, 0], [2, 2])
    spread = X.std(axis=0, dtype=np.float64)
    pair = X[:, 0] / spread[0] - X[:, 2] / spread[2]
    assert inputs.of(X)[:, -1] == pytest.approx((pair - pair.mean()) / pair.std(), abs=1e-4)


def test_thousands_of_columns_give_no_more_inputs_than_a_network_can_bear() -> None:
    X = generator(0, "wide").normal(size=(20, 3000)).astype(np.float32)
    assert NetworkInputs.fit(X, bins=64, pairs=6).count < 2 * 3000


@pytest.mark.parametrize("outputs", [1, 3])
def test_the_gradient_is_that_of_the_loss(outputs: int) -> None:
    draw = generator(0, "gradient", outputs)
    shape = NetworkShape(inputs=4, width=6, layers=2, outputs=outputs, members=2)
    vector = shape.start(draw)
    inputs, y = draw.normal(size=(8, 4)), draw.integers(0, 2 if outputs == 1 else 3, 8)
    loss = network_loss({}, classes=2 if outputs == 1 else 3)

    def total(at: Any) -> float:
        answers = loss.answer(shape.scores(at, inputs))
        return sum(loss.mean(member, y, None) for member in answers)

    work = Gradients(shape, 0.0, draw)
    scores, before, masks = work.forward(vector, inputs.astype(np.float32))
    gradient = work.backward(vector, loss.slopes(scores, y) / np.float32(8), before, masks)
    direction = draw.normal(size=len(vector))
    small = 1e-6 * direction
    measured = (total(vector + small) - total(vector - small)) / 2e-6
    assert float(gradient @ direction) == pytest.approx(measured, rel=1e-4)


def test_the_first_step_of_adam_is_the_rate_in_every_direction() -> None:
    steps = Steps(np.zeros(3, dtype=np.float32), StepPlan(peak_rate=0.1, decay=0.0, memory=0.9))
    steps.take(np.array([5.0, -0.01, 0.0], dtype=np.float32), share=0.05)
    rate = 0.1 * rate_at(0.05)
    assert steps.vector.tolist() == pytest.approx([-rate, rate, 0.0], rel=1e-4)


def test_dropout_leaves_the_mean_of_a_unit_as_it_is() -> None:
    shape = NetworkShape(inputs=1, width=64, layers=1, outputs=1)
    vector = shape.start(generator(0, "dropout"))
    inputs = np.ones((2000, 1), dtype=np.float32)
    work = Gradients(shape, 0.4, generator(1, "dropout"))
    dropped = work.forward(vector, inputs)[0]
    assert dropped.mean() == pytest.approx(shape.scores(vector, inputs)[0, 0, 0], abs=0.02)


def test_a_network_learns_what_no_line_can() -> None:
    train, test = waves(3000), waves(500, seed=1)
    network = fitted(train)
    line = Linear().fit(train, None, Task.REGRESSION, {"loss": "squared", "strength": 1.0}, CONTROL)
    errors = [np.mean((model.predict(test.X) - test.y) ** 2) for model in (network, line)]
    assert errors[0] < 0.02 * errors[1]


def test_folds_side_by_side_are_as_one_after_the_other() -> None:
    data = [waves(400, seed=seed) for seed in range(3)]
    alone = [fitted(train).vector for train in data]
    with ThreadPoolExecutor(3) as pool:
        together = [model.vector for model in pool.map(fitted, data)]
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_a_far_deadline_changes_nothing() -> None:
    control = FitControl(seed=0, threads=1, deadline=time.monotonic() + 600)
    limited = Network().fit(waves(300), None, Task.REGRESSION, params(Task.REGRESSION), control)
    assert np.array_equal(limited.vector, fitted(waves(300)).vector)


def test_a_short_time_is_planned_with_so_that_the_answer_is_good() -> None:
    train, test = waves(3000), waves(500, seed=1)
    began = time.monotonic()
    control = FitControl(seed=0, threads=1, deadline=began + 0.5)
    hurried = Network().fit(train, None, Task.REGRESSION, params(Task.REGRESSION, epochs=100_000), control)
    assert time.monotonic() - began < 1.5
    # The rate has fallen to nothing in that half second: a plan of 100,000 epochs would not even have risen.
    assert np.mean((hurried.predict(test.X) - test.y) ** 2) < 0.2 * np.var(test.y)


def test_others_may_say_how_many_epochs_are_kept() -> None:
    network = Network().fit(waves(300), waves(100, seed=1), Task.REGRESSION, params(Task.REGRESSION), CONTROL)
    assert isinstance(network, Staged)
    assert network.grown is not None
    early = network.at(2)
    assert early.rounds == 2
    assert np.array_equal(early.vector, network.grown.snapshots[2])
    assert early.at(9) is early


def test_patience_ends_a_fit_that_gets_no_better() -> None:
    train = made_table(Task.BINARY, 200, "linear")
    noise = FitData(train.X, generator(0, "noise").integers(0, 2, 200))
    other = FitData(made_table(Task.BINARY, 200, "linear", 1).X, generator(1, "noise").integers(0, 2, 200))
    changes = params(Task.BINARY, epochs=200, patience=3, decay=0.0, dropout=0.0, batch=32)
    network = Network().fit(noise, other, Task.BINARY, changes, CONTROL)
    assert network.grown is not None
    assert max(network.grown.snapshots) == network.rounds + 3


def test_a_quantile_lies_above_its_share_of_the_rows() -> None:
    draw = generator(0, "quantile")
    X = draw.normal(size=(2000, 1)).astype(np.float32)
    rows = FitData(X, X[:, 0] + draw.normal(size=2000))
    network = fitted(rows, objective="quantile", quantile=0.9, dropout=0.0)
    assert np.mean(rows.y < network.predict(X)) == pytest.approx(0.9, abs=0.03)


def test_an_objective_that_networks_lack_is_refused() -> None:
    with pytest.raises(Infeasible, match="no objective 'gamma'"):
        fitted(FitData(waves(50).X, np.abs(waves(50).y) + 1), objective="gamma")


def test_a_network_too_large_is_refused() -> None:
    with pytest.raises(Infeasible, match="parameters"):
        fitted(waves(50), width=4000)


def test_ten_rows_are_enough() -> None:
    small = params(Task.REGRESSION, batch=32)
    assert np.isfinite(Network().fit(waves(10), None, Task.REGRESSION, small, CONTROL).predict(waves(5).X)).all()
