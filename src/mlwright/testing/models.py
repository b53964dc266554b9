"""What every family of `MODELS` promises, as checks on small made tables."""

import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlwright.base.errors import Infeasible
from mlwright.base.seeds import generator
from mlwright.data.columns import Array
from mlwright.data.task import TABULAR_TASKS
from mlwright.models.protocol import Estimator, Facts, Family, FitControl, FitData, Params
from mlwright.models.signature import Task
from mlwright.models.tabular import MODELS
from mlwright.models.tabular.loading import load_estimator

_ROWS, _FEATURES = 240, 5
# Names under which families bound their rounds; the checks need few.
_ROUNDS = {"rounds": 12, "trees": 6, "iterations": 12, "epochs": 12}


@dataclass(frozen=True, slots=True)
class _Case:
    """A family on one made table."""

    family: Family
    task: Task
    params: Params
    train: FitData
    valid: FitData

    @property
    def classes(self) -> int:
        return {Task.BINARY: 2, Task.MULTICLASS: 3, Task.REGRESSION: 0}[self.task]

    def fit(self, **changes: Any) -> Estimator:
        """Return an estimator; `changes` replaces train, valid, params or control."""
        control = changes.get("control", FitControl(seed=7, threads=1))
        train, valid = changes.get("train", self.train), changes.get("valid", self.valid)
        return self.family.fit(train, valid, self.task, changes.get("params", self.params), control)


def check_model(name: str) -> None:
    """Check every promise of the registered family `name` on every task.

    Raises:
        AssertionError: A promise is broken; the message names it, the family and the task.
        MissingExtra: The family's library is not installed.
    """
    family: Family = MODELS.load(name)()
    assert family.name == name, f"{name}: its `name` says '{family.name}'"
    for task in TABULAR_TASKS:
        for facts in _facts(task):
            sets = family.portfolio(facts)
            assert sets, f"{name}: its portfolio is empty for {facts}"
        case = _case(family, task)
        for check in CHECKS:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    check(case)
                except AssertionError as exc:
                    raise AssertionError(f"{name}, {task}, {check.__name__.strip('_')}: {exc}") from exc


def _facts(task: Task) -> list[Facts]:
    classes = {Task.BINARY: 2, Task.MULTICLASS: 3, Task.REGRESSION: 0}[task]
    sizes = (60, _ROWS, 30_000, 1_000_000)
    return [Facts(task, rows, _FEATURES, classes=classes, minority_share=0.05) for rows in sizes]


