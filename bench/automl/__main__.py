"""`python -m bench.automl run ...` measures; `python -m bench.automl table FILE ...` writes Markdown."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path

from bench.automl import environments, results, sources
from bench.automl.measure import Order, measure, told
from bench.automl.render import automl_section, markdown
from bench.automl.systems import SYSTEMS
from bench.automl.tables import OPERATIONS, SETS, Table, table
from bench.document import placed
from bench.workspace import ROOT, BenchError

_TABLES_HELP = (
    f"of {', '.join(sources.names())}, each with operations of {', '.join(OPERATIONS)} after plus signs, such as "
    f"wine_quality+rows1000+missing20; or a set: {', '.join(SETS)}"
)
DOCUMENT = ROOT / "docs" / "benchmarks.md"


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
        yield name, Order(wanted, pythons[system], budget if wanted.has_budget else None, seed, given.cores)


def show(given: argparse.Namespace) -> int:
    """Print the comparison of files; with `--keep` it becomes what the document says."""
    found = results.load(given.files)
    if given.keep:
        results.write(results.RESULTS, [*_others(found), *found])
        found = results.load([results.RESULTS])
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(placed(text, automl_section(found)), encoding="utf-8")
    print(markdown(found, given.systems))
    return 0


def _others(found: Sequence[results.Result]) -> list[results.Result]:
    """Return what is kept already and not measured again."""
    known = {one.key for one in found}
    kept = results.load([results.RESULTS]) if results.RESULTS.is_file() else []
    return [one for one in kept if one.key not in known]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.automl", description="Compare systems for tables.")
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run", help="measure, and append JSON lines to a file")
    runs.set_defaults(command=run)
    runs.add_argument("--systems", type=_systems, required=True, help=f"of {', '.join(SYSTEMS)}")
    runs.add_argument("--tables", type=_tables, required=True, help=_TABLES_HELP)
    runs.add_argument("--budgets", type=_numbers, default=[60.0], help="seconds of wall time a fit")
    runs.add_argument("--seeds", type=_wholes, default=[0])
    runs.add_argument("--cores", type=int, default=2, help="on which a fit may run")
    runs.add_argument("--out", type=Path, required=True, help="JSON lines; combinations that are there are skipped")
    runs.add_argument("--again", action="store_true", help="measure what is there again; the last line holds")
    runs.add_argument("--data", type=Path, help="where the real tables lie; $MLWRIGHT_DATA")
    help_text = f"where the systems' environments are kept; ${environments.VARIABLE}"
    runs.add_argument("--envs", type=Path, default=environments.default_folder(), help=help_text)
    tables = commands.add_parser("table", help="write Markdown of JSON lines")
    tables.set_defaults(command=show)
    tables.add_argument("files", type=Path, nargs="+")
    tables.add_argument("--systems", type=_systems, help="only these, in this order")
    tables.add_argument("--keep", action="store_true", help=f"put them into {results.RESULTS.name} and the document")
    return parser


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _tables(text: str) -> list[str]:
    return list(dict.fromkeys(name for word in _words(text) for name in SETS.get(word, (word,))))


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
