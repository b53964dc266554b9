"""The table of metrics: name, direction, the tasks it fits, what it needs, and how it is computed."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Literal

from mlwright.base.errors import BriefError
from mlwright.base.suggest import did_you_mean
from mlwright.data.columns import Array
from mlwright.evaluation import classification, forecast, ordinal, ranking, regression
from mlwright.evaluation.agreement import ari, nmi
from mlwright.evaluation.alarm_share import alarms_among_usual
from mlwright.evaluation.separation import needs_rows

Direction = Literal["maximise", "minimise"]
Needs = Literal["probabilities", "labels", "values", "rows"]

_CLASSES = ("binary", "multiclass")
_CLASSES_OR_ALARMS = (*_CLASSES, "anomaly")
_ORDERS = ("ranking", "recommendation")


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric.

    Attributes:
        name: As it is written in briefs and reports.
        direction: Whether more or less is better.
        tasks: The tasks it fits: "binary", "multiclass", "regression", "ranking", "clustering", "anomaly".
        needs: What its predictions are. A metric of labels also takes probabilities: the most probable class counts.
            One that needs the prepared rows themselves ("rows") cannot be computed from predictions.
        function: Computes it; `compute` is the door.
        parameter: The name of its parameter, if it has one: `pinball@0.9` sets alpha, `ndcg@10` sets k.
        best: The value of a perfect model.
        ordered: It is for classes that have an order; only where it is asked for is it measured.
    """

    name: str
    direction: Direction
    tasks: tuple[str, ...]
    needs: Needs
    function: Callable[..., float]
    parameter: str = ""
    best: float = 1.0
    ordered: bool = False

    def compute(
        self,
        y: Array,
        prediction: Array,
        *,
        weight: Array | None = None,
        group: Array | None = None,
        scale: Array | None = None,
    ) -> float:
        """Return the metric of labels y (n,) and predictions (n,) or (n, C); NaN where it is not defined.

        Rankings are judged within each `group` (the query), shape (n,); None is one query. MASE needs the `scale` of
        each row's history, shape (n,).

        Raises:
            DataError: The arrays do not fit each other or hold what the metric cannot take.
        """
        if scale is not None and self.name == "mase":
            return self.function(y, prediction, weight=weight, scale=scale)
        if group is not None and self.fits("ranking"):
            return self.function(y, prediction, weight=weight, group=group)
        return self.function(y, prediction, weight=weight)

    def fits(self, task: str) -> bool:
        """Whether it measures models of this task."""
        return str(task) in self.tasks

    def better(self, a: float, b: float) -> bool:
        """Whether value a is better than value b."""
        return a > b if self.direction == "maximise" else a < b

    def gain(self, a: float, b: float) -> float:
        """Return by how much a is better than b; negative when it is worse."""
        return a - b if self.direction == "maximise" else b - a


