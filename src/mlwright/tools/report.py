"""Write the delivery: model, evidence, service, monitoring, documents; seal it with a manifest."""

import json
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.models.signature import Signature
from mlwright.run.types import Context
from mlwright.tools.reporting.assemble import report_facts
from mlwright.tools.reporting.evidence import Evidence

if TYPE_CHECKING:
    from mlwright.report.facts import ReportFacts

_NOTEBOOK_SECONDS = 120.0
# Inputs that are kept as evidence, and the names of their files.
_EVIDENCE = MappingProxyType(
    {
        **{name: name for name in ("evaluation", "judgement", "parity", "search", "selection", "leaks")},
        **{name: name for name in ("learning", "explanation", "importance")},
        "load": "load_test",
        "drift": "drift_self_test",
    }
)
_JSON_INPUTS = (
    "understanding", "reading", "schema", "split", "selection", "signature", "evaluation", "judgement",
)  # fmt: skip
# What there may have been no time for, and what a kind of problem may not have.
_OPTIONAL_INPUTS = (
    "learning", "explanation", "importance", "profile", "quality", "leaks", "search", "parity", "load", "baseline",
    "drift", "front",
)  # fmt: skip


class ReportParams(BaseModel, extra="forbid"):
    """The brief as the run took it."""

    brief: dict[str, Any]


