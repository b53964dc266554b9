"""Facts of the evaluation on the sealed test."""

from collections.abc import Mapping
from typing import Any

from mlwright.report.blocks import Estimate, Histogram, Series
from mlwright.report.result_facts import (
    CalibrationFact,
    ConfusionFact,
    CurvesFact,
    FairnessFact,
    GroupFact,
    HardRow,
    HardRowsFact,
    LearningCurveFact,
    MeasureFact,
    MetricFact,
    ResidualFact,
    ScoreFact,
    SliceFact,
    SlicesFact,
)
from mlwright.tools.reporting.evidence import Evidence

_RATES = ("selection_rate", "tpr", "fpr", "fnr", "precision", "accuracy", "base_rate", "mean_error", "mae")
_RESIDUAL_POINTS = 400


def scores(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[ScoreFact, ...]:
    """Return the headline metric as search, selection and test saw it, side by side."""
    selection, evaluation, metric = inputs["selection"], inputs["evaluation"], inputs["understanding"]["metric"]
    test = evaluation["metrics"][metric]
    rows = selection.get("judged_on", "out-of-fold rows of the training part")
    found = [
        (
            "search",
            selection.get("search_score"),
            f"{rows}, best of all candidates",
            "select",
        ),
        (
            "selection",
            selection.get("selection_score"),
            f"{rows}, chosen model",
            "select",
        ),
        ("test", {**test, "rows": evaluation["rows"]}, "the sealed test, opened once", "evaluate"),
    ]
    # A kind without a search has no such score; a metric that is not defined on the test has none either.
    found = [one for one in found if one[1] is not None and one[1]["value"] is not None]
    return tuple(
        ScoreFact(
            event=evidence.of(step),
            stage=stage,  # pyright: ignore[reportArgumentType]
            metric=metric,
            direction=test["direction"],
            estimate=_estimate(score),
            basis=basis,
            rows=score["rows"],
        )
        for stage, score, basis, step in found
    )


def metrics(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[MetricFact, ...]:
    """Return every metric that is defined on the test."""
    event = evidence.of("evaluate")
    return tuple(
        MetricFact(event=event, metric=name, direction=one["direction"], estimate=_estimate(one))
        for name, one in inputs["evaluation"]["metrics"].items()
        if one["value"] is not None
    )


def confusion(inputs: Mapping[str, Any], evidence: Evidence) -> ConfusionFact | None:
    """Return the confusion matrix, None for regression."""
    found = inputs["evaluation"].get("confusion")
    if found is None:
        return None
    return ConfusionFact(event=evidence.of("evaluate"), classes=tuple(found["labels"]), counts=found["counts"])


def curves(inputs: Mapping[str, Any], evidence: Evidence) -> CurvesFact | None:
    """Return ROC and precision-recall, of the positive class or of each class."""
    evaluation = inputs["evaluation"]
    if not evaluation.get("curves"):
        return None
    several = len(evaluation["curves"]) > 1
    pairs = [(name if several else "", points) for name, points in evaluation["curves"].items()]
    return CurvesFact(
        event=evidence.of("evaluate"),
        roc=tuple(_line(name, points, "false_positive_rate", "recall", (0.0, 0.0)) for name, points in pairs),
        precision_recall=tuple(_line(name, points, "recall", "precision", (0.0, 1.0)) for name, points in pairs),
        roc_auc=evaluation["metrics"].get("roc_auc", {}).get("value"),
        average_precision=evaluation["metrics"].get("pr_auc", {}).get("value"),
    )


def calibration(inputs: Mapping[str, Any], evidence: Evidence) -> CalibrationFact | None:
    """Return predicted against observed shares, None for regression."""
    found = inputs["evaluation"].get("calibration")
    if found is None:
        return None
    points = found["points"]
    return CalibrationFact(
        event=evidence.of("evaluate"),
        curve=Series(
            x=tuple(one["predicted"] for one in points),
            y=tuple(one["observed"] for one in points),
            low=tuple(one["low"] for one in points),
            high=tuple(one["high"] for one in points),
        ),
        counts=tuple(one["rows"] for one in points),
        error=found["ece"],
    )


def residuals(inputs: Mapping[str, Any], evidence: Evidence) -> ResidualFact | None:
    """Return a sample of predicted and actual values, None for classification."""
    found = inputs["evaluation"].get("residuals")
    if found is None or "predictions" not in inputs:
        return None
    values, truth = inputs["predictions"]["values"], inputs["predictions"]["y"]
    step = max(1, len(truth) // _RESIDUAL_POINTS)
    return ResidualFact(
        event=evidence.of("evaluate"),
        predicted=tuple(map(float, values[::step])),
        actual=tuple(map(float, truth[::step])),
        histogram=Histogram(edges=tuple(found["edges"]), counts=tuple(found["counts"])),
        bias=found["bias"],
    )


def slices(inputs: Mapping[str, Any], evidence: Evidence) -> SlicesFact | None:
    """Return the slices on which the model is truly worse, None when there are none."""
    evaluation = inputs["evaluation"]
    if not evaluation.get("slices"):
        return None
    first = evaluation["slices"][0]
    overall = first["share"] * first["loss"] + (1 - first["share"]) * first["rest"]
    return SlicesFact(
        event=evidence.of("evaluate"),
        metric=evaluation["slice_loss"],
        overall=overall,
        worst=tuple(
            SliceFact(
                column=" and ".join(part["column"] for part in one["conditions"]),
                group=" and ".join(part["text"] for part in one["conditions"]),
                rows=one["rows"],
                score=Estimate(value=one["loss"]),
                gap=one["loss"] - overall,
            )
            for one in evaluation["slices"]
        ),
    )


def hard_rows(inputs: Mapping[str, Any], evidence: Evidence) -> HardRowsFact | None:
    """Return the rows that the model got most wrong, None where no single row is wrong or right."""
    if not inputs["evaluation"].get("hardest"):
        return None
    classes = inputs["understanding"]["classes"]

    def shown(value: float) -> str:
        return str(classes[int(value)]) if classes else f"{value:.4g}"

    rows = tuple(
        HardRow(row=one["row"], actual=shown(one["truth"]), predicted=shown(one["predicted"]), loss=one["loss"])
        for one in inputs["evaluation"]["hardest"][:10]
    )
    return HardRowsFact(event=evidence.of("evaluate"), rows=rows)


def learning_curve(inputs: Mapping[str, Any], evidence: Evidence) -> LearningCurveFact | None:
    """Return the score over training rows, None when it was not measured."""
    found = inputs.get("learning")
    if not found or not found["points"]:
        return None
    points = found["points"]
    verdict = "More rows would help." if found["more_rows_help"] else "More rows of the same kind would hardly help."
    banded = all(one["low"] is not None for one in points)
    return LearningCurveFact(
        event=evidence.of("learning"),
        metric=found["metric"],
        curve=Series(
            x=tuple(float(one["rows"]) for one in points),
            y=tuple(one["score"] for one in points),
            low=tuple(one["low"] for one in points) if banded else (),
            high=tuple(one["high"] for one in points) if banded else (),
        ),
        verdict=verdict,
    )


def fairness(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[FairnessFact, ...]:
    """Return the groups of each sensitive attribute and the gaps between them."""
    return tuple(
        FairnessFact(
            event=evidence.of("evaluate"),
            attribute=one["attribute"] + (f" ({one['positive']})" if one["positive"] else ""),
            groups=tuple(_group(group) for group in one["groups"]),
            measures=tuple(
                MeasureFact(name=name.replace("_", " "), value=value)
                for name, value in one["gaps"].items()
                if value is not None
            ),
        )
        for one in inputs["evaluation"].get("fairness", ())
    )


def _group(group: Mapping[str, Any]) -> GroupFact:
    rates = {key.replace("_", " "): group[key] for key in _RATES if group.get(key) is not None}
    return GroupFact(group=group["group"] or "missing", rows=group["rows"], rates=rates)


def _line(name: str, points: Any, x: str, y: str, start: tuple[float, float]) -> Series:
    return Series(
        name=name,
        x=(start[0], *(one[x] for one in points)),
        y=(start[1], *(one[y] for one in points)),
    )


def _estimate(one: Mapping[str, Any]) -> Estimate:
    return Estimate(value=one["value"], low=one["low"], high=one["high"])