def _table() -> dict[str, Metric]:
    c, r, k = classification, regression, ranking
    up, down = "maximise", "minimise"
    rows = (
        Metric("accuracy", up, _CLASSES, "labels", c.accuracy),
        Metric("balanced_accuracy", up, _CLASSES, "labels", c.balanced_accuracy),
        Metric("precision", up, _CLASSES_OR_ALARMS, "labels", c.precision),
        Metric("recall", up, _CLASSES_OR_ALARMS, "labels", c.recall),
        Metric("specificity", up, _CLASSES, "labels", c.specificity),
        Metric("f1", up, _CLASSES_OR_ALARMS, "labels", c.f1),
        Metric("f1_micro", up, _CLASSES, "labels", c.f1_micro),
        Metric("f1_weighted", up, _CLASSES, "labels", c.f1_weighted),
        Metric("mcc", up, _CLASSES, "labels", c.mcc),
        Metric("quadratic_kappa", up, _CLASSES, "labels", ordinal.quadratic_kappa, ordered=True),
        Metric("ordinal_mae", down, _CLASSES, "labels", ordinal.ordinal_mae, best=0.0, ordered=True),
        Metric("roc_auc", up, _CLASSES_OR_ALARMS, "probabilities", c.roc_auc),
        Metric("pr_auc", up, _CLASSES_OR_ALARMS, "probabilities", c.pr_auc),
        Metric("log_loss", down, _CLASSES, "probabilities", c.log_loss, best=0.0),
        Metric("brier", down, _CLASSES, "probabilities", c.brier, best=0.0),
        Metric("ece", down, _CLASSES, "probabilities", c.ece, best=0.0),
        Metric("mse", down, ("regression", "forecast"), "values", r.mse, best=0.0),
        Metric("rmse", down, ("regression", "forecast", "recommendation"), "values", r.rmse, best=0.0),
        Metric("mae", down, ("regression", "forecast", "recommendation"), "values", r.mae, best=0.0),
        Metric("median_ae", down, ("regression", "forecast"), "values", r.median_ae, best=0.0),
        Metric("r2", up, ("regression", "forecast"), "values", r.r2),
        Metric("mape", down, ("regression", "forecast"), "values", r.mape, best=0.0),
        Metric("rmsle", down, ("regression",), "values", r.rmsle, best=0.0),
        Metric("pinball", down, ("regression",), "values", r.pinball, parameter="alpha", best=0.0),
        Metric("mase", down, ("forecast",), "values", forecast.mase, best=0.0),
        Metric("smape", down, ("forecast",), "values", forecast.smape, best=0.0),
        Metric("wape", down, ("forecast",), "values", forecast.wape, best=0.0),
        Metric("ndcg", up, _ORDERS, "values", k.ndcg, parameter="k"),
        Metric("ndcg_exp", up, ("ranking",), "values", k.ndcg_exponential, parameter="k"),
        Metric("map", up, _ORDERS, "values", k.mean_average_precision),
        Metric("mrr", up, _ORDERS, "values", k.mrr),
        Metric("precision_at_k", up, _ORDERS, "values", k.precision_at_k, parameter="k"),
        Metric("recall_at_k", up, _ORDERS, "values", k.recall_at_k, parameter="k"),
        Metric("hit_rate", up, _ORDERS, "values", k.hit_rate, parameter="k"),
        Metric("coverage", up, ("recommendation",), "values", k.of_lists, parameter="k"),
        Metric("novelty", up, ("recommendation",), "values", k.of_lists, parameter="k", best=float("inf")),
        Metric("silhouette", up, ("clustering",), "rows", needs_rows),
        Metric("davies_bouldin", down, ("clustering",), "rows", needs_rows, best=0.0),
        Metric("stability", up, ("clustering",), "labels", ari),
        Metric("ari", up, ("clustering",), "labels", ari),
        Metric("nmi", up, ("clustering",), "labels", nmi),
        Metric("injected_pr_auc", up, ("anomaly",), "probabilities", c.pr_auc),
        Metric("injected_recall", up, ("anomaly",), "labels", c.recall),
        Metric("alarm_share", down, ("anomaly",), "labels", alarms_among_usual, best=0.0),
    )
    return {row.name: row for row in rows}


METRICS: Mapping[str, Metric] = MappingProxyType(_table())

# What people write, in the normal form of `_normal`.
ALIASES: Mapping[str, str] = MappingProxyType(
    {
        "acc": "accuracy", "accuracy_score": "accuracy",
        "balanced_acc": "balanced_accuracy", "bal_acc": "balanced_accuracy", "bacc": "balanced_accuracy",
        "auc": "roc_auc", "auroc": "roc_auc", "rocauc": "roc_auc", "auc_roc": "roc_auc", "roc_auc_score": "roc_auc",
        "roc_auc_ovr": "roc_auc", "area_under_curve": "roc_auc",
        "ap": "pr_auc", "average_precision": "pr_auc", "auprc": "pr_auc", "aucpr": "pr_auc", "auc_pr": "pr_auc",
        "prauc": "pr_auc", "average_precision_score": "pr_auc",
        "logloss": "log_loss", "cross_entropy": "log_loss", "nll": "log_loss", "logarithmic_loss": "log_loss",
        "binary_logloss": "log_loss", "multi_logloss": "log_loss", "neg_log_loss": "log_loss",
        "brier_score": "brier", "brier_loss": "brier", "brier_score_loss": "brier", "neg_brier_score": "brier",
        "f1_score": "f1", "f1_macro": "f1", "macro_f1": "f1", "f_score": "f1", "f_measure": "f1", "f1score": "f1",
        "micro_f1": "f1_micro", "weighted_f1": "f1_weighted",
        "ppv": "precision", "precision_score": "precision", "precision_macro": "precision",
        "sensitivity": "recall", "tpr": "recall", "true_positive_rate": "recall", "recall_score": "recall",
        "recall_macro": "recall", "tnr": "specificity", "true_negative_rate": "specificity",
        "qwk": "quadratic_kappa", "quadratic_weighted_kappa": "quadratic_kappa", "weighted_kappa": "quadratic_kappa",
        "matthews": "mcc", "matthews_corrcoef": "mcc", "phi": "mcc",
        "calibration_error": "ece", "expected_calibration_error": "ece",
        "mean_squared_error": "mse", "neg_mean_squared_error": "mse", "l2": "mse",
        "root_mean_squared_error": "rmse", "neg_root_mean_squared_error": "rmse",
        "mean_absolute_error": "mae", "neg_mean_absolute_error": "mae", "l1": "mae",
        "median_absolute_error": "median_ae", "medae": "median_ae", "mdae": "median_ae",
        "r_2": "r2", "r²": "r2", "r2_score": "r2", "r_squared": "r2", "rsquared": "r2", "r^2": "r2",
        "mean_absolute_percentage_error": "mape",
        "mean_absolute_scaled_error": "mase", "symmetric_mape": "smape", "weighted_absolute_percentage_error": "wape",
        "root_mean_squared_log_error": "rmsle", "rmse_log": "rmsle",
        "quantile_loss": "pinball", "pinball_loss": "pinball", "mean_pinball_loss": "pinball", "quantile": "pinball",
        "mean_average_precision": "map", "mean_reciprocal_rank": "mrr", "ndcg_score": "ndcg",
        "p_at_k": "precision_at_k", "r_at_k": "recall_at_k", "p": "precision_at_k", "hr": "hit_rate",
    }
)  # fmt: skip

