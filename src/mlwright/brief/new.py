"""A first brief for a table: what can be seen in the data is proposed, each line with its reason."""

from dataclasses import dataclass

from mlwright.brief.write import yaml_text
from mlwright.data.schema import Column, Role, Schema, SemanticType
from mlwright.models.signature import Task

_LARGE_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class FirstFacts:
    """What is known of a table.

    Attributes:
        source: As the person gave it.
        rows: Of the whole table.
        task: Inferred from the target, or None when there is no target yet.
        why: Why this task.
    """

    source: str
    rows: int
    task: Task | None = None
    why: str = ""


def first_brief(facts: FirstFacts, schema: Schema) -> str:
    """Return a commented brief that `load_brief` accepts as it stands.

    Example:
        >>> left = Column(name="left", type=SemanticType.CATEGORY, role=Role.TARGET)
        >>> facts = FirstFacts("c.csv", 100, Task.BINARY, "two values")
        >>> first_brief(facts, Schema(columns=(left,))).splitlines()[1]
        'objective: Predict left from c.csv'
    """
    target = schema.target
    what = f"Predict {target.name} from {facts.source}" if target else f"Predict a column of {facts.source}"
    lines = [
        f"# A first brief for {_comment(facts.source)}: {facts.rows:,} rows, {len(schema.columns)} columns.",
        f"objective: {yaml_text(what)}",
        *_kind(facts),
        "data:",
        f"  source: {yaml_text(facts.source)}",
        f"  target: {yaml_text(target.name)}"
        if target
        else "  # target: COLUMN      # say which column is to be predicted",
        *_columns(schema),
        *_metric(facts),
        *_split(facts, schema),
        "requirements:             # what the result must reach, measured on rows that training never saw",
        "  latency_p95: 50 ms      # of one prediction through the service",
        "constraints:",
        f"  time: {_time(facts.rows)}                # for the whole run; more time, better models",
        "on_leak: stop             # a column that knows the answer: stop, or drop it",
        "seed: 0                   # the same brief and seed give the same model",
    ]
    return "\n".join(lines) + "\n"


def _kind(facts: FirstFacts) -> list[str]:
    if facts.task is None:
        return []
    kind = "classification" if facts.task.is_classification else "regression"
    return [f"kind: {kind}{_why(facts.why)}"]


def _columns(schema: Schema) -> list[str]:
    rest = [column for column in schema.columns if column.role is not Role.TARGET]
    if not rest:
        return []
    width = min(30, max(len(yaml_text(column.name)) for column in rest)) + 12
    heading = (
        "  columns:                # feature, group, time, weight, sensitive (measured, never a feature), id, ignored"
    )
    return [heading, *(_column(column, width) for column in rest)]


def _column(column: Column, width: int) -> str:
    written = f"{yaml_text(column.name)}: {column.role.value}"
    return f"    {written:<{width}}  # {_comment(_seen(column))}"


def _seen(column: Column) -> str:
    parts = [column.type.value]
    if column.type is SemanticType.NUMBER and column.minimum is not None and column.maximum is not None:
        parts.append(f"{column.minimum:g} to {column.maximum:g}")
    if column.type is SemanticType.CATEGORY and column.levels:
        shown = ", ".join(level[:20] for level in column.levels[:4])
        parts.append(shown + (f", ... ({len(column.levels)})" if len(column.levels) > 4 else ""))
    if column.missing_share > 0:
        parts.append(f"{column.missing_share:.1%} missing")
    if column.reason:
        parts.append(column.reason)
    return "; ".join(parts)


def _metric(facts: FirstFacts) -> list[str]:
    if facts.task is None:
        return []
    from mlwright.evaluation.metrics import default_metric

    whys = {
        Task.BINARY: "how well rows are ranked, whatever the threshold",
        Task.MULTICLASS: "how good the probabilities are",
        Task.REGRESSION: "the usual size of an error, in the target's unit",
    }
    return [
        f"metric: {default_metric(facts.task).name}{_why(f'the default for {facts.task.value}: {whys[facts.task]}')}"
    ]


def _split(facts: FirstFacts, schema: Schema) -> list[str]:
    share = 0.2 if facts.rows < _LARGE_ROWS else 0.1
    if groups := schema.with_role(Role.GROUP):
        strategy, why = "group", f"rows of one '{groups[0].name}' stay on one side"
    elif times := schema.with_role(Role.TIME):
        strategy, why = "time", f"the latest rows by '{times[0].name}' are the test, as in use"
    elif facts.task is not None and facts.task.is_classification:
        strategy, why = "stratified", "the classes have the same shares on both sides"
    else:
        strategy, why = "random", "nothing speaks for an order or for groups"
    return [
        "split:",
        f"  strategy: {strategy}{_why(why)}",
        f"  test_share: {share}{_why(f'about {max(1, round(facts.rows * share)):,} rows, sealed for the last test')}",
    ]


def _time(rows: int) -> str:
    return "60 s" if rows < 5_000 else "5 m" if rows < _LARGE_ROWS else "15 m"


def _why(text: str) -> str:
    return f"  # {_comment(text)}" if text else ""


def _comment(text: str) -> str:
    """Text that stays on its line, whatever it came from."""
    return "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
