"""Calls one tool: inputs from the store, outputs into it. The same code runs here and in a child process."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlwright.base.errors import MlwrightError, RunError
from mlwright.contract.gate import Gate
from mlwright.contract.schema import Contract
from mlwright.run.codecs import find_codec, size_bytes
from mlwright.run.files import make_folder
from mlwright.run.partial import Partial
from mlwright.run.store import Store
from mlwright.run.types import ArtifactRef, Context, Step, Tool


@dataclass(frozen=True, slots=True)
class Job:
    """Everything one call needs; crosses to the child process as it is.

    Attributes:
        root: The run's folder.
        workspace, partial: Scratch space and partial results of this step.
        deadline: The `time.monotonic()` by which the tool should have stopped; the clock is the machine's.
    """

    step: Step
    tool: Tool
    inputs: Mapping[str, ArtifactRef]
    contract: Contract
    root: Path
    base: Path
    workspace: Path
    partial: Path
    seed: int
    threads: int
    deadline: float | None
    memory_bytes: int | None


def carry_out(job: Job, send: Callable[[Any], None]) -> dict[str, ArtifactRef]:
    """Run the tool and keep its outputs; `send((kind, data))` reports events on the way.

    Raises:
        MlwrightError: What the tool raised; a foreign error becomes a RunError.
    """
    store = Store(job.root / "artifacts")
    shutil.rmtree(job.workspace, ignore_errors=True)
    make_folder(job.workspace)
    try:
        loaded = {
            name: find_codec(ref.codec).read(ref.sha256, store, job.workspace / "inputs" / name)
            for name, ref in job.inputs.items()
        }
        params = job.tool.params.model_validate(dict(job.step.params))
        outputs = _call(job, params, loaded, send)
        return _keep(job, outputs, store)
    finally:
        shutil.rmtree(job.workspace, ignore_errors=True)


def _call(job: Job, params: Any, loaded: Mapping[str, Any], send: Callable[[Any], None]) -> Mapping[str, Any]:
    context = Context(
        seed=job.seed,
        threads=job.threads,
        deadline=job.deadline,
        emit=lambda kind, data: send((kind, data)),
        workspace=make_folder(job.workspace / "scratch"),
        partial=Partial(job.partial),
        gate=Gate(job.contract, job.tool.name),
        delivery=job.root / "delivery",
        vault=job.root / "vault",
        base=job.base,
        memory_bytes=job.memory_bytes,
        root=job.root,
    )
    try:
        return job.tool.run(params, loaded, context)
    except (MlwrightError, MemoryError):
        raise
    except Exception as exc:
        raise RunError(
            f"The step '{job.step.name}' failed with {type(exc).__name__}: {exc}",
            hint="This is a fault of the tool, not of the brief; `mlwright resume` tries it again.",
        ) from exc


def _keep(job: Job, outputs: Mapping[str, Any], store: Store) -> dict[str, ArtifactRef]:
    expected, got = set(job.tool.outputs), set(outputs)
    if expected != got:
        raise RunError(
            f"The tool '{job.tool.name}' returned {sorted(got)}; its outputs are {sorted(expected)}.",
            hint="Return one value for each name of `outputs`.",
        )
    kept: dict[str, ArtifactRef] = {}
    for name, codec in job.tool.outputs.items():
        full = f"{job.step.name}.{name}"
        digest = find_codec(codec).write(outputs[name], store, full)
        kept[name] = ArtifactRef(name=full, codec=codec, sha256=digest, size_bytes=size_bytes(digest, codec, store))
    return kept
