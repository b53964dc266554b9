"""model/config.yaml: the configuration that made the model, for people and for version control."""

from typing import Any

from mlwright.report.facts import ReportFacts


def render_config(facts: ReportFacts) -> str:
    """Return the configuration as YAML; keys in a fixed order, the same bytes for the same facts."""
    import yaml

    return yaml.safe_dump(configuration(facts), sort_keys=False, allow_unicode=True, width=110)


def configuration(facts: ReportFacts) -> dict[str, Any]:
    """Return what decides the model as plain data."""
    model, split = facts.model, facts.split
    decision = {"positive": model.positive, "threshold": model.threshold}
    return {
        "model": {
            "name": model.name,
            "version": model.version,
            "task": model.task.value,
            "target": facts.data.target,
            **({"classes": list(model.classes)} if model.classes else {}),
            **(decision if model.threshold is not None else {}),
            **({"calibration": model.calibration} if model.calibration else {}),
        },
        "members": [m.model_dump(mode="json") for m in model.members],
        "preparation": list(model.preparation),
        "inputs": [{"name": c.name, "type": c.type} for c in facts.data.columns if c.role in ("feature", "time")],
        "data": {"source": facts.data.source, "sha256": facts.data.sha256, "rows": facts.data.rows},
        "split": split.model_dump(mode="json", exclude={"event", "why", "opened"}),
        "metric": facts.scores[0].metric if facts.scores else None,
        "seeds": dict(facts.environment.seeds),
        "packages": dict(facts.environment.packages),
    }
