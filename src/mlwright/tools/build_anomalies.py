"""Fit the chosen detectors to all usual training rows, calibrate their average, and set the alarm's threshold."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import BriefError
from mlwright.base.traits import Traits
from mlwright.data.schema import Role
from mlwright.run.types import Context
from mlwright.tools.find_anomalies import anomaly_rows
from mlwright.tools.find_clusters import PreparedRows, prepared_rows
from mlwright.tools.native_model import preparation_words, save_versioned
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.data.columns import Array
    from mlwright.models.anomaly.choice import AnomalyRows
    from mlwright.models.tabular.ensemble import Member, TabularModel

_DEFAULT_SHARE = 0.01
_LEAST_LABELS = 10
_DAY_SECONDS = 86_400.0


class BuildAnomaliesParams(BaseModel, extra="forbid"):
    """How many alarms there may be: a share of the rows, or so many a day; None for both takes 1 % of the rows."""

    alarm_share: float | None = None
    alarms_per_day: float | None = None
    seed: int = 0


class BuildAnomalies:
    """The chosen detectors to a model with a threshold."""

    traits: ClassVar[Traits] = Traits(
        summary="Fit the chosen detectors, calibrate their average, set the alarm's threshold", extra="train"
    )
    name: ClassVar[str] = "build_anomalies"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = BuildAnomaliesParams
    inputs: ClassVar[Mapping[str, str]] = {
        "understanding": "json",
        "schema": "json",
        "training": "parquet",
        "search": "json",
        "scores": "npz",
    }
    outputs: ClassVar[Mapping[str, str]] = {"model": "directory", "selection": "json"}

    def run(self, params: BuildAnomaliesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Fit, calibrate, cut, save."""
        search = inputs["search"]
        chosen = search["trials"][search["chosen"]]
        prepared = prepared_rows(inputs, params.seed)
        rows = anomaly_rows(inputs, prepared, params.seed)
        members = [_member(name, prepared, rows, inputs["scores"], context) for name in chosen["members"]]
        model, values = _calibrated(members, rows, inputs, prepared)
        threshold = _threshold(values, rows, params, inputs)
        model = _with_threshold(model, threshold["threshold"])
        context.emit("decision", {"text": threshold["reason"]})
        folder = context.workspace / "model"
        folder.mkdir()
        version = save_versioned(model, folder)
        facts = _facts(search, chosen, model, version)
        facts["threshold"] = threshold
        facts["sections"] = [_section(search, threshold)]
        return {"model": folder, "selection": facts}


def _member(
    name: str, prepared: PreparedRows, rows: "AnomalyRows", scores: "Mapping[str, Array]", context: Context
) -> "Member":
    from mlwright.models.anomaly.choice import usual
    from mlwright.models.anomaly.protocol import fitted_detector
    from mlwright.models.protocol import FitControl
    from mlwright.models.tabular.ensemble import Member
    from mlwright.models.unsupervised import UNSUPERVISED

    control = FitControl(seed=context.seed, threads=context.threads, deadline=None)
    kept = usual(rows)
    raw = scores[f"raw_{name}"][kept]
    estimator = fitted_detector(UNSUPERVISED.load(name)(), prepared.X[kept], raw, {}, control)
    return Member(name, {}, (prepared.preparation,), (estimator,))


def _calibrated(
    members: "list[Member]", rows: "AnomalyRows", inputs: Mapping[str, Any], prepared: PreparedRows
) -> "tuple[TabularModel, Array]":
    """Return the model, whose value is again a surprise, and the out-of-fold values of the training rows."""
    from mlwright.models.anomaly.choice import surprises, usual
    from mlwright.models.signature import Signature, Task
    from mlwright.models.tabular.ensemble import TabularModel
    from mlwright.models.tail import fit_tail

    known = Understanding.model_validate(inputs["understanding"])
    tails: list[Any] = [getattr(member.estimators[0], "tail") for member in members]  # noqa: B009 - detectors alone
    mixed = surprises(tails, [inputs["scores"][f"raw_{member.family}"] for member in members])
    tail = fit_tail(mixed[usual(rows)]) if len(members) > 1 else None
    signature = Signature(name="anomalies", version="", task=Task.ANOMALY, target=known.target, inputs=prepared.inputs)
    weights = tuple(1.0 / len(members) for _ in members)
    model = TabularModel(signature, tuple(members), weights, tail)  # pyright: ignore[reportArgumentType]
    return model, mixed if tail is None else tail.apply(mixed)


def _with_threshold(model: "TabularModel", threshold: float) -> "TabularModel":
    from dataclasses import replace

    return replace(model, signature=model.signature.model_copy(update={"threshold": threshold}))


