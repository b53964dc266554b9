"""Facts of the data: columns, findings, split."""

from collections.abc import Mapping
from typing import Any

from mlwright.report.blocks import Count, Histogram
from mlwright.report.data_facts import ColumnFact, DataFacts, FindingFact, SplitFacts
from mlwright.tools.reporting.evidence import Evidence

_TOP_LEVELS = 8


def data_facts(inputs: Mapping[str, Any], evidence: Evidence) -> DataFacts:
    """Return what was read and what each column is."""
    understanding, reading = inputs["understanding"], inputs["reading"]
    profile = inputs.get("profile", {"columns": []})
    roles = {column["name"]: column for column in inputs["schema"]["columns"]}
    columns = tuple(_column(one, roles.get(one["name"], {})) for one in profile["columns"])
    target = next((one for one in profile["columns"] if one["name"] == understanding["target"]), None)
    return DataFacts(
        event=evidence.of("profile" if "profile" in inputs else "read"),
        source=", ".join(reading["source"]),
        sha256=reading["sha256"],
        rows=reading["rows"],
        target=understanding["target"],
        columns=columns,
        classes=_classes(target) if target and understanding["classes"] else (),
        target_histogram=_histogram(target) if target and not understanding["classes"] else None,
        problems=tuple(f"{one['what']}: {one['count']:,}" for one in reading["problems"]),
    )


def findings(inputs: Mapping[str, Any], evidence: Evidence) -> tuple[FindingFact, ...]:
    """Return quality findings, then those of the leak battery."""
    pairs = [(one, evidence.of("profile")) for one in inputs.get("quality", ())]
    pairs += [(one, evidence.of("leaks")) for one in inputs.get("leaks", ())]
    kept = ("check", "severity", "columns", "message", "hint")
    return tuple(FindingFact(event=event, **{key: one[key] for key in kept}) for one, event in pairs)


def split_facts(inputs: Mapping[str, Any], evidence: Evidence) -> SplitFacts:
    """Return how the sealed test was taken, and how often it was opened."""
    split = inputs["split"]
    return SplitFacts(
        event=evidence.of("split"),
        strategy=split["strategy"],
        why=split["why"],
        seed=split["seed"],
        train_rows=split["training_rows"],
        test_rows=split["test_rows"],
        folds=inputs["search"]["folds"] if "search" in inputs else None,
        opened=len({event.data["model"] for event in evidence.of_kind("vault")}),
    )


def _column(one: Mapping[str, Any], schema: Mapping[str, Any]) -> ColumnFact:
    return ColumnFact(
        name=one["name"],
        type=one["type"],
        role=schema.get("role", one["role"]),
        missing_share=one["missing_share"],
        distinct=one["distinct"],
        minimum=one["minimum"],
        mean=one["mean"],
        maximum=one["maximum"],
        top=tuple(Count(name=level["level"], count=level["rows"]) for level in one["levels"][:_TOP_LEVELS]),
        histogram=_histogram(one),
        reason=schema.get("reason", one["reason"]),
    )


def _classes(target: Mapping[str, Any]) -> tuple[Count, ...]:
    return tuple(Count(name=level["level"], count=level["rows"]) for level in target["levels"])


def _histogram(one: Mapping[str, Any]) -> Histogram | None:
    return Histogram(**one["histogram"]) if one["histogram"] else None
