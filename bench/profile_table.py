"""Reading and profiling a table of a million rows and 20 columns, against polars' own `describe`."""

import json
import sys
import time
from pathlib import Path
from typing import Any

from bench.figures import Part, Reference, Row, Target, median
from bench.workspace import Limits, Workspace

ROWS, COLUMNS, RUNS, SEED = 1_000_000, 20, 3, 7
LONG = 2_000_000
GROWTH = 1.1  # of the peak of `profile_file` from ROWS to LONG; above it memory is not bounded


def profile_table(space: Workspace) -> Part:
    """Write the table, then read and profile it in fresh processes, in turn with the reference."""
    path = space.folder / "million.csv"
    space.python("-m", "bench.profile_table", "write", path)
    size_mb = path.stat().st_size / 1e6
    ours, theirs = [], []
    for _ in range(RUNS):
        ours.append(space.python("-m", "bench.profile_table", "mlwright", path, limits=Limits(300)))
        theirs.append(space.python("-m", "bench.profile_table", "polars", path, limits=Limits(300)))
    bounded = _bounded(space, path, median([cost.seconds for cost in ours]), median([cost.peak_mb for cost in ours]))
    named = "`polars.read_csv().describe()`"
    steps = [cost.json() for cost in ours]
    wall, memory = median([cost.seconds for cost in ours]), median([cost.peak_mb for cost in ours])
    seconds = {step: median([run[step] for run in steps]) for step in steps[0]}
    rows = (
        Row("read and profile", wall, "s", Reference(named, median([c.seconds for c in theirs])), Target(10)),
        Row(
            "read and profile, processor time",
            median([cost.cpu_seconds for cost in ours]),
            "s",
            Reference(named, median([cost.cpu_seconds for cost in theirs])),
        ),
        Row(
            "read and profile, peak memory",
            memory,
            "MB",
            Reference(named, median([c.peak_mb for c in theirs])),
            Target(2_000),
        ),
        *(Row(f"of which {step}", value, "s", Reference("the whole", wall)) for step, value in seconds.items()),
        *bounded,
    )
    return Part(
        rows,
        (
            f"A generated CSV of {ROWS:,} rows, {COLUMNS} columns (numbers, texts, dates, missing), {size_mb:,.0f} MB.",
            f"Medians of {RUNS} fresh processes each, in turn, imports included.",
            (
                "mlwright types every column, counts cells that do not parse, and finds quantiles, histograms, levels, "
                "correlations, duplicates, the pattern of missing cells and faults of quality."
            ),
            "`profile_file` counts every row and draws distributions from a sample; one run at each length.",
            "`describe` computes counts, means, deviations and five quantiles of columns that polars has typed.",
        ),
    )


def _bounded(space: Workspace, path: Path, seconds: float, peak_mb: float) -> tuple[Row, ...]:
    """Profile the file, then a longer one, block by block: the peak should not grow. The file is removed."""
    command = ("-m", "bench.profile_table", "blocks", path)
    short = space.python(*command, limits=Limits(300))
    space.python("-m", "bench.profile_table", "write", path, str(LONG))
    long = space.python(*command, limits=Limits(300))
    path.unlink()
    return (
        Row("`profile_file`, in blocks", short.seconds, "s", Reference("read and profile", seconds)),
        Row("`profile_file`, peak memory", short.peak_mb, "MB", Reference("read and profile", peak_mb)),
        Row(
            f"`profile_file`, {LONG:,} rows, peak memory",
            long.peak_mb,
            "MB",
            Reference(f"{ROWS:,} rows", short.peak_mb),
        ),
        Row("`profile_file`, growth of the peak", long.peak_mb / short.peak_mb, "times", None, Target(GROWTH)),
    )


def write_table(path: Path, rows: int = ROWS, seed: int = SEED) -> None:
    """Write the table; the same seed gives the same bytes."""
    import numpy as np
    import polars as pl

    draw = np.random.default_rng(seed)
    days = (np.datetime64("2020-01-01") + draw.integers(0, 1_500, (2, rows))).astype("datetime64[D]")
    columns: dict[str, Any] = {"customer": np.arange(rows) + 10_000_000}
    columns |= {f"amount_{at}": draw.normal(100 * at, 15, rows).round(3) for at in range(7)}
    columns |= {f"count_{at}": draw.poisson(3 + at, rows) for at in range(3)}
    for at, levels in enumerate((3, 12, 200, 5_000)):
        columns[f"kind_{at}"] = np.char.add("level ", draw.integers(0, levels, rows).astype(str))
    columns |= {"opened": days[0], "seen": days[1]}
    columns["active"] = draw.random(rows) < 0.7
    columns["churned"] = np.where(draw.random(rows) < 0.2, "yes", "no")
    frame = pl.DataFrame(columns)
    gaps = {name: 0.02 * at for at, name in enumerate(("amount_1", "amount_2", "count_0", "kind_1", "seen"), start=1)}
    for name, share in gaps.items():
        missing = pl.Series(draw.random(rows) < share)
        frame = frame.with_columns(pl.when(missing).then(None).otherwise(pl.col(name)).alias(name))
    frame.with_columns(pl.Series("note", [None] * rows, dtype=pl.String)).write_csv(path)


def profile_with_mlwright(path: Path) -> dict[str, float]:
    """Do what the steps "read" and "profile" of a run do; returns the seconds of each stage."""
    begun = time.perf_counter()
    from mlwright.data.dataset import to_dataset
    from mlwright.data.infer import infer_schema
    from mlwright.data.profile import profile
    from mlwright.data.quality import check_quality
    from mlwright.data.readers import read_raw

    seconds: dict[str, float] = {}

    def lap(name: str) -> None:
        nonlocal begun
        now = time.perf_counter()
        seconds[name], begun = now - begun, now

    raw = read_raw(str(path), base=path.parent)
    lap("reading")
    schema = infer_schema(raw, target="churned")
    lap("typing the columns")
    dataset, _ = to_dataset(raw, schema)
    lap("converting")
    found = profile(dataset)
    lap("profile")
    check_quality(dataset, known=found)
    lap("quality findings")
    return seconds


def profile_in_blocks(path: Path) -> dict[str, float]:
    """Profile a file that may be larger than memory."""
    from mlwright.data.profile_file import profile_file

    begun = time.perf_counter()
    profile_file(path, target="churned")
    return {"whole": time.perf_counter() - begun}


def profile_with_polars(path: Path) -> dict[str, float]:
    """Do what comes nearest in polars alone."""
    import polars as pl

    begun = time.perf_counter()
    pl.read_csv(path, try_parse_dates=True).describe()
    return {"whole": time.perf_counter() - begun}


_PROFILERS = {"mlwright": profile_with_mlwright, "blocks": profile_in_blocks, "polars": profile_with_polars}


def main(what: str, path: Path, rows: int = ROWS) -> None:
    """Do one thing in this process, and print what it took."""
    if what == "write":
        write_table(path, rows)
    else:
        print(json.dumps(_PROFILERS[what](path)))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:]))
