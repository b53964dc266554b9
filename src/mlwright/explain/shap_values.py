"""SHAP values of a whole pipeline on its raw columns.

The model is a function of raw columns (through the ONNX runtime, say), so what is explained is exactly what is
delivered: columns as a caller knows them, not the hundred features that preparation makes of them.

Source: Lundberg and Lee (2017), A Unified Approach to Interpreting Model Predictions; the orders are sampled forward
and backward as in Mitchell et al. (2022), Sampling Permutations for Shapley Value Estimation.
"""

import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

import numpy as np

from mlwright.base.errors import DataError
from mlwright.base.seeds import derive_seed, generator
from mlwright.data.columns import Array, Columns, row_count, take
from mlwright.data.schema import Column
from mlwright.explain.background import Background
from mlwright.explain.codes import CodeTable
from mlwright.explain.explanation import Explanation
from mlwright.explain.found import Found, Work

Predict = Callable[[Columns], Array]


@dataclass(frozen=True, slots=True)
class ExplainOptions:
    """How much to spend and what to show.

    Attributes:
        seed: Decides background, rows and orders; the same seed gives the same explanation.
        outputs: Names of the prediction's columns: the classes, or ("value",).
        positive: With two classes, the one to explain (the other is its mirror image); default the last.
        rows: Rows to explain at most, drawn by the seed.
        background: Rows that stand for "unknown" at most; cost grows with it.
        permutations: Orders of the columns for each row, each walked forward and backward.
        predictions: Rows that the model may be asked for in all; orders, then explained rows, are cut to fit.
        seconds: Wall time; when it is spent, the rows that are done are what is explained. None for no limit,
            which alone makes the result independent of the machine.
        hardness: How wrong each given row's prediction is (its loss, say), for the choice of "hardest".
        asked: Indices of rows that must be shown.
        dependence: How many of the top columns get dependence data.
        tolerance: Largest additivity error that is accepted, relative to the spread of the predictions.
    """

    seed: int = 0
    outputs: tuple[str, ...] = ("value",)
    positive: str | None = None
    rows: int = 200
    background: int = 40
    permutations: int = 2
    predictions: int = 1_000_000
    seconds: float | None = None
    hardness: Array | None = None
    asked: tuple[int, ...] = ()
    dependence: int = 6
    tolerance: float = 1e-3


@dataclass(frozen=True, slots=True)
class _Plan:
    method: Literal["exact", "permutation"]
    evaluations: int  # for one row; each is a prediction for every background row
    permutations: int
    rows: Array
    cut: bool


def explain(
    predict: Predict, background: Columns, rows: Columns, inputs: Sequence[Column], options: ExplainOptions
) -> Explanation:
    """Explain `predict` on `rows` against `background`.

    Args:
        predict: Raw columns to probabilities, shape (n, classes), or values, shape (n,).
        background: Rows of the training data.
        rows: Rows to explain, usually of the test.
        inputs: The columns that the model looks at.
        options: What to spend and what to show.

    Raises:
        DataError: No rows, a column is absent, outputs do not fit, or the values do not add up to the predictions
            (a prediction that depends on the other rows of its batch, say).
    """
    if not row_count(rows) or not row_count(background) or not inputs:
        raise DataError(
            "There is nothing to explain: rows, background and inputs need at least one each.",
            hint="Pass rows of the training part as background and rows of the test as rows.",
        )
    shown = {column.name: background[column.name] for column in inputs if column.name in background}
    table = CodeTable.of([shown, rows], inputs)
    drawn = generator(options.seed, "background").permutation(row_count(shown))[: options.background]
    base_codes = table.encode(take(shown, np.sort(drawn)))
    counted = _Counted(predict, table, options)
    plan = _plan(len(table.names), len(base_codes), row_count(rows), options)
    work = _run(counted, base_codes, table.encode(rows), plan, options)
    error = _additivity(work, options)
    found = Found(table, rows, work, counted.outputs)
    return Explanation(
        method=plan.method,
        outputs=counted.outputs,
        base=tuple(map(float, work.base)),
        rows=len(work.rows),
        rows_asked=min(row_count(rows), options.rows),
        background_rows=len(base_codes),
        permutations=0 if plan.method == "exact" else plan.permutations,
        predictions=counted.rows,
        stopped=work.stopped,
        additivity_error=error,
        seed=options.seed,
        importance=found.importance(),
        local=found.local(options.hardness, options.asked),
        dependence=found.dependence(options.dependence),
    )


