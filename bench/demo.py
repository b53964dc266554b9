"""The tumour example from its brief to a verified delivery: how long, and where the time goes."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bench.figures import Part, Reference, Row, Target, median
from bench.workspace import Limits, Workspace, mlwright

VERIFICATIONS = 3


def demo(space: Workspace) -> Part:
    """Run the example once, divide its time over the steps by its journal, then verify what it delivered."""
    root, cost = space.demo()
    delivery = root / "delivery"
    command = [mlwright(), "verify", delivery]
    verified = [space.measure(command, Limits(120)) for _ in range(VERIFICATIONS)]
    events = _events(root)
    seconds, missing = step_seconds(events), left_out(events)
    whole = Reference("the whole run", cost.seconds)
    rows = (
        Row("`mlwright run` of the tumour example", cost.seconds, "s", None, Target(90)),
        Row("its processor time", cost.cpu_seconds, "s", whole),
        Row("its peak memory, largest process", cost.peak_mb, "MB"),
        *(Row(f"of which {name}", value, "s", whole) for name, value in seconds.items()),
        Row("of which the rest: start, plan, hand-over", max(0.0, cost.seconds - sum(seconds.values())), "s", whole),
        Row("`mlwright verify` of it", median([each.seconds for each in verified]), "s", whole),
        Row("size of the delivery", folder_bytes(delivery) / 1e6, "MB"),
    )
    return Part(
        rows,
        (
            "One run of `examples/tumour/brief.yaml`, set-up excluded; the search takes the time that the brief gives.",
            "The steps' seconds are those of the run's journal; steps that it did not finish are in the rest.",
            f"Left out for lack of time: {', '.join(missing) or 'no step'}.",
            f"`verify` is the median of {VERIFICATIONS} fresh processes; it boots the service too.",
        ),
    )


def step_seconds(events: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Return the seconds of each finished step, in the order in which they were done; rounds of one tool add up."""
    seconds: dict[str, float] = {}
    for event in events:
        if event["kind"] == "step.done":
            name = event["step"].partition("-")[0]
            seconds[name] = seconds.get(name, 0.0) + float(event["data"]["seconds"])
    return seconds


def left_out(events: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the steps of the first plan that were never done."""
    kept = list(events)
    plan = next(event["data"]["steps"] for event in kept if event["kind"] == "plan")
    done = step_seconds(kept)
    return tuple(step["name"] for step in plan if step["name"] not in done)


def _events(root: Path) -> list[dict[str, Any]]:
    journal = next((root / "runs").glob("*/journal.jsonl"))
    return [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]


def folder_bytes(folder: Path) -> int:
    """Return the size of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
