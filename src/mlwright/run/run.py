"""The run: a directory that remembers, and `perform`, which alone touches the world."""

import hashlib
import json
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mlwright.base.errors import BudgetError, MlwrightError, RunError
from mlwright.base.seeds import derive_seed
from mlwright.base.suggest import did_you_mean
from mlwright.brief.schema import Assumption, Brief
from mlwright.contract.gate import Gate
from mlwright.contract.ledger import Ledger, Limits
from mlwright.contract.sandbox import ChildLimits, DeadlineError, run_child
from mlwright.contract.schema import Contract
from mlwright.run.codecs import complete, find_codec
from mlwright.run.environment import describe_environment, usable_cpus
from mlwright.run.files import make_folder, new_folder, write_whole
from mlwright.run.history import Memory, done_with, list_runs, outputs_of, spent_seconds, spent_usd
from mlwright.run.journal import Journal, plain_json
from mlwright.run.lock import Lock
from mlwright.run.partial import Partial
from mlwright.run.store import Store
from mlwright.run.types import DONE_KINDS, ArtifactRef, Event, Listener, Outcome, Plan, Step, Tool, Tools, find_tool
from mlwright.run.work import Job, carry_out

_OVERTIME = 1.05  # a run never passes its time by more than this
_FIRST_SHARE = 0.2  # of the reserve, for a child that is slow to stop
_LEAST_FINAL_SECONDS = 30.0  # a step without which there is no delivery gets so long even when the time is up
_LEAST_OPTIONAL_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is carried out; nothing of it changes what comes out.

    Attributes:
        run_id: The name of the run's folder; None takes a new one from objective and time.
        threads: For tools; None takes the CPUs this process may use.
        base: The folder that relative paths of the brief start from; None is the current one.
    """

    run_id: str | None = None
    threads: int | None = None
    base: Path | None = None


class Run:
    """One run under its lock; close it, or use it as a context manager. Made by `open` and `resume`."""

    def __init__(self, path: Path, journal: Journal, lock: Lock, tools: Tools, threads: int) -> None:
        self.path = path
        self.journal = journal
        self.store = Store(path / "artifacts")
        self.listeners: list[Listener] = []
        self._lock = lock
        self._tools = tools
        self._threads = threads
        opened = _opening(journal).data
        self.brief = Brief.model_validate(opened["brief"])
        self.contract = Contract.model_validate(opened["contract"])
        self.base = Path(opened["base"])
        self.environment: Mapping[str, Any] = opened["environment"]
        self.gate = Gate(self.contract)
        budget = self.contract.budget
        self.ledger = Ledger(
            Limits(
                budget.seconds, budget.memory_bytes, budget.usd, budget.finalisation_share, budget.finalisation_seconds
            ),
            spent_seconds=spent_seconds(journal.events),
            spent_usd=spent_usd(journal.events),
        )

    @classmethod
    def open(
        cls, root: Path, brief: Brief, contract: Contract, *, tools: Tools | None = None, options: Options = Options()
    ) -> Self:
        """Start a run in a new folder below `root`, or go on with the one that `options.run_id` names.

        Args:
            root: The folder of runs; created when it is not there.
            brief: What is wanted.
            contract: As `Contract.for_brief` returns it.
            tools: The registry of tools that `perform` calls.
            options: Where and with how many threads.

        Raises:
            RunError: The folder cannot be written, is in use, or belongs to another brief.
        """
        make_folder(Path(root))
        path = make_folder(Path(root) / options.run_id) if options.run_id else new_folder(Path(root), _stem(brief))
        lock = Lock(path / "lock")
        try:
            lock.acquire()
            journal = Journal.open(path / "journal.jsonl")
            new = not journal.events
            if new:
                _begin(path, journal, brief, contract, (options.base or Path.cwd()).resolve())
            run = cls(path, journal, lock, tools or {}, options.threads or usable_cpus())
            _check_same(run, brief)
            if not new:
                run._go_on()
            return run
        except BaseException:
            lock.release()
            if not options.run_id and _never_began(path):
                shutil.rmtree(path, ignore_errors=True)  # made above, and nobody else's
            raise

    @classmethod
    def resume(cls, path: Path, *, tools: Tools | None = None, threads: int | None = None) -> Self:
        """Go on with a run; brief and contract are those in its journal.

        Raises:
            RunError: There is no run, it is in use, or its journal is broken.
        """
        path = Path(path)
        if not (path / "journal.jsonl").is_file():
            near = [run.path.name for run in list_runs(path.parent)]
            raise RunError(f"There is no run in {path}.", hint=did_you_mean(path.name, near) + " See `mlwright runs`.")
        lock = Lock(path / "lock").acquire()
        try:
            journal = Journal.open(path / "journal.jsonl")
            run = cls(path, journal, lock, tools or {}, threads or usable_cpus())
            run._go_on()
            return run
        except BaseException:
            lock.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give the lock back. The run can be resumed."""
        self._lock.release()

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def events(self) -> tuple[Event, ...]:
        """All events, of earlier sessions too."""
        return self.journal.events

    @property
    def delivery(self) -> Path:
        return self.path / "delivery"

    @property
    def vault(self) -> Path:
        return self.path / "vault"

    @property
    def spent_seconds(self) -> float:
        """Wall-clock seconds, earlier sessions included."""
        return self.ledger.spent_seconds

    def subscribe(self, listener: Listener) -> None:
        """Call `listener` with every event from now on."""
        self.listeners.append(listener)

    def record(self, kind: str, data: Mapping[str, Any], step: str | None = None) -> Event:
        """Append an event: a decision, an assumption, the end of the run ("run.finished")."""
        event = self.journal.append(kind, data, step)
        for listener in self.listeners:
            listener(event)
        return event

    def save_plan(self, plan: Plan) -> Event:
        """Write `plan.json` and append the plan to the journal."""
        content = plan.model_dump(mode="json")
        write_whole(self.path / "plan.json", json.dumps(content, indent=1, ensure_ascii=False).encode() + b"\n")
        return self.record("plan", content)

    def write_brief(self, assumptions: tuple[Assumption, ...]) -> Path:
        """Write the brief with what was assumed into the run's `brief.yaml`."""
        from mlwright.brief.write import brief_yaml

        path = self.path / "brief.yaml"
        write_whole(path, brief_yaml(self.brief, assumptions).encode())
        return path

    def finish(self, data: Mapping[str, Any]) -> Event:
        """Append "run.finished" with the seconds and dollars spent."""
        spent = {"spent_seconds": self.ledger.spent_seconds, "spent_usd": self.ledger.spent_usd}
        return self.record("run.finished", {**data, **spent})

    def memory(self) -> Memory:
        """Return what a planner may remember."""
        return Memory(tuple(run for run in list_runs(self.path.parent) if run.id != self.id), self.events)

    def ref(self, name: str) -> ArtifactRef:
        """Return the reference of the artifact "step.output", of the last time the step was done.

        Raises:
            RunError: No finished step made it.
        """
        step, _, output = name.partition(".")
        for event in reversed(self.journal.events):
            if event.step == step and event.kind in DONE_KINDS and output in event.data["outputs"]:
                return outputs_of(event)[output]
        made = sorted({ref.name for e in self.events if e.kind in DONE_KINDS for ref in outputs_of(e).values()})
        raise RunError(f"No finished step has made '{name}'.", hint=did_you_mean(name, made))

    def artifact(self, name: str) -> Any:
        """Return the value of the artifact "step.output"; a folder's is its path in the run's `views/`, a copy."""
        ref = self.ref(name)
        return find_codec(ref.codec).read(ref.sha256, self.store, self.path / "views" / name)

    def event(self, step: str, kind: str = "step.done") -> Event:
        """Return the last event of a kind of a step: the evidence for a number.

        Raises:
            RunError: There is none.
        """
        found = [event for event in self.events if event.step == step and event.kind == kind]
        if not found:
            raise RunError(f"The journal has no '{kind}' of '{step}'.", hint="Perform the step first.")
        return found[-1]

    def perform(self, step: Step, *, seconds: float | None = None) -> Outcome:
        """Do one step, or skip it when the journal has it done with the same digest.

        Args:
            step: What to do.
            seconds: Ask the tool to stop after so long, when that is earlier than the budget's own deadline.

        Raises:
            MlwrightError: What the tool raised (`Retry` and `Infeasible` among it), a path or tool the contract does
                not allow, a budget that is spent, a full disk. A "step.failed" event is in the journal; the run can
                be resumed.
        """
        self.gate.tool(step.tool)
        if step.tool not in self._tools:
            raise RunError(f"There is no tool '{step.tool}'.", hint=did_you_mean(step.tool, self._tools))
        tool = find_tool(self._tools, step.tool)
        inputs = {name: self.ref(reference) for name, reference in step.inputs.items()}
        digest, facts = _digest(step, tool, inputs, self._seed(step))
        before = done_with(self.journal.events, digest)
        if before is not None and self._kept(before):
            kept = {"digest": digest, "outputs": before.data["outputs"], "done": before.seq}
            event = self.record("step.skipped", kept, step.name)
            return Outcome(step, outputs_of(before), float(before.data["seconds"]), skipped=True, event=event)
        held = self.ledger.reserve(f"step '{step.name}'")
        started = time.monotonic()
        try:
            self.record("step.start", {"digest": digest, **facts}, step.name)
            made = self._do(self._job(step, tool, inputs, digest, seconds))
        except BaseException as exc:
            self.ledger.settle(held)
            self._record_failure(step, exc, time.monotonic() - started)
            raise
        self.ledger.settle(held)
        spent = time.monotonic() - started
        outputs = {name: ref.model_dump() for name, ref in made.items()}
        event = self.record("step.done", {"digest": digest, **facts, "outputs": outputs, "seconds": spent}, step.name)
        Partial(self._partial(digest)).clear()
        return Outcome(step, made, spent, skipped=False, event=event)

    def _go_on(self) -> None:
        shutil.rmtree(self.path / "work", ignore_errors=True)
        self.record("run.resumed", {"spent_seconds": self.ledger.spent_seconds, "environment": _changes(self)})

    def _do(self, job: Job) -> dict[str, ArtifactRef]:
        if not job.tool.heavy:
            return carry_out(job, lambda message: self._hear(job.step, message))
        try:
            return self._in_child(job, _FIRST_SHARE)
        except DeadlineError:
            if not Partial(job.partial).keys():
                raise
            # What was finished is on the disk: once more, with no time for anything but to hand it over.
            self.record("step.late", {"kept": list(Partial(job.partial).keys())}, job.step.name)
            return self._in_child(replace(job, deadline=time.monotonic()), 1.0)

    def _in_child(self, job: Job, share: float) -> dict[str, ArtifactRef]:
        limits = ChildLimits(job.memory_bytes, self._hard_seconds(job, share), threads=job.threads)
        return run_child(carry_out, (job,), limits, lambda message: self._hear(job.step, message))

    def _hard_seconds(self, job: Job, share: float) -> float | None:
        """Seconds from now after which a child is stopped: its own deadline, and a share of what is left after it."""
        end = self.ledger.deadline(final=True)
        if end is None or self.ledger.limits.seconds is None:
            return None
        now = time.monotonic()
        latest = end + (_OVERTIME - 1) * self.ledger.limits.seconds
        if getattr(job.tool, "optional", False):
            return _optional_seconds(job, min(job.deadline or latest, latest) - now)
        if _is_final(job.tool):
            return max(latest - now, _LEAST_FINAL_SECONDS)
        if latest <= now:
            raise BudgetError(
                f"No time is left for the step '{job.step.name}' ({self.ledger.limits.seconds:g} s are spent).",
                hint="Raise constraints.time in the brief and start a new run.",
            )
        soft = max(now, job.deadline or end)
        return soft - now + share * max(0.0, latest - soft)

    def _job(
        self, step: Step, tool: Tool, inputs: Mapping[str, ArtifactRef], digest: str, seconds: float | None
    ) -> Job:
        deadlines = [self.ledger.deadline(final=_is_final(tool))]
        deadlines += [time.monotonic() + seconds] if seconds is not None else []
        return Job(
            step=step,
            tool=tool,
            inputs=inputs,
            contract=self.contract,
            root=self.path,
            base=self.base,
            workspace=self.path / "work" / digest[:16],
            partial=self._partial(digest),
            seed=self._seed(step),
            threads=self._threads,
            deadline=min((one for one in deadlines if one is not None), default=None),
            memory_bytes=self.ledger.limits.memory_bytes,
        )

    def _hear(self, step: Step, message: tuple[str, Mapping[str, Any]]) -> None:
        kind, data = message
        if kind.startswith(("step.", "run.", "journal.")):
            raise RunError(f"A tool may not write the event '{kind}'.", hint="Take a name without that prefix.")
        self.record(kind, data, step.name)

    def _record_failure(self, step: Step, exc: BaseException, seconds: float) -> None:
        facts: dict[str, Any] = {"error": type(exc).__name__, "message": str(exc), "seconds": seconds}
        if isinstance(exc, MlwrightError):
            facts |= {"message": exc.message, "hint": exc.hint}
        kind = "step.interrupted" if isinstance(exc, KeyboardInterrupt) else "step.failed"
        try:
            self.record(kind, facts, step.name)
        except RunError as second:  # a full disk: the first error is the one to hear of
            exc.add_note(f"The journal could not say so: {second.message}")

    def _kept(self, event: Event) -> bool:
        return all(complete(ref.sha256, ref.codec, self.store) for ref in outputs_of(event).values())

    def _partial(self, digest: str) -> Path:
        return self.path / "partial" / digest[:32]

    def _seed(self, step: Step) -> int:
        return derive_seed(self.brief.seed, step.name)