def _case(family: Family, task: Task) -> _Case:
    train, valid = made_table(task, _ROWS, family.preparation), made_table(task, _ROWS // 2, family.preparation, 1)
    facts = Facts(task, _ROWS, _FEATURES, classes=3 if task is Task.MULTICLASS else 2, minority_share=0.3)
    return _Case(family, task, short(family.portfolio(facts)[0]), train, valid)


def short(params: Params) -> dict[str, Any]:
    """Return params with few rounds."""
    return {**params, **{name: count for name, count in _ROUNDS.items() if name in params}}


def made_table(task: Task, rows: int, preparation: str = "tree", seed: int = 0) -> FitData:
    """Return rows with signal, a constant column, a column of small integers, and for trees missing values."""
    draw = generator(seed, "made table", task, rows)
    X = draw.normal(size=(rows, _FEATURES)).astype(np.float32)
    X[:, 2] = 1.0
    X[:, 3] = draw.integers(0, 4, rows)
    score = X[:, 0] + 0.5 * X[:, 3] - X[:, 1] ** 2 / 2 + 0.3 * draw.normal(size=rows)
    if preparation == "tree":
        X[draw.random(rows) < 0.2, 1] = np.nan
    if task is Task.REGRESSION:
        return FitData(X, (250_000 + 80_000 * score).astype(np.float64))
    edges = [0.4] if task is Task.BINARY else [-0.2, 0.9]
    return FitData(X, np.digitize(score, edges).astype(np.int64), classes=len(edges) + 1)


def _predictions_have_the_promised_form(case: _Case) -> None:
    answer = case.fit().predict(case.valid.X)
    assert answer.dtype == np.float64, f"predictions are {answer.dtype}, float64 was expected"
    assert np.isfinite(answer).all(), "a prediction is not finite"
    if not case.task.is_classification:
        assert answer.shape == (len(case.valid.y),), f"values have shape {answer.shape}"
        return
    _check_probabilities(answer, len(case.valid.y), case.classes)


def _no_rows_give_no_predictions(case: _Case) -> None:
    shape = case.fit().predict(case.valid.X[:0]).shape
    expected = (0, case.classes) if case.task.is_classification else (0,)
    assert shape == expected, f"no rows give shape {shape}, {expected} was expected"


def _equal_seeds_give_equal_files(case: _Case) -> None:
    first, second = _files(case.fit()), _files(case.fit())
    assert first.keys() == second.keys(), f"files are {sorted(first)} and then {sorted(second)}"
    different = [name for name in first if first[name] != second[name]]
    assert not different, f"{different} differ between two fits with one seed"


def _loading_changes_nothing(case: _Case) -> None:
    fitted = case.fit()
    with tempfile.TemporaryDirectory() as folder:
        fitted.save(Path(folder))
        loaded = load_estimator(Path(folder))
        same = np.array_equal(loaded.predict(case.valid.X), fitted.predict(case.valid.X))
    assert type(loaded) is case.family.estimator, f"loaded a {type(loaded).__name__}"
    assert loaded.rounds == fitted.rounds, f"{loaded.rounds} rounds after loading, {fitted.rounds} before"
    assert same, "a loaded estimator predicts something else"


def _no_file_is_a_pickle(case: _Case) -> None:
    for name, content in _files(case.fit()).items():
        assert Path(name).suffix not in {".pkl", ".pickle", ".p"}, f"{name} is a pickle"
        assert not content.startswith(b"\x80"), f"{name} begins as a pickle does"


def _weights_are_obeyed(case: _Case) -> None:
    # Rows above the middle weigh next to nothing: the answers must go down.
    heavy = case.train.y <= np.median(case.train.y) if case.classes == 0 else case.train.y == 0
    train = replace(case.train, weight=np.where(heavy, 1.0, 0.01))
    plain, weighted = (
        case.fit(valid=None).predict(case.valid.X),
        case.fit(train=train, valid=None).predict(case.valid.X),
    )
    if case.task.is_classification:
        assert weighted[:, 0].mean() > plain[:, 0].mean(), "a class of more weight did not gain probability"
    else:
        assert weighted.mean() < plain.mean(), "smaller values of more weight did not lower the predictions"


def _rounds_are_recorded(case: _Case) -> None:
    rounds = case.fit().rounds
    assert isinstance(rounds, int), f"rounds is {rounds!r}, an int was expected"
    assert rounds >= 1, f"rounds is {rounds}, 1 or more was expected"


def _a_passed_deadline_is_infeasible_or_instant(case: _Case) -> None:
    late = FitControl(seed=7, threads=1, deadline=time.monotonic() - 1)
    try:
        case.fit(control=late)
    except Infeasible as exc:
        assert exc.hint, "Infeasible came without a hint"


def _a_near_deadline_is_kept(case: _Case) -> None:
    many = {**case.params, **{name: 1_000_000 for name in _ROUNDS if name in case.params}}
    if many == dict(case.params):
        return
    if "patience" in many:
        many["patience"] = 1_000_000
    case.fit()  # the first call of a library may be slow
    deadline = time.monotonic() + 0.4
    fitted = case.fit(params=many, control=FitControl(seed=7, threads=1, deadline=deadline))
    late = time.monotonic() - deadline
    # Generous, because a loaded machine may take a second from anybody.
    assert late < 3, f"the fit ended {late:.1f} s after its deadline"
    assert np.isfinite(fitted.predict(case.valid.X)).all(), "the model so far gives no finite predictions"


def _an_absent_class_keeps_its_column(case: _Case) -> None:
    if case.task is not Task.MULTICLASS:
        return
    for absent in range(case.classes):
        kept = case.train.y != absent
        train = replace(case.train, X=case.train.X[kept], y=case.train.y[kept])
        answer = case.fit(train=train).predict(case.valid.X)
        _check_probabilities(answer, len(case.valid.y), case.classes)
        assert answer[:, absent].max() < 0.1, f"class {absent}, never seen, has probability {answer[:, absent].max()}"


def _one_row_agrees_with_many(case: _Case) -> None:
    fitted = case.fit()
    many = fitted.predict(case.valid.X[:5])
    single = np.concatenate([fitted.predict(case.valid.X[index : index + 1]) for index in range(5)])
    assert np.allclose(single, many, rtol=1e-12, atol=1e-12), "a row's answer depends on its neighbours"


def _check_probabilities(answer: Array, rows: int, classes: int) -> None:
    assert answer.shape == (rows, classes), f"probabilities have shape {answer.shape}, {(rows, classes)} was expected"
    assert answer.min() >= 0, f"the probability {answer.min()} is negative"
    assert np.allclose(answer.sum(axis=1), 1, atol=1e-12), "probabilities of a row don't sum to 1"


def _files(estimator: Estimator) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        estimator.save(Path(folder))
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


CHECKS: tuple[Callable[[_Case], None], ...] = (
    _predictions_have_the_promised_form,
    _no_rows_give_no_predictions,
    _equal_seeds_give_equal_files,
    _loading_changes_nothing,
    _no_file_is_a_pickle,
    _weights_are_obeyed,
    _rounds_are_recorded,
    _a_passed_deadline_is_infeasible_or_instant,
    _a_near_deadline_is_kept,
    _an_absent_class_keeps_its_column,
    _one_row_agrees_with_many,
)
