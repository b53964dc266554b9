"""The comparison as Markdown: a section of `docs/benchmarks.md`, and what `python -m bench.automl table` prints."""

from collections.abc import Callable, Sequence

import numpy as np

from bench.automl.compare import Cell, Comparison, average_ranks, comparisons
from bench.automl.results import Result
from bench.automl.scores import HIGHER_IS_BETTER
from bench.automl.systems import SYSTEMS
from bench.document import Section
from bench.figures import figure_text

NAME = "automl"
_METRICS = {"roc_auc": "ROC-AUC", "log_loss": "log loss", "rmse": "RMSE"}
_CLOSE = 0.01
_FLOOR = "lightgbm"
_BUSY_CORES = 0.25
_HOW = """\
`python -m bench.automl run` measured it, `bench/automl/results.jsonl` holds every figure. Each fit ran alone in a fresh
process of the system's own environment with a budget of wall time, and never saw the target of the test part: 25 % of
the rows, classes in proportion. **Bold** is the best of a table; ≈ is a tie with it, since resampling the test rows
(200 draws, the same for all systems) gives the other sign too, at 95 %. A gap is relative to the best, for ROC-AUC
absolute. Default LightGBM has no budget; it is the floor, and unranked.
"""


def automl_section(results: Sequence[Result]) -> Section:
    """Return the section of the document."""
    return Section(NAME, "## Against other AutoML systems\n\n" + _HOW + "\n" + markdown(results))


def markdown(results: Sequence[Result], systems: Sequence[str] | None = None) -> str:
    """Return summary, scores and costs of each budget, and under which conditions they were measured.

    Args:
        results: Of any tables, budgets and seeds.
        systems: Those to compare, in this order; None: all that have results.
    """
    present = {one.system for one in results}
    names = [name for name in (systems or SYSTEMS) if name in present]
    found = comparisons(results, names)
    parts: list[str] = []
    for budget in sorted({one.budget_seconds for one in found}):
        at = [one for one in found if one.budget_seconds == budget]
        here = [name for name in names if any(name in one.cells for one in at)]
        parts += [f"### {budget:g} s", "", *_summary(at, here), "", *_scores(at, here), "", *_costs(at, here), ""]
        parts += [*_failures(at), ""] if _failures(at) else []
    return "\n".join([*parts, *_conditions([one for one in results if one.system in names]), ""])


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [f"| {' | '.join(header)} |", f"|---|{'---:|' * (len(header) - 1)}"]
    return lines + [f"| {' | '.join(row)} |" for row in rows]


def _summary(found: Sequence[Comparison], names: Sequence[str]) -> list[str]:
    ranks = average_ranks(found)
    ordered = [*ranks, *(name for name in names if name not in ranks)]
    header = ("system", "average rank", "best or tied", "within 1 %", "largest gap", "below the floor", "tables")
    return _table(header, [_standing(name, found, ranks) for name in ordered])


def _standing(name: str, found: Sequence[Comparison], ranks: dict[str, float]) -> list[str]:
    cells = [(one, one.cells[name]) for one in found if name in one.cells]
    gaps = [cell.gap for _, cell in cells if cell.gap is not None]
    good = sum(cell.gap == 0 or cell.is_tie for _, cell in cells)
    close = sum(gap <= _CLOSE for gap in gaps)
    below = sum(_is_below_floor(one, cell) for one, cell in cells)
    rank = f"{ranks[name]:.2f}" if name in ranks else "–"
    largest = f"{max(gaps):.1%}" if gaps else "–"
    return [_shown(name), rank, str(good), str(close), largest, str(below), str(len(cells))]


def _is_below_floor(one: Comparison, cell: Cell) -> bool:
    floor = one.cells.get(_FLOOR)
    if floor is None or floor.gap is None or cell.system == _FLOOR:
        return False
    return cell.gap is None or cell.gap > floor.gap


def _scores(found: Sequence[Comparison], names: Sequence[str]) -> list[str]:
    header = ("table", "metric", "seeds", *(_shown(name) for name in names))
    rows: list[list[str]] = []
    for one in found:
        cells = [_score(one.metric, one.cells.get(name)) for name in names]
        rows.append([f"`{one.table}`", _METRICS[one.metric], str(len(one.seeds)), *cells])
    return _table(header, rows)


def _score(metric: str, cell: Cell | None) -> str:
    if cell is None:
        return "–"
    if cell.score is None or cell.gap is None:
        return "failed"
    value = f"{cell.score:.4f}" if metric in HIGHER_IS_BETTER else _four_digits(cell.score)
    if cell.gap == 0:
        return f"**{value}**"
    return f"{value} ({'≈ ' if cell.is_tie else ''}{cell.gap:.1%})"


def _four_digits(value: float) -> str:
    whole = f"{value:,.0f}"
    return whole if abs(value) >= 1000 else f"{value:.4g}"


def _costs(found: Sequence[Comparison], names: Sequence[str]) -> list[str]:
    header = ("system", "fit, s", "longest over budget", "1,000 rows, ms", "1 row, ms", "peak memory, MB")
    rows: list[list[str]] = []
    for name in names:
        cells = [one.cells[name] for one in found if name in one.cells]
        overrun = f"{max((cell.overrun for cell in cells), default=0.0):.0%}" if name != _FLOOR else "–"
        rows.append(
            [
                _shown(name),
                _figure(cells, lambda cell: cell.fit_seconds),
                overrun,
                _figure(cells, lambda cell: cell.predict_1000_seconds, 1000),
                _figure(cells, lambda cell: cell.predict_1_seconds, 1000),
                _figure(cells, lambda cell: cell.peak_mb, worst=True),
            ]
        )
    return ["Medians over the tables; the memory is the largest.", "", *_table(header, rows)]


def _figure(
    cells: Sequence[Cell], what: Callable[[Cell], float | None], scale: float = 1.0, *, worst: bool = False
) -> str:
    known = [value for cell in cells if (value := what(cell)) is not None]
    if not known:
        return "–"
    return figure_text(scale * (max(known) if worst else float(np.median(known))))


def _failures(found: Sequence[Comparison]) -> list[str]:
    return [
        f"- {_shown(name)} failed on `{one.table}`, {failure}"
        for one in found
        for name, cell in one.cells.items()
        for failure in cell.failures
    ]


def _conditions(results: Sequence[Result]) -> list[str]:
    versions = {one.system: one.version for one in results if one.version}
    busy = [one.others_cores for one in results if one.others_cores is not None]
    lines = ["Versions: " + ", ".join(f"{_shown(name)} {version}" for name, version in versions.items()) + "."]
    if busy:
        loud = sum(value > _BUSY_CORES for value in busy)
        lines.append(
            f"Cores that other work on the machine kept busy meanwhile: {np.median(busy):.2f} at the median; "
            f"more than {_BUSY_CORES} in {loud} of {len(busy)} fits: a budget buys less then."
        )
    if "mlwright" not in versions:
        lines.append("mlwright itself has not been measured beside them yet.")
    return lines


def _shown(name: str) -> str:
    system = SYSTEMS.get(name)
    options = "" if system is None or not system.options else f" ({next(iter(system.options.values()))})"
    return f"{name.partition('_')[0]}{options}"