class Report:
    """Everything that was measured to a delivery folder."""

    traits: ClassVar[Traits] = Traits(
        summary="Write the delivery: documents, service, monitoring, manifest",
        extra="train",
        requires=("jinja2", "nbformat", "nbclient", "ipykernel", "matplotlib"),
    )
    name: ClassVar[str] = "report"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = ReportParams
    inputs: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_JSON_INPUTS, "json"),
        **dict.fromkeys(_OPTIONAL_INPUTS, "json?"),
        "model": "directory",
        "onnx": "bytes",
        "native": "npz",
        "predictions": "npz?",
        "rows": "bytes",
        "monitor": "bytes?",
    }
    outputs: ClassVar[Mapping[str, str]] = {"verdict": "json"}

    def run(self, params: ReportParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Write into scratch, seal, then put it in its place in one rename."""
        from mlwright.delivery.manifest import write_manifest
        from mlwright.report.verdict import verdict
        from mlwright.run.journal import read_journal

        assert context.root is not None  # noqa: S101 - a run always has a folder
        journal = context.root / "journal.jsonl"
        evidence = Evidence(read_journal(journal))
        facts = report_facts(params.brief, inputs, evidence)
        root = context.workspace / "delivery"
        _write_model(root, inputs)
        _write_evidence(root, inputs)
        _write_monitoring(root, inputs)
        _write_service(root, inputs)
        shutil.copyfile(journal, root / "journal.jsonl")
        (root / "brief.yaml").write_text(facts.brief, encoding="utf-8")
        _write_documents(root, facts, inputs, context.deadline)
        write_manifest(root, model=Signature.model_validate(inputs["signature"]), claims=_claims(inputs, evidence))
        context.gate.write(context.delivery)
        shutil.rmtree(context.delivery, ignore_errors=True)
        shutil.move(root, context.delivery)
        found = verdict(facts)
        return {
            "verdict": {
                "state": found.state,
                "title": found.title,
                "sentence": found.sentence,
                "missed": list(facts.unmet()),
                "checklist": [one.model_dump(mode="json") for one in facts.checklist],
            }
        }


def _write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, sort_keys=True, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _write_model(root: Path, inputs: Mapping[str, Any]) -> None:
    folder = root / "model"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(inputs["onnx"])
    _write_json(folder / "signature.json", inputs["signature"])
    if "front" in inputs:
        _write_json(folder / "front.json", inputs["front"])
    shutil.copytree(inputs["model"], folder / "native")


def _write_evidence(root: Path, inputs: Mapping[str, Any]) -> None:
    from mlwright.delivery.evidence_files import write_test_predictions
    from mlwright.serving.runtime import Prediction

    evaluation, selection = inputs["evaluation"], inputs["selection"]
    folder = root / "evaluation"
    folder.mkdir()
    (folder / "test_rows.jsonl.gz").write_bytes(inputs["rows"])
    native = inputs["native"]
    write_test_predictions(
        root,
        Prediction(labels=native.get("labels"), probabilities=native.get("probabilities"), values=native.get("values")),
    )
    measured = {name: one for name, one in evaluation["metrics"].items() if one["value"] is not None}
    stages = {stage: selection.get(f"{stage}_score") for stage in ("selection", "search")}
    scores = {
        "metric": inputs["understanding"]["metric"],
        "test": measured,
        "basis": evaluation["basis"],
        **({"interval": evaluation["interval"]} if evaluation.get("interval") else {}),
        **{stage: score for stage, score in stages.items() if score is not None},
    }
    _write_json(folder / "scores.json", scores)
    for name, file in _EVIDENCE.items():
        if name in inputs:
            _write_json(folder / f"{file}.json", inputs[name])


def _write_monitoring(root: Path, inputs: Mapping[str, Any]) -> None:
    if "baseline" in inputs:
        _write_json(root / "monitoring" / "baseline.json", inputs["baseline"])
    if "monitor" in inputs:
        (root / "monitoring" / "monitor.toml").write_bytes(inputs["monitor"])


def _write_service(root: Path, inputs: Mapping[str, Any]) -> None:
    from mlwright.delivery.service_files import ServiceFacts, write_service

    signature = Signature.model_validate(inputs["signature"])
    write_service(root, ServiceFacts(name=signature.name, version=signature.version))


def _write_documents(root: Path, facts: "ReportFacts", inputs: Mapping[str, Any], deadline: float | None) -> None:
    from mlwright.report.config_yaml import render_config
    from mlwright.report.html import render_html
    from mlwright.report.model_card import render_model_card
    from mlwright.report.notebook import write_notebook
    from mlwright.report.summary import render_summary

    (root / "data").mkdir()
    _write_json(root / "data" / "schema.json", inputs["schema"])
    if "profile" in inputs:
        _write_json(root / "data" / "profile.json", inputs["profile"])
    texts = {
        "SUMMARY.md": render_summary(facts),
        "report.html": render_html(facts),
        "model_card.md": render_model_card(facts),
        "model/config.yaml": render_config(facts),
        **({"data/data_card.md": _data_card(inputs)} if "profile" in inputs else {}),
    }
    for name, text in texts.items():
        (root / name).write_text(text, encoding="utf-8")
    seconds = _NOTEBOOK_SECONDS if deadline is None else max(10.0, deadline - time.monotonic())
    write_notebook(facts, root, seconds=seconds)


def _data_card(inputs: Mapping[str, Any]) -> str:
    import numpy as np

    from mlwright.data.card import CardFacts, data_card
    from mlwright.data.findings import Finding
    from mlwright.data.profile import Profile
    from mlwright.data.readers import ReadProblem
    from mlwright.data.splits import Split

    reading, cut = inputs["reading"], inputs["split"]
    facts = CardFacts(
        title=inputs["understanding"]["target"],
        source=", ".join(reading["source"]),
        sha256=reading["sha256"],
        problems=[ReadProblem(**one) for one in reading["problems"]],
        findings=[Finding.model_validate(one) for name in ("quality", "leaks") for one in inputs.get(name, ())],
        split=Split(np.array(cut["train"]), np.array(cut["test"]), cut["strategy"], cut["why"]),
    )
    return data_card(Profile.model_validate(inputs["profile"]), facts)


def _claims(inputs: Mapping[str, Any], evidence: Evidence) -> list[Any]:
    """Return what the documents say, each with the file, place and event that show it."""
    from mlwright.delivery.manifest import Claim
    from mlwright.delivery.manifest import Evidence as Shown

    def claim(name: str, text: str, value: Any, step: str, where: tuple[str, str]) -> Any:
        shown = Shown(event=evidence.of(step), file=f"evaluation/{where[0]}.json", pointer=where[1])
        return Claim(id=name, claim=text, value=value, evidence=shown)

    found = [
        claim(f"test {name}", f"{name} on the sealed test", one["value"], "evaluate", ("scores", f"/test/{name}/value"))
        for name, one in inputs["evaluation"]["metrics"].items()
        if one["value"] is not None
    ]
    selection = inputs["selection"]
    found += [
        claim(
            f"{stage} score",
            f"{inputs['understanding']['metric']} on {selection.get('judged_on', 'out-of-fold rows')}",
            selection[f"{stage}_score"]["value"],
            "select",
            ("scores", f"/{stage}/value"),
        )
        for stage in ("selection", "search")
        if selection.get(f"{stage}_score") is not None
    ]
    if inputs["evaluation"].get("interval"):
        held, where = inputs["evaluation"]["interval"]["coverage"], ("scores", "/interval/coverage")
        found.append(claim("interval coverage", "true values within their band", held, "evaluate", where))
    operated = (
        ("latency_p95_ms", "95 % of single rows are answered within", "load", "latency_p95_ms"),
        ("rows_per_second", "rows/s", "load", "rows_per_second"),
        ("parity", "ONNX against native", "parity", "max_abs_difference"),
        ("drift alarm", "works", "drift", "passed"),
    )
    steps = {"load": "load", "parity": "export", "drift": "watch"}
    for name, text, source, key in operated:
        if source in inputs:
            found.append(claim(name, text, inputs[source][key], steps[source], (_EVIDENCE[source], f"/{key}")))
    return found
