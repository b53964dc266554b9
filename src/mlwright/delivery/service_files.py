"""Writes `service/`: the app, the container, its pins, its tests and its CI, all filled in with checked values."""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from mlwright import __version__
from mlwright.base.errors import ExportError
from mlwright.delivery import service_texts as texts
from mlwright.delivery.evidence_files import example_of
from mlwright.serving.example import Example
from mlwright.serving.runtime import parse_signature


def base_pins() -> dict[str, str]:
    """Return the installed version of every package of mlwright's base install, by name.

    Raises:
        ExportError: One of them is not installed.
    """
    from packaging.requirements import Requirement

    found: dict[str, str] = {}
    waiting = _base_requirements()
    while waiting:
        requirement = Requirement(waiting.pop())
        name = re.sub(r"[-_.]+", "-", requirement.name).lower()
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        try:
            found[name] = version(name)
        except PackageNotFoundError as error:
            raise ExportError(f"The package {name} is not installed.", hint="pip install mlwright") from error
        waiting += requires(name) or []
    return dict(sorted(found.items()))


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """What the files of a service are filled in with.

    Attributes:
        name, version: Of the model; only letters, digits, "-", "_" and "." of them reach a file that is executed.
        python: The Python that the service was measured with, "3.12".
        pins: Package versions; by default those of this installation.
        example: The example row; by default a row of the test set with the trained model's stored answer.
    """

    name: str
    version: str
    python: str = f"{sys.version_info.major}.{sys.version_info.minor}"
    mlwright: str = __version__
    pins: Mapping[str, str] = field(default_factory=base_pins)
    example: Example | None = None


def write_service(delivery_dir: Path, facts: ServiceFacts) -> tuple[Path, ...]:
    """Write the service's files into a delivery and return their paths.

    Raises:
        ExportError: A version is not one.
        VerifyError: No example is given and the test set has none.
    """
    root = delivery_dir / "service"
    values = _values(facts)
    example = facts.example or _example(delivery_dir)
    files = {
        "app.py": texts.APP,
        "Dockerfile": _filled(texts.DOCKERFILE, values),
        "Dockerfile.dockerignore": texts.DOCKERIGNORE,
        "compose.yaml": _filled(texts.COMPOSE, values),
        "requirements.txt": _requirements(facts),
        "tests/test_service.py": texts.TESTS,
        ".github/workflows/ci.yml": _filled(texts.CI, values),
        "example.json": example.model_dump_json(indent=1) + "\n",
    }
    written: list[Path] = []
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        written.append(path)
    return tuple(written)


def image_slug(name: str) -> str:
    """Return a name that Docker, YAML and a shell all take as one plain word.

    Example:
        >>> image_slug('Churn "2026"; rm -rf /')
        'churn-2026-rm-rf'
    """
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "model"


def _values(facts: ServiceFacts) -> dict[str, str]:
    tag = re.sub(r"[^A-Za-z0-9_.-]+", "-", facts.version).strip(".-")[:60] or "latest"
    for what, given, pattern in (
        ("Python version", facts.python, r"3\.\d{1,2}"),
        ("mlwright version", facts.mlwright, r"[0-9][0-9A-Za-z.+!-]{0,40}"),
    ):
        if not re.fullmatch(pattern, given):
            raise ExportError(f"{given!r} is not a {what}.", hint="give it as in 3.12 or 0.1.0.")
    return {"slug": image_slug(facts.name), "tag": tag, "python": facts.python, "mlwright": facts.mlwright}


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"@(slug|tag|python|mlwright)@", lambda found: values[found[1]], text)


def _requirements(facts: ServiceFacts) -> str:
    lines = [f"mlwright=={facts.mlwright}"]
    for name, pinned in sorted(facts.pins.items()):
        if not re.fullmatch(r"[a-z0-9-]+", name) or not re.fullmatch(r"[0-9][0-9A-Za-z.+!-]*", pinned):
            raise ExportError(f"'{name}=={pinned}' is not a pin.", hint="give package names with their versions.")
        lines.append(f"{name}=={pinned}")
    return texts.REQUIREMENTS + "\n".join(lines) + "\n"


def _base_requirements() -> list[str]:
    return [line for line in requires("mlwright") or [] if "extra ==" not in line]


def _example(delivery_dir: Path) -> Example:
    return example_of(delivery_dir, parse_signature((delivery_dir / "model" / "signature.json").read_bytes()))