def _begin(path: Path, journal: Journal, brief: Brief, contract: Contract, base: Path) -> None:
    from mlwright.brief.write import brief_yaml
    from mlwright.contract.write import contract_markdown

    filled = contract.within(path)
    environment = describe_environment()
    write_whole(path / "brief.yaml", brief_yaml(brief, ()).encode())
    write_whole(path / "contract.md", contract_markdown(filled).encode())
    write_whole(path / "environment.json", json.dumps(environment, indent=1, sort_keys=True).encode() + b"\n")
    journal.append(
        "run.opened",
        {
            "id": path.name,
            "mlwright": environment["packages"].get("mlwright"),
            "brief": brief.model_dump(mode="json"),
            "contract": filled.model_dump(mode="json"),
            "base": str(base),
            "environment": environment,
        },
    )


def _never_began(path: Path) -> bool:
    journal = path / "journal.jsonl"
    return not journal.is_file() or not journal.stat().st_size


def _opening(journal: Journal) -> Event:
    if not journal.events or journal.events[0].kind != "run.opened":
        folder = journal.path.parent
        raise RunError(f"The run in {folder} stopped before it began.", hint="Delete the folder and start again.")
    return journal.events[0]


def _check_same(run: Run, brief: Brief) -> None:
    if run.brief != brief:
        raise RunError(
            f"The run in {run.path} was started for another brief ({run.brief.objective!r}).",
            hint="Give another name, or resume the run with its own brief: mlwright resume.",
        )