def _threshold(
    values: "Array", rows: "AnomalyRows", params: BuildAnomaliesParams, inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return from which value on a row is an anomaly, and why: by labels, or by how many alarms are wanted."""
    import numpy as np

    wanted = params.alarm_share is not None or params.alarms_per_day is not None
    if rows.strange is not None and int(rows.strange.sum()) >= _LEAST_LABELS and not wanted:
        threshold, f1 = _best_f1(values, rows.strange)
        reason = f"{int(rows.strange.sum())} labelled anomalies: the threshold of the best F1 out of fold, {f1:.3f}."
        return {"threshold": threshold, "reason": reason, "value": f1, "plain_value": None, "share": None}
    share, why = _share(params, inputs)
    # The value is a surprise: of usual rows, a share of 10^-value lies above it.
    usual_values = values if rows.strange is None else values[~rows.strange]
    threshold = float(np.quantile(usual_values, 1.0 - share))
    reason = f"{why}: the value that {share:.2%} of the training rows exceed out of fold, {threshold:.3f}."
    return {"threshold": threshold, "reason": reason, "value": None, "plain_value": None, "share": share}


def _share(params: BuildAnomaliesParams, inputs: Mapping[str, Any]) -> tuple[float, str]:
    import numpy as np

    if params.alarm_share is not None:
        return params.alarm_share, f"{params.alarm_share:.2%} of the rows may raise an alarm"
    if params.alarms_per_day is None:
        return _DEFAULT_SHARE, "assumed, since the brief names no budget of alarms: 1 % of the rows may raise one"
    dataset = dataset_of(inputs["training"], inputs["schema"])
    times = dataset.schema.with_role(Role.TIME)
    if not times:
        raise BriefError(
            "constraints.alarms counts alarms a day, and no column has the role time.",
            hint="give the share of rows, such as '1%', or name the time column in data.columns.",
        )
    seconds = dataset.columns([times[0].name])[times[0].name]
    days = max(float(np.nanmax(seconds) - np.nanmin(seconds)) / _DAY_SECONDS, 1e-9)
    share = min(params.alarms_per_day * days / dataset.rows, 0.5)
    return share, f"{params.alarms_per_day:g} alarms a day over {days:.1f} days of training"


def _best_f1(values: "Array", strange: "Array") -> tuple[float, float]:
    import numpy as np

    order = np.argsort(-values, kind="stable")
    hits = np.cumsum(strange[order])
    f1 = 2 * hits / (np.arange(1, len(values) + 1) + strange.sum())
    at = int(np.argmax(f1))
    return float(values[order][at]), float(f1[at])


def _facts(search: Mapping[str, Any], chosen: Mapping[str, Any], model: "TabularModel", version: str) -> dict[str, Any]:
    known = [one for one in search["trials"] if one["score"] is not None]
    return {
        "chosen": chosen["name"],
        "best": search["trials"][search["best"]]["name"],
        "candidates": [_candidate(one, search) for one in sorted(known, key=lambda one: -one["score"])],
        "front": [],
        "decisions": [{"candidate": chosen["name"], "reason": search["reason"]}],
        "noise": {"floor": search["noise"], "seed_losses": [0.0], "fold_losses": [0.0]},
        "members": [
            {
                "family": member.family,
                "params": {},
                "weight": weight,
                "estimators": 1,
                "rounds": [1],
                "features": member.preparations[0].width,
            }
            for member, weight in zip(model.members, model.weights, strict=True)
        ],
        "preparation": preparation_words(model)[:1],
        "calibration": None,
        "search_score": _score(search["trials"][search["best"]], search),
        "selection_score": _score(chosen, search),
        "columns": [column.name for column in model.signature.inputs],
        "version": version,
    }


def _candidate(trial: Mapping[str, Any], search: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": trial["name"],
        "kind": "trial",
        "numbers": [trial["number"]],
        "weights": [1.0],
        "complexity": trial["complexity"],
        "score": _score(trial, search),
        "latency_ms": None,
        "size_bytes": None,
    }


def _score(trial: Mapping[str, Any], search: Mapping[str, Any]) -> dict[str, Any]:
    return {"value": trial["score"], "low": trial["low"], "high": trial["high"], "rows": search["rows"]}


def _section(search: Mapping[str, Any], threshold: Mapping[str, Any]) -> dict[str, Any]:
    told = (
        "The value is a surprise: about one usual row in ten to the power of the value is as strange. Each detector's "
        "scores are brought to that unit by the tail of its out-of-fold scores, averaged, and brought to it again."
    )
    return {
        "title": "How rows are judged",
        "paragraphs": [told, search["reason"], threshold["reason"]],
        "table": {
            "header": ["detector", "PR-AUC out of fold", "95 % interval"],
            "rows": [
                [one["name"], f"{one['score']:.3f}", f"{one['low']:.3f} to {one['high']:.3f}"]
                for one in sorted(
                    (one for one in search["trials"] if one["score"] is not None), key=lambda x: -x["score"]
                )
            ],
        },
    }
