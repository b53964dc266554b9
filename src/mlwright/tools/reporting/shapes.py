"""Sections on the shape of the target: what it made worth trying and what that gained; the bands; the costs."""

from collections.abc import Mapping
from typing import Any

from mlwright.models.tabular.objectives import SHAPE_PARAMS
from mlwright.report.sections import SectionFact, TableFact

_SETTINGS = (
    "quantile",
    "tweedie_power",
    "focal_gamma",
    "correct_mean",
)  # of another parameter, not tried by themselves


def shape_sections(inputs: Mapping[str, Any]) -> tuple[SectionFact, ...]:
    """Return what the target's shape made necessary, and what it brought; nothing where it is an ordinary one."""
    found = (_tried(inputs), _ordered(inputs), _bands(inputs), _costs(inputs))
    return tuple(one for one in found if one is not None)


def _ordered(inputs: Mapping[str, Any]) -> SectionFact | None:
    chosen = inputs["selection"].get("cuts")
    if not chosen:
        return None
    words = [f"The classes have an order: {' < '.join(inputs['signature']['classes'])}. {chosen['reason']}"]
    if chosen["cuts"]:
        cuts = ", ".join(f"{cut:.3f}" for cut in chosen["cuts"])
        words.append(f"The class is the number of cuts ({cuts}) that the expected place in the order has reached.")
    return SectionFact(title="Ordered classes", paragraphs=tuple(words))


def _bands(inputs: Mapping[str, Any]) -> SectionFact | None:
    found = inputs["evaluation"].get("interval")
    chosen = inputs["selection"].get("interval")
    if not found or not chosen:
        return None
    held = (
        f"Around every predicted value there is a band made to hold {found['level']:.0%} of the true values. On the "
        f"sealed test it holds {found['coverage']:.1%} (95 % interval {found['low']:.1%} to {found['high']:.1%}, "
        f"{found['rows']:,} rows); {found['below']:.1%} lie below it and {found['above']:.1%} above. "
        f"It is {found['mean_width']:.4g} wide on average."
    )
    rows = tuple(
        (
            f"{part['smallest']:.4g} to {part['largest']:.4g}",
            f"{part['rows']:,}",
            f"{part['coverage']:.1%}",
            f"{part['mean_width']:.4g}",
        )
        for part in found["parts"]
    )
    table = TableFact(header=("Predicted value", "Rows", "Held", "Mean width"), rows=rows) if rows else None
    return SectionFact(title="Prediction intervals", paragraphs=(held, chosen["reason"]), table=table)


def _tried(inputs: Mapping[str, Any]) -> SectionFact | None:
    """Return every trial with a scale, objective, weighting or resampling of its own, beside its twin without."""
    search = inputs.get("search") or {}
    trials = [one for one in search.get("trials", ()) if one["status"] == "complete" and one.get("score") is not None]
    sign = 1.0 if search.get("direction") == "maximise" else -1.0
    plain = {_rest(one): one for one in reversed(trials) if not _shape(one)}
    pairs = [(one, plain[_rest(one)]) for one in trials if _shape(one) and _rest(one) in plain]
    if not pairs:
        return None
    rows = tuple(
        (
            str(one["family"]),
            _shape(one),
            f"{twin['score']:.5g}",
            f"{one['score']:.5g}",
            f"{sign * (one['score'] - twin['score']):+.3g}",
        )
        for one, twin in pairs
    )
    better = sum(sign * (one["score"] - twin["score"]) > 0 for one, twin in pairs)
    tried = (
        f"Tried for the target's sake, each beside the same model without it, by {search['metric']} out of fold: "
        f"{len(pairs)} pairs, {better} gained. The choice of the model alone decides what is kept."
    )
    words = (tried, f"In the delivered model: {_kept(inputs)}.")
    header = ("Family", "With", "Without it", "With it", "Gain")
    return SectionFact(title="What suits the target", paragraphs=words, table=TableFact(header=header, rows=rows))


def _shape(trial: Mapping[str, Any]) -> str:
    """Return a trial's own scale, objective, weighting and resampling in words, nothing for a plain one."""
    named = {name: value for name, value in trial["params"].items() if name in SHAPE_PARAMS and value}
    said = [f"{name.replace('_', ' ')} {value}" for name, value in sorted(named.items()) if name not in _SETTINGS]
    if named.get("correct_mean"):
        said.append("mean corrected")
    return ", ".join(said)


def _rest(trial: Mapping[str, Any]) -> str:
    """Return what a trial shares with its twin."""
    rest = {name: value for name, value in trial["params"].items() if name not in SHAPE_PARAMS}
    return f"{trial['family']} {sorted(rest.items())}"


def _kept(inputs: Mapping[str, Any]) -> str:
    members = inputs["selection"].get("members", ())
    kept = [f"{one['family']} with {_shape(one)}" for one in members if _shape(one)]
    return ", ".join(kept) or "none of it"


def _costs(inputs: Mapping[str, Any]) -> SectionFact | None:
    found = inputs["evaluation"].get("cost")
    if not found:
        return None
    words = (
        f"On the sealed test a row costs {found['mean_cost']:.4g} on average, in the brief's unit: "
        f"{found['false_positives']:,.0f} false positives and {found['false_negatives']:,.0f} false negatives in "
        f"{found['rows']:,.0f} rows. The cheaper one of the two constant answers costs {found['one_answer']:.4g} a row."
    )
    return SectionFact(title="What wrong decisions cost", paragraphs=(words,))
