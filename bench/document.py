"""`docs/benchmarks.md`: the machine, then one section a part. A part that is measured again replaces its section."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.figures import Part, Row, figure_text

_HEAD = """\
# Benchmarks

Written by `make bench`; do not edit. A ratio is the figure divided by the reference's, both measured in the same run,
because machines are noisy and ratios travel better than seconds. A target is what mlwright promises; it is no test.

## Machine

| | |
|---|---|
"""
_REPEAT = """\
## How to repeat

```
make bench                                   # all parts; writes this file
.venv/bin/python -m bench.run startup        # one part, which replaces its section here
.venv/bin/python -m bench.run predict --delivery deliveries/tumour    # of a delivery that is there
make bench-automl                            # the other AutoML systems: their environments are made first, in the cache
```

But for `bench-automl` nothing is downloaded; everything is made in a temporary folder and removed. Keep the machine
quiet meanwhile.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One measured part, ready to be written."""

    name: str
    text: str


def section(name: str, title: str, part: Part, load_average: float | None) -> Section:
    """Return a part as Markdown."""
    lines = [f"## {title}", "", "| what | figure | reference | ratio | target |", "|---|---:|---|---:|---|"]
    lines += [row_text(row) for row in part.rows]
    lines += ["", *(f"- {note}" for note in part.notes)]
    if load_average is not None:
        lines.append(f"- Load average of the machine when this part began: {load_average:.1f}.")
    return Section(name, "\n".join(lines) + "\n")


def row_text(row: Row) -> str:
    """Return a row as a line of a Markdown table."""
    reference = target = ratio = ""
    if row.reference is not None:
        unit = f" {row.unit}".rstrip()
        reference = f"{row.reference.name}: {figure_text(row.reference.figure)}{unit}"
    if row.ratio is not None:
        ratio = figure_text(row.ratio)
    if row.target is not None:
        met = "met" if row.target.is_met(row.figure) else "**missed**"
        target = f"at most {figure_text(row.target.limit)}: {met}"
    return f"| {row.name} | {figure_text(row.figure)} {row.unit}".rstrip() + f" | {reference} | {ratio} | {target} |"


def document(machine: Mapping[str, str], sections: Sequence[Section]) -> str:
    """Return the whole document."""
    parts = [_HEAD + _machine_table(machine)]
    parts += [f"{_begin(each.name)}\n{each.text}{_end(each.name)}\n" for each in sections]
    return "\n".join([*parts, _REPEAT])


def sections_of(text: str, machine: Mapping[str, str], names: Sequence[str]) -> dict[str, Section]:
    """Return the sections of an earlier document by name; none when it was measured on another machine."""
    if _machine_table(machine) not in text:
        return {}
    found: dict[str, Section] = {}
    for name in names:
        match = re.search(f"{re.escape(_begin(name))}\n(.*?){re.escape(_end(name))}", text, re.DOTALL)
        if match:
            found[name] = Section(name, match[1])
    return found


def placed(text: str, new: Section) -> str:
    """Return a document with a section put where it was, or behind the others; the rest stays as it is."""
    block = f"{_begin(new.name)}\n{new.text}{_end(new.name)}\n"
    old = re.compile(f"{re.escape(_begin(new.name))}\n.*?{re.escape(_end(new.name))}\n", re.DOTALL)
    if old.search(text):
        return old.sub(lambda _: block, text, count=1)
    head, marker, tail = text.partition(_REPEAT)
    return f"{head}{block}\n{marker}{tail}"


def _machine_table(machine: Mapping[str, str]) -> str:
    return "".join(f"| {name} | {value} |\n" for name, value in machine.items())


def _begin(name: str) -> str:
    return f"<!-- part: {name} -->"


def _end(name: str) -> str:
    return f"<!-- end: {name} -->"
