"""Derive what a delivery says of itself again, from its own files, in the base install, running none of its code."""

import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from mlwright.base.errors import MlwrightError, VerifyError
from mlwright.data.columns import Columns
from mlwright.delivery.chain import check_chain
from mlwright.delivery.evidence_files import read_test_predictions
from mlwright.delivery.manifest import Manifest, check_manifest
from mlwright.delivery.pointer import resolve
from mlwright.delivery.rederive import Rederived, compare, derive, stated_scores
from mlwright.serving.example import parse_example
from mlwright.serving.runtime import Prediction, Runtime
from mlwright.serving.server import started
from mlwright.serving.settings import Settings

Native = Callable[[Path, Columns], Prediction]
Status = Literal["passed", "failed", "skipped"]


class Check(BaseModel):
    """One check and what came of it. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    status: Status
    message: str
    hint: str = ""


class Verification(BaseModel):
    """All checks of a delivery. Immutable."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    delivery: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed and the manifest holds."""
        return all(check.status != "failed" for check in self.checks)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the delivery is refused; empty when it is not."""
        return tuple(f"{check.name}: {check.message}" for check in self.checks if check.status == "failed")

    @property
    def exit_code(self) -> int:
        return 0 if self.ok else 1


class _Skip(MlwrightError):
    """A check that has nothing to look at here."""


def verify(path: Path | str, *, native: Native | None = None, service: bool = True) -> Verification:
    """Check a delivery.

    Args:
        path: Its folder.
        native: Predicts columns with the model in `model/native` (needs the libraries that trained it); without it that
            check is skipped.
        service: Whether to start the service in a process of its own.
    """
    root = Path(path)
    try:
        manifest = check_manifest(root)
    except MlwrightError as error:
        # Nothing is parsed that is not what was sealed.
        return Verification(delivery=str(root), checks=(_failed("files", error),))
    case = _Case(root, manifest, native)
    checks = [Check(name="files", status="passed", message=f"{len(manifest.files)} files are as they were sealed")]
    steps: list[tuple[str, Callable[[], str]]] = [
        ("signature", case.signature),
        ("journal", case.journal),
        ("onnx parity", case.parity),
        ("native parity", case.native_parity),
        ("test score", case.score),
        ("claims", case.claims),
    ]
    steps += [("service", case.service)] if service else []
    checks += [_run(name, step) for name, step in steps]
    return Verification(delivery=str(root), checks=tuple(checks))


def _run(name: str, step: Callable[[], str]) -> Check:
    try:
        return Check(name=name, status="passed", message=step())
    except _Skip as reason:
        return Check(name=name, status="skipped", message=reason.message, hint=reason.hint)
    except (MlwrightError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return _failed(name, error)


def _failed(name: str, error: Exception) -> Check:
    if isinstance(error, MlwrightError):
        return Check(name=name, status="failed", message=error.message, hint=error.hint)
    return Check(name=name, status="failed", message=f"{type(error).__name__}: {error}", hint="deliver again.")


@dataclass(slots=True)
class _Case:
    """One delivery under examination. What several checks need is read once."""

    root: Path
    manifest: Manifest
    native: Native | None
    _runtime: Runtime | None = None
    _derived: Rederived | None = None

    def signature(self) -> str:
        described = self.runtime().signature
        named = self.manifest.model
        if (described.name, described.version) != (named.name, named.version):
            raise VerifyError(
                f"The manifest names {named.name} {named.version}, the signature {described.name} {described.version}.",
                hint="the delivery was put together from two models; deliver again.",
            )
        return f"{len(described.inputs)} inputs and the outputs of the ONNX graph are as signed"

    def journal(self) -> str:
        if "journal.jsonl" not in self.manifest.files:
            raise _Skip("The delivery has no journal.", hint="it was delivered without one.")
        return f"{len(self.events())} events, the chain of hashes is whole"

    def parity(self) -> str:
        derived = self.derived()
        stored = read_test_predictions(self.root, self.runtime().signature)
        return compare(derived.prediction, stored, "the ONNX model", "the trained model's stored predictions")

    def native_parity(self) -> str:
        if self.native is None:
            raise _Skip("The libraries that trained the model are not asked for.", hint="pip install 'mlwright[train]'")
        if not (self.root / "model" / "native").is_dir():
            raise _Skip("The delivery has no native model.", hint="the ONNX model is the delivered one.")
        derived = self.derived()
        predicted = self.native(self.root / "model" / "native", derived.columns)
        return compare(derived.prediction, predicted, "the ONNX model", "the native model")

    def score(self) -> str:
        derived = self.derived()
        stored = read_test_predictions(self.root, self.runtime().signature)
        return stated_scores(self.root, derived, stored)

    def claims(self) -> str:
        if not self.manifest.claims:
            raise _Skip("The manifest claims nothing.", hint="a delivery of a whole run has claims.")
        for claim in self.manifest.claims:
            evidence = claim.evidence
            if evidence.file not in self.manifest.files:
                raise VerifyError(
                    f"The claim '{claim.id}' rests on {evidence.file}, which is not in the delivery.",
                    hint="deliver again.",
                )
            found = resolve(json.loads((self.root / evidence.file).read_bytes()), evidence.pointer)
            if not _same(found, claim.value):
                raise VerifyError(
                    f"The claim '{claim.id}' says {claim.value!r}; {evidence.file}{evidence.pointer} says {found!r}.",
                    hint="deliver again.",
                )
            if evidence.event is not None and not self._has_event(evidence.event):
                raise VerifyError(
                    f"The claim '{claim.id}' rests on event {evidence.event}, which the journal does not have.",
                    hint="deliver again.",
                )
        return f"{len(self.manifest.claims)} claims are what their files say"

    def service(self) -> str:
        example = parse_example((self.root / "service" / "example.json").read_bytes())
        with started(self.root, Settings()) as running:
            connection = http.client.HTTPConnection(running.host, running.port, timeout=30)
            connection.request("POST", "/predict", json.dumps(example.row), {"Content-Type": "application/json"})
            response = connection.getresponse()
            body = json.loads(response.read())
            connection.close()
        if response.status != 200:
            raise VerifyError(f"The service answers {response.status}: {body}.", hint="deliver again.")
        if difference := example.differs(_prediction(body, self.runtime())):
            raise VerifyError(f"The service answers the example row with {difference}.", hint="deliver again.")
        if difference := _ends_differ(body, self.runtime()):
            raise VerifyError(f"The service answers the example row with {difference}.", hint="deliver again.")
        return f"ready after {running.startup_seconds:.1f} s, answers the example row as the trained model did"

    def runtime(self) -> Runtime:
        if self._runtime is None:
            self._runtime = Runtime.open(self.root / "model")
        return self._runtime

    def derived(self) -> Rederived:
        if self._derived is None:
            self._derived = derive(self.root, self.runtime())
        return self._derived

    def events(self) -> tuple[dict[str, Any], ...]:
        return check_chain((self.root / "journal.jsonl").read_text(encoding="utf-8").splitlines())

    def _has_event(self, wanted: int | str) -> bool:
        if "journal.jsonl" not in self.manifest.files:
            return False
        return any(wanted in (event.get("seq"), event.get("hash")) for event in self.events())


def _same(found: Any, claimed: Any) -> bool:
    if isinstance(found, bool) or isinstance(claimed, bool):
        return found is claimed
    if isinstance(found, int | float) and isinstance(claimed, int | float):
        return abs(found - claimed) <= 1e-12 * max(1.0, abs(claimed))
    return found == claimed


def _ends_differ(reply: dict[str, Any], runtime: Runtime) -> str:
    """Return how the ends of a reply's band differ from the signature's, "" when they don't."""
    interval = runtime.signature.interval
    if interval is None:
        return ""
    low, high = interval.band(np.array([reply["value"]]))
    near = np.allclose([reply["low"], reply["high"]], [low[0], high[0]], rtol=1e-9, atol=1e-9)
    return "" if near else f"a band of {reply['low']:.9g} to {reply['high']:.9g}, not {low[0]:.9g} to {high[0]:.9g}"


def _prediction(reply: dict[str, Any], runtime: Runtime) -> Prediction:
    """Return a reply as the model's prediction; labels come back typed and are written as the signature has them."""
    if "value" in reply:
        return Prediction(values=np.array([reply["value"]]))
    classes = runtime.signature.classes
    label = reply["label"]
    text = ("true" if label else "false") if isinstance(label, bool) else str(label)
    shares = [reply["probabilities"][name] for name in classes]
    return Prediction(labels=np.array([text], dtype=object), probabilities=np.array([shares]))
