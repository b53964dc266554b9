"""Measure: `python -m bench.run [NAME ...] [--delivery DIR]`; all parts without a name. Writes docs/benchmarks.md."""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.automl.render import automl_section
from bench.automl.results import RESULTS, load
from bench.demo import demo
from bench.document import Section, document, section, sections_of
from bench.figures import Part
from bench.machine import load_average, machine
from bench.onnx_model import onnx_model
from bench.predict_file import predict_file
from bench.profile_table import profile_table
from bench.service import service
from bench.startup import startup
from bench.workspace import ROOT, BenchError, Workspace, workspace

DOCUMENT = ROOT / "docs" / "benchmarks.md"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One part: its title in the document, and what measures it."""

    title: str
    measure: Callable[[Workspace], Part]


BENCHMARKS = {
    "startup": Benchmark("Start and size", startup),
    "profile": Benchmark("Profile of a million rows", profile_table),
    "demo": Benchmark("From brief to delivery", demo),
    "onnx": Benchmark("The exported model", onnx_model),
    "service": Benchmark("The service", service),
    "predict": Benchmark("Scoring a file", predict_file),
}


def main(arguments: Sequence[str]) -> int:
    """Measure what was asked for; returns 1 when a part could not be measured."""
    names, delivery = _parsed(arguments)
    measured: dict[str, Section] = {}
    with workspace(delivery) as space:
        for name in names:
            if (found := _measured(name, space)) is not None:
                measured[name] = found
    about = machine()
    sections = {**_kept(about, [name for name in BENCHMARKS if name not in names]), **measured}
    ordered = [sections[name] for name in BENCHMARKS if name in sections]
    # Measured by itself, since it takes hours: its results are kept in a file.
    ordered += [automl_section(load([RESULTS]))] if RESULTS.is_file() else []
    DOCUMENT.write_text(document(about, ordered), encoding="utf-8")
    print(f"Written: {DOCUMENT.relative_to(ROOT)}")
    return 0 if len(measured) == len(names) else 1


def _kept(about: Mapping[str, str], names: Sequence[str]) -> dict[str, Section]:
    """Return the sections of parts that were not measured now, when they are of this machine and these versions."""
    return sections_of(DOCUMENT.read_text(encoding="utf-8"), about, names) if DOCUMENT.is_file() else {}


def _parsed(arguments: Sequence[str]) -> tuple[list[str], Path | None]:
    parser = argparse.ArgumentParser(prog="python -m bench.run", description="Measure speed and size.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without one")
    parser.add_argument("--delivery", type=Path, help="measure this delivery, in place of making one")
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in BENCHMARKS]:
        parser.error(f"there is no part '{unknown[0]}'; the parts are {', '.join(BENCHMARKS)}")
    return [name for name in BENCHMARKS if not given.names or name in given.names], given.delivery


def _measured(name: str, space: Workspace) -> Section | None:
    print(f"{name} ...", flush=True)
    load = load_average()
    try:
        part = BENCHMARKS[name].measure(space)
    except BenchError as error:
        print(f"{name} could not be measured. {error}", file=sys.stderr)
        return None
    found = section(name, BENCHMARKS[name].title, part, load)
    print(found.text, flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
