"""From a brief to a delivery: the loop every planner runs in."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from mlwright.base.errors import BudgetError, RunError, Signal
from mlwright.base.registry import require
from mlwright.base.traits import TRAINING
from mlwright.brief.schema import Assumption, Brief
from mlwright.contract.schema import Contract, load_contract
from mlwright.delivery.delivery import Delivery
from mlwright.planner.expert import Expert
from mlwright.planner.protocol import Planner
from mlwright.run.run import Options, Run
from mlwright.run.types import Event, Outcome, Plan, Step
from mlwright.tools import TOOLS

OnPlan = Callable[[Run, Plan], None]
# Outputs that a planner may look at after a step; models and tables stay where they are.
_USUAL_SECONDS = MappingProxyType({"watch": 0.5, "report": 5.0})  # of finishing steps that must be done
_LOOKED_AT = ("load_test", "selection", "evaluation")


@dataclass(frozen=True, slots=True)
class Watchers:
    """Who is told what happens: `on_event` of every event, `on_plan` of the plan before it is carried out."""

    on_event: Callable[[Event], None] | None = None
    on_plan: OnPlan | None = None


def deliver(
    brief: Brief | Path | str | Mapping[str, Any],
    planner: Planner | None = None,
    root: Path | str = "runs",
    *,
    contract: Path | None = None,
    watchers: Watchers = Watchers(),
    base: Path | None = None,
) -> Delivery:
    """Carry out a brief and return what came of it.

    Args:
        brief: A brief, its file, or its content as a mapping.
        planner: Who decides; the expert when None.
        root: The folder of runs.
        contract: A charter in place of the default one.
        watchers: Who is told what happens.
        base: The folder that relative paths of the brief start from; that of its file, or the current one.

    Raises:
        InputError: Brief or data cannot be used; nothing was delivered.
        MlwrightError: A step failed; the run can be resumed.
    """
    require(TRAINING, "mlwright.deliver")
    loaded, own_base = _loaded(brief)
    base = base or own_base
    charter = Contract.for_brief(loaded, base, load_contract(contract))
    with Run.open(Path(root), loaded, charter, tools=TOOLS, options=Options(base=base)) as run:
        return carry_out(run, planner or Expert(), watchers)


def resume(path: Path, planner: Planner | None = None, *, watchers: Watchers = Watchers()) -> Delivery:
    """Go on with a run; no finished work is done again."""
    with Run.resume(path, tools=TOOLS) as run:
        return carry_out(run, planner or Expert(), watchers)


def carry_out(run: Run, planner: Planner, watchers: Watchers) -> Delivery:
    """Perform the planner's steps until none is left."""
    if watchers.on_event is not None:
        run.subscribe(watchers.on_event)
    plan = planner.plan(run.brief).checked(TOOLS, run.contract)
    run.save_plan(plan)
    if watchers.on_plan is not None:
        watchers.on_plan(run, plan)
    session = run.events[-1].seq
    while step := plan.next(event for event in run.events if event.seq > session):
        try:
            outcome = run.perform(step, seconds=seconds_for(run, plan, step))
            revised = planner.revise(plan, outcome, _result(run, outcome))
        except (Signal, BudgetError) as problem:
            revised = planner.recover(plan, step, problem)
        if revised is not plan:
            plan = revised.checked(TOOLS, run.contract)
            run.save_plan(plan)
    return _finished(run)


def seconds_for(run: Run, plan: Plan, step: Step) -> float | None:
    """Return how long a step may take that a delivery can do without: what those after it will not need."""
    if not getattr(TOOLS.find(step.tool), "optional", False):
        return None
    left = run.ledger.remaining_seconds(final=True)
    if left is None:
        return None
    after = plan.steps[[one.name for one in plan.steps].index(step.name) + 1 :]
    return left - sum(_USUAL_SECONDS.get(one.tool, 0.0) for one in after)


def _loaded(brief: Brief | Path | str | Mapping[str, Any]) -> tuple[Brief, Path]:
    from mlwright.brief.load import load_brief

    if isinstance(brief, Brief):
        return brief, Path.cwd()
    base = Path(brief).resolve().parent if isinstance(brief, str | Path) else Path.cwd()
    return load_brief(brief if isinstance(brief, Mapping) else Path(brief)), base


def _result(run: Run, outcome: Outcome) -> dict[str, Any]:
    """Return what a planner may see of a step: its small JSON outputs, and those it was made from."""
    found: dict[str, Any] = {}
    references = {name: reference for name, reference in outcome.step.inputs.items() if name in _LOOKED_AT}
    references |= {name: f"{outcome.step.name}.{name}" for name in outcome.artifacts if name in _LOOKED_AT}
    for name, reference in references.items():
        found[name] = run.artifact(reference)
    return found


def _finished(run: Run) -> Delivery:
    understanding = run.artifact("read.understanding")
    run.write_brief(tuple(Assumption.model_validate(one) for one in understanding["assumptions"]))
    delivery = Delivery.open(run.delivery)
    verdict = run.artifact("report.verdict")
    run.finish({"model": delivery.manifest.model.version, "missed": verdict["missed"]})
    return delivery


def check_out(out: Path) -> None:
    """Check that a delivery could be put at `out`, so that no work is done in vain.

    Raises:
        RunError: Something else is there, or its folder cannot be written.
    """
    if out.exists() and not (out / "MANIFEST.json").is_file() and (not out.is_dir() or any(out.iterdir())):
        raise RunError(f"{out} is there and is no delivery.", hint="give another --out; nothing was overwritten.")
    if Path.cwd().is_relative_to(out.resolve()):
        raise RunError(f"{out} is the current folder; a folder of its own was expected.", hint="give another --out.")
    above = next(folder for folder in out.absolute().parents if os.path.lexists(folder))
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        what = "is a folder that cannot be written" if above.is_dir() else "is a file, a folder was expected"
        raise RunError(f"The delivery cannot be written to {out}: {above} {what}.", hint="give another --out.")


def hand_over(delivery: Path, out: Path) -> Path:
    """Copy a delivery to `out`, replacing an earlier delivery there whole or not at all.

    Raises:
        RunError: `out` holds something that is no delivery, or cannot be written.
    """
    check_out(out)
    # Names that nobody gives by hand: whatever lies there is what an earlier hand-over left.
    draft, old = out.with_name(f".{out.name}.mlwright-part"), out.with_name(f".{out.name}.mlwright-old")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(delivery, draft)
        shutil.rmtree(old, ignore_errors=True)
        if out.exists():
            out.rename(old)
        draft.rename(out)
        shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if old.exists() and not out.exists():
            old.rename(out)
        raise RunError(
            f"The delivery cannot be written to {out}: {_reason(error)}.",
            hint=f"it is whole in {delivery}; make room or give another --out.",
        ) from error
    return out


def _reason(error: OSError) -> str:
    """Say why, in words; a copy of a folder reports a list of failures, of which the first is enough."""
    first = error.args[0][0][-1] if isinstance(error, shutil.Error) and error.args[0] else error.strerror
    return str(first or error)