class _Counted:
    """The model as a function of codes, one column per explained output, counting the rows it is asked for."""

    def __init__(self, predict: Predict, table: CodeTable, options: ExplainOptions) -> None:
        self.predict = predict
        self.table = table
        self.columns, self.outputs = _explained(options)
        self.named = len(options.outputs)
        self.rows = 0

    def __call__(self, codes: Array) -> Array:
        self.rows += len(codes)
        predicted = np.asarray(self.predict(self.table.decode(codes)), dtype=np.float64)
        predicted = predicted.reshape(len(codes), -1)
        if predicted.shape[1] != self.named:
            raise DataError(
                f"The model gives {predicted.shape[1]} outputs; {self.named} were named.",
                hint="Name the classes in the order of the probabilities, or ('value',) for regression.",
            )
        return predicted[:, self.columns]


def _explained(options: ExplainOptions) -> tuple[list[int], tuple[str, ...]]:
    if len(options.outputs) != 2:
        return list(range(len(options.outputs))), options.outputs
    positive = options.outputs[-1] if options.positive is None else options.positive
    if positive not in options.outputs:
        raise DataError(
            f"The positive class '{positive}' is not an output.", hint=f"Choose one of {list(options.outputs)}."
        )
    return [options.outputs.index(positive)], (positive,)


def _plan(width: int, background: int, rows: int, options: ExplainOptions) -> _Plan:
    """Cut orders first, then rows, until the predictions fit; take the exact method where it is not dearer."""
    wanted = min(rows, options.rows)
    order = 2 * width + 1
    affordable = options.predictions // max(1, wanted * order * background)
    permutations = int(np.clip(affordable, 1, options.permutations))
    exact = 2**width <= permutations * order if width <= 12 else False
    evaluations = 2**width if exact else permutations * order
    fitting = max(1, min(wanted, options.predictions // (evaluations * background)))
    drawn = generator(options.seed, "rows").permutation(rows)[:fitting]
    must = np.array(sorted(set(options.asked)), dtype=np.intp)
    chosen = np.concatenate([must, _hardest(options), drawn])
    _, first = np.unique(chosen, return_index=True)
    return _Plan(
        "exact" if exact else "permutation", evaluations, permutations, chosen[np.sort(first)], fitting < wanted
    )


def _hardest(options: ExplainOptions) -> Array:
    if options.hardness is None or not len(options.hardness):
        return np.array([], dtype=np.intp)
    return np.array([int(np.argmax(options.hardness))], dtype=np.intp)


def _run(model: _Counted, background: Array, codes: Array, plan: _Plan, options: ExplainOptions) -> Work:
    """Explain row after row until all are done or the seconds are spent; at least one row."""
    shap = _shap()
    deadline = None if options.seconds is None else time.monotonic() + options.seconds
    masker = Background(background)
    kind = shap.explainers.ExactExplainer if plan.method == "exact" else shap.explainers.PermutationExplainer
    names = [f"x{j}" for j in range(codes.shape[1])]
    values: list[Array] = []
    stopped: Literal["done", "predictions", "seconds"] = "predictions" if plan.cut else "done"
    base = model(background).mean(axis=0)
    with _global_generator_kept():
        explainer: Any = kind(model, masker, feature_names=names)
        np.random.seed(derive_seed(options.seed, "orders"))  # after the constructor, which draws a fresh seed
        for row in plan.rows:
            values.append(_values(explainer(codes[row : row + 1], max_evals=plan.evaluations, silent=True), len(base)))
            if deadline is not None and time.monotonic() > deadline and len(values) < len(plan.rows):
                stopped = "seconds"
                break
    done = plan.rows[: len(values)]
    return Work(done, np.stack(values), base, model(codes[done]), stopped)


def _shap() -> Any:
    """Import shap without its just-in-time compiler.

    What it compiles of the parts used here are loops over the outputs of a row: compiling them takes seven seconds in
    every process, running them as Python a few milliseconds a row.
    """
    numba: Any = import_module("numba.core.config")  # what `njit` looks at; its names are made at run time
    compiles = numba.DISABLE_JIT
    numba.DISABLE_JIT = 1
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its plots, which we don't use, warn about matplotlib while they load
            import shap
    finally:
        numba.DISABLE_JIT = compiles
    return shap


def _values(explanation: Any, outputs: int) -> Array:
    return np.asarray(explanation.values, dtype=np.float64)[0].reshape(-1, outputs)


@contextmanager
def _global_generator_kept() -> Generator[None]:
    # shap draws its orders from numpy's global generator; leave it as it was found
    state = np.random.get_state()
    try:
        yield
    finally:
        np.random.set_state(state)


def _additivity(work: Work, options: ExplainOptions) -> float:
    error = float(np.abs(work.base + work.values.sum(axis=1) - work.predictions).max())
    spread = float(np.ptp(work.predictions)) or 1.0
    if error > options.tolerance * max(spread, 1e-9):
        raise DataError(
            f"The SHAP values miss the predictions by {error:.3g}, {error / spread:.1%} of their spread.",
            hint="The model must predict each row alone; check that a row's prediction doesn't depend on its batch.",
        )
    return error
