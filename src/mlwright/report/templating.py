"""The jinja2 environments of the documents: HTML escapes by itself, Markdown through the `md` filter."""

import re
from typing import Any

from mlwright.report import wording
from mlwright.report.sections import TableFact


def environment(*, html: bool) -> Any:
    """Return an environment over the room's templates; an unknown name in one of them is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made: Any = Environment(
        loader=PackageLoader("mlwright.report", "templates"),
        autoescape=html,  # noqa: S701 (off for Markdown only, which has its own filter)
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    for name in ("number", "score", "interval", "percent", "duration", "size", "words"):
        made.filters[name] = getattr(wording, name)
    made.globals.update({"amount": wording.amount})
    made.filters["md"] = markdown_text
    made.filters["rows"] = markdown_table
    return made


def markdown_text(text: object) -> str:
    """Escape what would be Markdown or HTML, and keep it on one line.

    Example:
        >>> markdown_text("a|b <script> *x*")
        'a\\\\|b &lt;script&gt; \\\\*x\\\\*'
    """
    line = " ".join(str(text).split())
    line = line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # an underscore or a hash inside a word starts nothing in CommonMark
    return re.sub(r"([\\`*\[\]|])|(?<!\w)(_)|(_)(?!\w)", r"\\\g<0>", line)


def markdown_table(fact: TableFact, most: int) -> str:
    """Write a table's first `most` rows as Markdown, and how many there are besides.

    Example:
        >>> print(markdown_table(TableFact(header=("model", "MASE"), rows=(("naive", "1.20"), ("ours", "0.8"))), 1))
        | model | MASE |
        |---|---|
        | naive | 1.20 |
        <BLANKLINE>
        1 more row in [report.html](report.html#closer).
    """
    cut = len(fact.rows) - most
    lines = [fact.header, *fact.rows[:most]]
    written = [f"| {' | '.join(markdown_text(cell) for cell in line)} |" for line in lines]
    written.insert(1, "|---" * len(fact.header) + "|")
    more = f"{cut} more row{'s' if cut > 1 else ''} in [report.html](report.html#closer)."
    return "\n".join(written + (["", more] if cut > 0 else []))
