"""The candidates of a forecast: each tried on the same backtests, the best mixed, the simplest good enough kept."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mlwright.base.errors import MlwrightError
from mlwright.base.seeds import derive_seed
from mlwright.data.columns import Array
from mlwright.data.grid import Grid
from mlwright.data.histories import Batch
from mlwright.data.series import Panel, Series
from mlwright.evaluation.metrics import Metric
from mlwright.features.lags import BASE, SPREAD, RowPlan, all_rows
from mlwright.features.preparation import PreparationPlan, fit_preparation
from mlwright.models.protocol import FitControl, FitData
from mlwright.models.series import SERIES_MODELS
from mlwright.models.series.direct_linear import MOST_NUMBERS, DirectLinear, fit_direct_linear
from mlwright.models.series.front import LINEAR, TREES
from mlwright.models.series.protocol import SeriesModel
from mlwright.models.signature import Task
from mlwright.models.tabular.ensemble import Member
from mlwright.models.tabular.lightgbm import LightGbm
from mlwright.tuning.backtest import BacktestPlan, Cases, Fit, backtest_global, flat
from mlwright.tuning.series_rows import learning_rows, linear_rows, windows_of

_ROWS = 40_000  # that trees are fitted to
_SMALL_ROWS = 3_000
_ABSOLUTE_ROWS = 10_000
_WINDOWS = 12_000
_CELLS = 6_000_000  # of the windows in memory at once
_LINEAR_COMPLEXITY, _TREE_COMPLEXITY, MIX_COMPLEXITY = 6, 8, 9
_LATE = ("arima", f"{TREES} last")  # dear for what they bring: tried when the others are done
TREE_VARIANTS: Mapping[str, dict[str, Any]] = {
    f"{TREES} last": {"seasonal": False},
    f"{TREES} season": {"seasonal": True},
}
_TREE_PARAMS: Mapping[str, Any] = {
    "rounds": 160, "patience": 1000, "learning_rate": 0.08, "num_leaves": 31, "min_data_in_leaf": 20,
    "feature_fraction": 0.6, "bagging_fraction": 0.7, "lambda_l2": 1.0,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Setting:
    """What every candidate is tried under.

    Attributes:
        rows: What a row of the global models holds.
        families: Names of candidates that are allowed; empty for all.
        seed, deadline: As everywhere.
    """

    panel: Panel
    rows: RowPlan
    backtest: BacktestPlan
    cases: Cases
    metric: Metric
    families: frozenset[str] = frozenset()
    seed: int = 0
    deadline: float | None = None

    @property
    def grid(self) -> Grid:
        return self.panel.grid

    def loss(self, forecast: Array, windows: Array | None = None) -> float:
        """Return the metric of forecasts (W, horizon), lower is better, on some windows or all."""
        chosen = np.arange(len(forecast)) if windows is None else windows
        measured, truth, scale = flat(self.cases)
        keep = np.zeros_like(measured)
        keep[chosen] = True
        inside = keep[measured]
        value = self.metric.compute(truth[inside], forecast[measured & keep], scale=scale[inside])
        return value if self.metric.direction == "minimise" else -value


@dataclass(frozen=True, slots=True)
class Trial:
    """One candidate and what came of it.

    Attributes:
        forecast: Of every window, (W, horizon); None when it failed.
        reason: Why it failed.
    """

    name: str
    complexity: int
    baseline: bool
    seconds: float
    forecast: Array | None = None
    loss: float = float("nan")
    reason: str = ""
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])


OnTrial = Callable[[Trial], None]


def run_trials(setting: Setting, on_trial: OnTrial) -> list[Trial]:
    """Try every candidate that fits; the cheap ones first, so that a short time leaves the dear ones out.

    Args:
        setting: Data, windows and limits.
        on_trial: Told of each.
    """
    trials: list[Trial] = []
    tasks: list[tuple[str, int, bool, Callable[[], Array | None]]] = []
    for name in SERIES_MODELS:
        model: SeriesModel = SERIES_MODELS.load(name)()
        if _allowed(setting, name) and model.fits(setting.cases.batch):
            tasks.append((name, model.complexity, model.baseline, lambda model=model: _local(model, setting)))
    if _allowed(setting, LINEAR):
        tasks.append((LINEAR, _LINEAR_COMPLEXITY, False, lambda: _global(linear_fit(setting), setting)))
    for name, variant in TREE_VARIANTS.items():
        if _allowed(setting, TREES) and (setting.rows.seasons or not variant["seasonal"]):
            fit = tree_fit(setting, seasonal=variant["seasonal"])
            tasks.append((name, _TREE_COMPLEXITY, False, lambda fit=fit: _global(fit, setting)))
    tasks.sort(key=lambda task: task[0] in _LATE)
    for name, complexity, baseline, work in tasks:
        late = setting.deadline is not None and time.monotonic() > setting.deadline
        trials.append(_tried(setting, (name, complexity, baseline), work, late=late and bool(trials)))
        on_trial(trials[-1])
    return trials


def _allowed(setting: Setting, name: str) -> bool:
    return not setting.families or name in setting.families


def _tried(setting: Setting, what: tuple[str, int, bool], work: Callable[[], Array | None], *, late: bool) -> Trial:
    if late:
        return Trial(*what, 0.0, reason="no time was left")
    started = time.monotonic()
    try:
        forecast = work()
    except (MlwrightError, np.linalg.LinAlgError) as error:
        return Trial(*what, time.monotonic() - started, reason=str(error).splitlines()[0])
    seconds = time.monotonic() - started
    if forecast is None:
        reason = "the histories before the first window are too short, or no time was left"
        return Trial(*what, seconds, reason=reason)
    return Trial(*what, seconds, forecast, setting.loss(forecast))


def _local(model: SeriesModel, setting: Setting) -> Array:
    batch = setting.cases.batch
    return model.forecast(batch, setting.backtest.horizon, model.find(batch))


def _global(fit: Fit, setting: Setting) -> Array | None:
    return backtest_global(fit, setting.panel, setting.cases, setting.backtest, setting.deadline)


def linear_width(setting: Setting) -> int:
    """Return how many of the latest values the linear map takes."""
    seasons, horizon = setting.rows.seasons, setting.rows.horizon
    wanted = max(2 * (seasons[0] if seasons else 12), (seasons[-1] if seasons else 0) + (seasons[0] if seasons else 0))
    return max(2, min(wanted, 400, MOST_NUMBERS // horizon, setting.backtest.memory // 2))


def fitted_linear(setting: Setting, series: Sequence[Series]) -> DirectLinear | None:
    """Return the linear map fitted to some series, None where they are too short."""
    width = linear_width(setting)
    memory = max(width, setting.rows.memory)
    windows = windows_of(series, setting.rows, memory, _most(memory), derive_seed(setting.seed, LINEAR), parts=False)
    if len(windows.truth) < 10:
        return None
    X, Y, weight = linear_rows(windows, setting.rows, width)
    order = windows.order[~np.isnan(windows.truth).any(axis=1)]
    return fit_direct_linear(X, Y, weight, order) if len(X) >= 10 else None


def linear_fit(setting: Setting) -> Fit:
    """Return how a linear map is fitted and used, for backtests."""

    def fit(series: Sequence[Series]) -> Callable[[Batch, Sequence[Series]], Array] | None:
        model = fitted_linear(setting, series)
        return None if model is None else lambda batch, _parts: model.forecast(batch, setting.rows)

    return fit


def fitted_trees(setting: Setting, series: Sequence[Series], *, seasonal: bool) -> Member | None:
    """Return boosted trees on rows of some series, None where they are too short."""
    plan = setting.rows.model_copy(update={"seasonal_base": seasonal})
    seed = derive_seed(setting.seed, TREES)
    windows = windows_of(series, plan, plan.memory, _most(plan.memory), seed)
    if windows.truth.size < 50:
        return None
    rows = learning_rows(windows, plan, setting.grid, _ROWS, seed)
    inputs = tuple(column for column in plan.columns() if column.name in plan.features)
    preparation, X = fit_preparation(rows.columns, rows.y, PreparationPlan(inputs, "tree", Task.REGRESSION, seed))
    params = tree_params(len(rows.y), setting.metric.name)
    # One thread: on so few rows more of them wait for each other longer than they work.
    control = FitControl(seed=seed, threads=1, deadline=setting.deadline)
    estimator = LightGbm().fit(FitData(X, rows.y, rows.weight), None, Task.REGRESSION, params, control)
    return Member("lightgbm", params, (preparation,), (estimator,))


def _most(memory: int) -> int:
    return max(200, min(_WINDOWS, _CELLS // memory))


def tree_params(rows: int, metric: str) -> dict[str, Any]:
    """Return the trees' parameters for so many rows.

    Absolute errors are what most metrics of forecasts count; on many rows they cost three times the time for no better
    score, so that squared ones, with their tails cut, are taken there.
    """
    small = {"num_leaves": 8, "min_data_in_leaf": max(5, rows // 200)} if rows < _SMALL_ROWS else {}
    absolute = rows < _ABSOLUTE_ROWS and metric not in ("rmse", "mse", "r2")
    return {**_TREE_PARAMS, **small, "objective": "absolute" if absolute else "squared"}


def tree_fit(setting: Setting, *, seasonal: bool) -> Fit:
    """Return how trees are fitted and used, for backtests."""
    plan = setting.rows.model_copy(update={"seasonal_base": seasonal})

    def fit(series: Sequence[Series]) -> Callable[[Batch, Sequence[Series]], Array] | None:
        member = fitted_trees(setting, series, seasonal=seasonal)
        if member is None:
            return None

        def forecast(batch: Batch, parts: Sequence[Series]) -> Array:
            rows = all_rows(batch, parts, plan, setting.grid)
            values = rows[BASE] + rows[SPREAD] * member.predict(rows)
            return values.reshape(len(parts), -1)

        return forecast

    return fit


def complexity_of(name: str) -> int:
    """Return the order of simplicity of a candidate."""
    if name in SERIES_MODELS:
        return int(SERIES_MODELS.find(name).complexity)
    return _LINEAR_COMPLEXITY if name == LINEAR else _TREE_COMPLEXITY
