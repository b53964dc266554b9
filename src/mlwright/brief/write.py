"""Writes a brief back as YAML, with what was assumed and why; `load_brief` reads it again to an equal brief."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mlwright.brief.schema import Assumption, Brief, ForecastSpec, Gate
from mlwright.brief.units import write_bytes, write_rate, write_seconds

__all__ = ["Assumption", "brief_fields", "brief_yaml", "yaml_text"]

_ORDER = (
    "objective",
    "kind",
    "data",
    "metric",
    "interval",
    "requirements",
    "constraints",
    "success",
    "costs",
    "split",
    "forecast",
    "search",
    "on_leak",
    "seed",
)


def brief_yaml(brief: Brief, assumptions: Sequence[Assumption] = ()) -> str:
    """Return a brief as YAML.

    Args:
        brief: The brief.
        assumptions: What was assumed. One whose field is open in the brief is filled in there, with its reason as a
            comment; the others are listed at the end, as comments.

    Example:
        >>> from mlwright.brief.schema import DataSpec
        >>> print(brief_yaml(Brief(objective="Predict churn", data=DataSpec(source="c.csv"))))
        objective: Predict churn
        data:
          source: c.csv
        on_leak: stop
        seed: 0
        <BLANKLINE>
    """
    fields = brief_fields(brief)
    notes: dict[str, str] = {}
    loose: list[Assumption] = []
    for assumption in assumptions:
        if _fill(fields, assumption):
            notes[assumption.field] = assumption.why
        else:
            loose.append(assumption)
    lines = [line for key in _ORDER if key in fields for line in _lines(key, fields[key], notes, key, "")]
    if loose:
        lines += ["# Also decided:", *(f"#   {_one_line(f'{a.field}: {a.value} ({a.why})')}" for a in loose)]
    return "\n".join(lines) + "\n"


def brief_fields(brief: Brief) -> dict[str, Any]:
    """Return a brief as the nested fields of its file; what is left open is left out."""
    required, limits = brief.requirements, brief.constraints
    requirements: dict[str, Any] = {name: f"{t.op} {t.value!r}" for name, t in required.metrics.items()}
    requirements |= {
        "latency_p95": _written(required.latency_p95_seconds, write_seconds),
        "throughput": _written(required.throughput_rows_per_second, write_rate),
        "size": _written(required.size_bytes, write_bytes),
    }
    own = {"time_seconds", "memory_bytes", "alarms"}
    constraints: dict[str, Any] = limits.model_dump(exclude_defaults=True, exclude=own)
    constraints |= {
        "time": _written(limits.time_seconds, write_seconds),
        "memory": _written(limits.memory_bytes, write_bytes),
        "alarms": _written(limits.alarms, str),
    }
    data: dict[str, Any] = brief.data.model_dump(mode="json")
    fields = {
        "objective": brief.objective,
        "kind": brief.kind,
        "data": _given(data),
        "metric": brief.metric,
        "interval": brief.interval,
        "requirements": _given(requirements),
        "constraints": _given(constraints),
        "success": [_gate(gate) for gate in brief.success],
        "costs": brief.costs and brief.costs.model_dump(),
        "split": brief.split and _given(brief.split.model_dump()),
        "forecast": brief.forecast and _forecast(brief.forecast),
        "search": brief.search and _given(brief.search.model_dump(mode="json", exclude_defaults=True)),
        "on_leak": brief.on_leak,
        "seed": brief.seed,
    }
    return _given(fields)


def yaml_text(value: object) -> str:
    """Return a scalar or a flat list as YAML on one line, safe inside a flow collection too."""
    import yaml

    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, bool | int | float) or value is None:
        return json.dumps(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(yaml_text(item) for item in value)}]"
    text = str(value)
    plain = text.isascii() and text.isprintable()
    style = None if plain else '"'
    return yaml.safe_dump([text], default_flow_style=True, default_style=style, width=10**9, allow_unicode=True)[1:-2]


def _written(value: Any, write: Any) -> str | None:
    return None if value is None else write(value)


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None and value not in ({}, [])}


def _forecast(wanted: ForecastSpec) -> dict[str, Any]:
    fields = wanted.model_dump(mode="json", exclude_defaults=True)
    # That there is no season is written as a season of one step.
    return _given(fields | {"season": fields["season"] or [1]} if "season" in fields else fields)


def _gate(gate: Gate) -> str:
    at = f" at {gate.at_metric} {gate.at_value!r}" if gate.at_metric is not None else ""
    return f"{gate.metric} {gate.op} {gate.value!r}{at}"


def _fill(fields: dict[str, Any], assumption: Assumption) -> bool:
    """Put an assumption into an open field; whether there was one."""
    *sections, last = assumption.field.split(".", 2)
    if (sections and sections[0] not in _SECTIONS) or (not sections and last not in _SCALARS):
        return False
    if sections == ["data", "columns"] or (len(sections) == 1 and last in _SECTIONS[sections[0]]) or not sections:
        place = fields
        for section in sections:
            place = place.setdefault(section, {})
        if last in place:
            return False
        place[last] = assumption.value
        return True
    return False


_SCALARS = ("kind", "metric")
_SECTIONS = {
    "data": ("target", "columns", "sheet", "table"),
    "constraints": (
        *("time", "trials", "memory", "usd", "hardware", "platform"),
        *("interpretability", "onnx", "clusters", "alarms"),
    ),
    "split": ("test_share", "strategy"),
    "forecast": ("horizon", "season", "frequency", "known", "windows"),
}


def _lines(key: str, value: Any, notes: Mapping[str, str], path: str, indent: str) -> list[str]:
    """Return one field as lines: sections below each other, everything else on one line."""
    comment = f"  # assumed: {_one_line(notes[path])}" if path in notes else ""
    name = yaml_text(key)
    if isinstance(value, Mapping):
        below = [
            line
            for inner, item in value.items()
            for line in _lines(inner, item, notes, f"{path}.{inner}", indent + "  ")
        ]
        return [f"{indent}{name}:{comment}", *below]
    return [f"{indent}{name}: {yaml_text(value)}{comment}"]


def _one_line(text: str) -> str:
    return " ".join(text.split())