def _digest(step: Step, tool: Tool, inputs: Mapping[str, ArtifactRef], seed: int) -> tuple[str, dict[str, Any]]:
    """Return what identifies a step's result, and the facts that go into it."""
    params = tool.params.model_validate(dict(step.params)).model_dump(mode="json")
    facts = {
        "tool": tool.name,
        "version": tool.version,
        "params": plain_json(params, f"step '{step.name}'"),
        "inputs": {name: ref.sha256 for name, ref in sorted(inputs.items())},
        "seed": seed,
    }
    text = json.dumps(facts, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest(), facts


def _optional_seconds(job: Job, left: float) -> float:
    """Return what a step that a delivery can do without may take; it is not begun when that is next to nothing."""
    if left < _LEAST_OPTIONAL_SECONDS:
        raise BudgetError(
            f"{max(0.0, left):.1f} s are left for '{job.step.name}'; it needs {_LEAST_OPTIONAL_SECONDS:g} s at least.",
            hint="Raise constraints.time in the brief to have it.",
        )
    return left


def _is_final(tool: Tool) -> bool:
    return bool(getattr(tool, "final", False))


def _changes(run: Run) -> dict[str, Any]:
    """What differs from the environment in which the run was opened; empty when nothing does."""
    now = describe_environment()
    return {key: value for key, value in now.items() if run.environment.get(key) != value}


def _stem(brief: Brief) -> str:
    words = re.findall(r"[a-z0-9]+", brief.objective.lower())[:5]
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{'-'.join(words)[:40] or 'run'}"