_WITH_PARAMETER = re.compile(r"(?P<name>.+?)@(?P<value>\d*\.?\d+)")


def _normal(name: str) -> str:
    return re.sub(r"[\s\-]+", "_", name.strip().lower())


def metric(name: str) -> Metric:
    """Return the metric called `name`; common other names (auc, roc-auc, logloss, R²) are understood.

    `pinball@0.9`, `ndcg@10`, `precision@5` and `recall@5` set the parameter.

    Raises:
        BriefError: No such metric.

    Example:
        >>> metric("AUC").name, metric("log-loss").direction, metric("ndcg@10").name
        ('roc_auc', 'minimise', 'ndcg@10')
    """
    wanted = _normal(name)
    match = _WITH_PARAMETER.fullmatch(wanted)
    if match is not None:
        return _with_parameter(name, match["name"], match["value"])
    found = METRICS.get(ALIASES.get(wanted, wanted))
    if found is None:
        near = did_you_mean(wanted, [*METRICS, *ALIASES])
        raise BriefError(f"There is no metric '{name}'.", hint=near)
    return found


def _with_parameter(written: str, name: str, value: str) -> Metric:
    short = {"precision": "precision_at_k", "recall": "recall_at_k"}.get(name, name)
    found = metric(short)
    if not found.parameter:
        raise BriefError(
            f"The metric '{written}' has no parameter.",
            hint=f"write '{found.name}', or one of pinball@0.9, ndcg@10, precision@10, recall@10.",
        )
    number = int(value) if found.parameter == "k" and value.isdigit() else float(value)
    if (found.parameter == "k") != isinstance(number, int) or (found.parameter == "alpha" and number > 1):
        raise BriefError(
            f"The parameter of '{written}' is {value}.",
            hint="k is a whole number of at least 1; a quantile lies between 0 and 1.",
        )
    function = partial(found.function, **{found.parameter: number})
    return replace(found, name=f"{found.name}@{value}", function=function, parameter="")


def metrics_for(task: str) -> tuple[Metric, ...]:
    """Return the metrics that fit the task, in the order of the table; those of ordered classes must be asked for."""
    return tuple(entry for entry in METRICS.values() if entry.fits(task) and not entry.ordered)


def default_metric(task: str) -> Metric:
    """Return what is optimised when the brief names no metric: roc_auc, log_loss, rmse, ndcg or mase.

    Raises:
        BriefError: No such task.
    """
    names = {
        "binary": "roc_auc",
        "multiclass": "log_loss",
        "regression": "rmse",
        "ranking": "ndcg",
        "recommendation": "ndcg",
        "forecast": "mase",
        "clustering": "silhouette",
        "anomaly": "pr_auc",
    }
    if str(task) not in names:
        raise BriefError(f"There is no task '{task}'.", hint=did_you_mean(str(task), names))
    return METRICS[names[str(task)]]


def checked_metric(name: str, task: str) -> Metric:
    """Return the metric called `name` for this task.

    Raises:
        BriefError: No such metric, or it does not fit the task.
    """
    found = metric(name)
    if not found.fits(task):
        fitting = ", ".join(entry.name for entry in metrics_for(task))
        raise BriefError(f"The metric '{found.name}' does not fit {task}.", hint=f"choose one of: {fitting}.")
    return found
