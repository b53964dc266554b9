"""The data card: what a table is, in Markdown that reads well as plain text too."""

from collections.abc import Sequence
from dataclasses import dataclass

from mlwright.data.findings import Finding
from mlwright.data.profile import ColumnProfile, Profile
from mlwright.data.readers.raw import ReadProblem
from mlwright.data.schema import Role, SemanticType
from mlwright.data.splits import Split

_BARS = "▁▂▃▄▅▆▇█"
_SHOWN_LEVELS = 5
_PLOT_BINS = 15


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a card says beside the profile.

    Attributes:
        title: What the table is called.
        source, sha256: Where it was read from, and the hash of what was read.
        problems: Of reading and typing.
        findings: Of quality and leaks.
        split: How the sealed test was taken.
    """

    title: str
    source: str
    sha256: str
    problems: Sequence[ReadProblem] = ()
    findings: Sequence[Finding] = ()
    split: Split | None = None


def data_card(profile: Profile, facts: CardFacts) -> str:
    """Return the card as Markdown."""
    parts = [_head(profile, facts), _split(facts.split), _columns(profile), _problems(facts), _findings(facts)]
    return "\n".join(part for part in parts if part)


def sparkline(counts: Sequence[int]) -> str:
    """Return a histogram in one line of text.

    Example:
        >>> sparkline([0, 5, 10])
        '▁▅█'
    """
    top = max(counts, default=0)
    return "".join(_BARS[round(count / top * (len(_BARS) - 1))] if top else _BARS[0] for count in counts)


def _head(profile: Profile, facts: CardFacts) -> str:
    target = next((column for column in profile.columns if column.role is Role.TARGET), None)
    size = f"{profile.rows:,} rows, {len(profile.columns)} columns"
    gaps = f"{profile.missing_share:.1%} of the cells missing, {profile.duplicate_rows:,} rows that repeat earlier ones"
    lines = [
        f"# Data card: {facts.title}",
        "",
        f"- Source: `{facts.source}`",
        f"- SHA-256: `{facts.sha256}`",
        f"- {size}, {gaps}",
    ]
    if profile.sampled_rows is not None:
        lines.append(f"- Distributions are taken from {profile.sampled_rows:,} rows drawn at random")
    if target is not None:
        lines.append(f"- To predict: **{target.name}** ({_summary(target)})")
    return "\n".join([*lines, ""])


def _split(split: Split | None) -> str:
    if split is None:
        return ""
    rows = f"{len(split.train):,} rows to learn from, {len(split.test):,} sealed for the test"
    return f"## Split\n\n{rows}. Strategy: {split.strategy}; {split.why}.\n"


def _columns(profile: Profile) -> str:
    lines = ["## Columns", "", "| column | type | role | missing | different | values | shape |"]
    lines.append("|---|---|---|---:|---:|---|---|")
    for column in profile.columns:
        cells = [column.name, column.type, column.role, f"{column.missing_share:.1%}", f"{column.distinct:,}"]
        cells += [_summary(column), _shape(column)]
        lines.append("| " + " | ".join(_escaped(str(cell)) for cell in cells) + " |")
    reasons = [f"- `{column.name}`: {column.reason}" for column in profile.columns if column.reason]
    return "\n".join([*lines, "", "### Why these types and roles", "", *reasons, ""])


def _summary(column: ColumnProfile) -> str:
    if column.type is SemanticType.NUMBER and column.quantiles:
        median = column.quantiles["0.5"]
        return f"{column.minimum:g} to {column.maximum:g}, median {median:g}"
    if column.type is SemanticType.DATETIME and column.first:
        return f"{column.first} to {column.last}"
    if column.type in (SemanticType.TEXT, SemanticType.ID):
        return f"{column.mean_words or 0:.1f} words, {column.mean_characters or 0:.0f} characters on average"
    shown = ", ".join(f"{level.level} ({level.rows:,})" for level in column.levels[:_SHOWN_LEVELS])
    return shown + (", ..." if column.distinct > _SHOWN_LEVELS else "")


def _shape(column: ColumnProfile) -> str:
    if column.histogram is not None:
        return sparkline(_merged(column.histogram.counts))
    if column.type is SemanticType.CATEGORY:
        return sparkline([level.rows for level in column.levels[:_PLOT_BINS]])
    return ""


def _merged(counts: Sequence[int]) -> list[int]:
    step = -(-len(counts) // _PLOT_BINS)
    return [sum(counts[start : start + step]) for start in range(0, len(counts), step)]


def _problems(facts: CardFacts) -> str:
    if not facts.problems:
        return "## Reading\n\nEvery line and cell was read.\n"
    lines = ["## Reading", ""]
    for problem in facts.problems:
        count = f" ({problem.count:,})" if problem.count else ""
        examples = f"; for example {', '.join(f'`{example}`' for example in problem.examples)}" * bool(problem.examples)
        lines.append(f"- {problem.what}{count}{examples}.")
    return "\n".join([*lines, ""])


def _findings(facts: CardFacts) -> str:
    order = {"error": 0, "warning": 1, "info": 2}
    ranked = sorted(facts.findings, key=lambda finding: order[finding.severity])
    lines = ["## Findings", ""]
    lines += [f"- **{f.severity}** ({f.check}): {f.message} {_sentence(f.hint)}".rstrip() for f in ranked]
    return "\n".join([*lines, ""]) if ranked else ""


def _sentence(hint: str) -> str:
    return hint[:1].upper() + hint[1:]


def _escaped(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")
