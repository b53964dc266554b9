"""`python -m bench.automl run ...` measures; `python -m bench.automl table FILE ...` writes Markdown."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from bench.automl import environments, results, sources
from bench.automl.measure import Order, measure, told
from bench.automl.systems import SYSTEMS
from bench.automl.tables import Table, table
from bench.workspace import BenchError


def main(arguments: Sequence[str]) -> int:
    """Carry out a command; returns 1 when something could not be measured."""
    given = _parser().parse_args(arguments)
    try:
        return int(given.command(given))
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1


def run(given: argparse.Namespace) -> int:
    """Measure every combination that the file doesn't have yet, one at a time."""
    data = given.data or sources.default_data()
    known = set() if given.again or not given.out.is_file() else {one.key for one in results.load([given.out])}
    loaded: dict[str, Table] = {}
    failed = 0
    for name, order in _orders(given):
        if (order.system.name, name, order.budget_seconds, order.seed) in known:
            continue
        if name not in loaded:
            loaded = {name: table(name, data)}
        result, predictions = measure(order, loaded[name])
        results.append(given.out, result, predictions)
        known.add(result.key)
        failed += result.status != "done"
        print("  ".join(text for text in told(result).values() if text), flush=True)
    return 1 if failed else 0


def _orders(given: argparse.Namespace) -> Iterator[tuple[str, Order]]:
    """Give table and order; the systems of a table side by side, so that a machine's moods hit all of them."""
    pythons = {name: environments.interpreter(SYSTEMS[name], given.envs) for name in given.systems}
    for seed, budget, name, system in product(given.seeds, given.budgets, given.tables, given.systems):
        wanted = SYSTEMS[system]
        yield name, Order(wanted, pythons[system], budget if wanted.has_budget else None, seed)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.automl", description="Compare systems for tables.")
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run", help="measure, and append JSON lines to a file")
    runs.set_defaults(command=run)
    runs.add_argument("--systems", type=_systems, required=True, help=f"of {', '.join(SYSTEMS)}")
    runs.add_argument("--tables", type=_words, required=True, help=f"of {', '.join(sources.names())}; with operations")
    runs.add_argument("--budgets", type=_numbers, default=[60.0], help="seconds of wall time a fit")
    runs.add_argument("--seeds", type=_wholes, default=[0])
    runs.add_argument("--out", type=Path, required=True, help="JSON lines; combinations that are there are skipped")
    runs.add_argument("--again", action="store_true", help="measure what is there again; the last line holds")
    runs.add_argument("--data", type=Path, help="where the real tables lie; $MLWRIGHT_DATA")
    help_text = f"where the systems' environments are kept; ${environments.VARIABLE}"
    runs.add_argument("--envs", type=Path, default=environments.default_folder(), help=help_text)
    return parser


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _systems(text: str) -> list[str]:
    names = _words(text)
    if unknown := [name for name in names if name not in SYSTEMS]:
        raise argparse.ArgumentTypeError(f"there is no system '{unknown[0]}'; there are {', '.join(SYSTEMS)}")
    return names


def _numbers(text: str) -> list[float]:
    return [float(word) for word in _words(text)]


def _wholes(text: str) -> list[int]:
    return [int(word) for word in _words(text)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
