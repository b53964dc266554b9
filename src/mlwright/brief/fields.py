"""One reader per kind of field: a node in, a typed value out, or `Wrong` that says what was expected."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlwright.base.errors import BriefError
from mlwright.base.suggest import did_you_mean
from mlwright.brief.schema import KINDS, AlarmBudget, Gate, Op, RoleWord, Threshold
from mlwright.brief.source import Node, Wrong
from mlwright.brief.units import parse_bytes, parse_dollars, parse_number, parse_rate, parse_seconds

LATER_KINDS = (
    "text_classification", "ner",
    "question_answering", "summarization", "image_classification", "detection", "segmentation", "rag", "finetune",
    "agent",
)  # fmt: skip
ROLES: tuple[RoleWord, ...] = (
    "feature", "target", "group", "time", "weight", "sensitive", "id", "ignored", "user", "item",
)  # fmt: skip
FASTEST_SECONDS = 0.0005  # one HTTP exchange over loopback alone takes about so long

Reader = Callable[[Node], Any]
_THRESHOLD = re.compile(r"(>=|<=|>|<|=>|=<|≥|≤|==|=)?\s*(.+)", re.DOTALL)
_OPS: Mapping[str, Op] = {
    ">=": ">=", "=>": ">=", ">": ">=", "≥": ">=", "<=": "<=", "=<": "<=", "<": "<=", "≤": "<="
}  # fmt: skip
_AT = re.compile(
    r"(?P<threshold>.+?)\s+at\s+(?P<metric>[\w@.\- ]*?[\w@.])\s*(?:>=|=|of)?\s+(?P<value>[\d.]+%?)", re.DOTALL
)


def text(node: Node) -> str:
    """A line or more of text."""
    if isinstance(node.value, dict | list) or node.value is None or not node.text.strip():
        raise Wrong(f"expected text, it is {node.kind}.", "Write one sentence or name; quote it if it has a colon.")
    return node.text.strip()


def name(node: Node) -> str:
    """A name, kept exactly as it is written: a column may be called `no` or `1e3` or have spaces around it."""
    if isinstance(node.value, dict | list) or node.text == "":
        raise Wrong(
            f"expected a name, it is {node.kind}.", "Write the name as it is in the data; quote it if in doubt."
        )
    return node.text


def names(node: Node) -> str | tuple[str, ...]:
    """One text or several."""
    if not isinstance(node.value, list):
        return text(node)
    if not node.value:
        raise Wrong("the list is empty.", "Name at least one.")
    return tuple(text(item) for item in node.value)


def one_of(*words: str) -> Reader:
    """One of a few words."""

    def read(node: Node) -> str:
        word = text(node)
        if word.lower() in words:
            return word.lower()
        raise Wrong(f"'{word}' is not one of {', '.join(words)}.", _sentence(did_you_mean(word, words)), node)

    return read


def kind(node: Node) -> str:
    """The kind of problem."""
    word = text(node).lower().replace(" ", "_").replace("-", "_")
    if word in KINDS:
        return word
    if word in LATER_KINDS:
        raise Wrong(f"kind '{word}' cannot be done yet.", f"This version does {', '.join(KINDS)}.")
    if re.search(r"binary|multi_?class|classif", word):
        raise Wrong(
            f"'{text(node)}' is not a kind.", "Did you mean 'classification'? The classes are counted in the data."
        )
    raise Wrong(f"'{text(node)}' is not a kind.", _sentence(did_you_mean(word, (*KINDS, *LATER_KINDS))))


def whole(low: int, high: int) -> Reader:
    """A whole number in [low, high]."""

    def read(node: Node) -> int:
        value = number(node)
        if value != int(value) or not low <= value <= high:
            raise Wrong(
                f"expected a whole number from {low} to {high}, it is {node.kind}.", f"Write {max(low, 1)}, say."
            )
        return int(value)

    return read


def number(node: Node) -> float:
    """A finite number."""
    return _parsed(node, parse_number)


def positive(parse: Callable[[str], float], what: str, *, zero: bool = False) -> Reader:
    """A quantity above 0, or from 0 on."""

    def read(node: Node) -> Any:
        value = _parsed(node, parse)
        if value < 0 or (value == 0 and not zero):
            raise Wrong(
                f"{what} of {node.kind} is impossible.", "It must be 0 or more." if zero else "It must be above 0."
            )
        return value

    return read


def latency(node: Node) -> float:
    """A latency; a bare number would be ambiguous and is refused."""
    if re.fullmatch(r"\s*[\d._]+\s*", node.text):
        raise Wrong(f"{node.kind} has no unit.", f"Write `{node.text.strip()} ms` or `{node.text.strip()} s`.")
    value = positive(parse_seconds, "a latency")(node)
    if value < FASTEST_SECONDS:
        raise Wrong(
            f"a latency of {node.kind} is impossible: one HTTP exchange alone takes about 0.5 ms.",
            "Ask for 1 ms or more; 20 ms is common.",
        )
    return value


def memory(node: Node) -> int:
    """Memory for training."""
    value = int(positive(parse_bytes, "a memory")(node))
    if value < 256_000_000:
        raise Wrong(
            f"a memory of {node.kind} is impossible: the libraries alone need about 250 MB.", "Write 2 GB or more."
        )
    return value


time_limit = positive(parse_seconds, "a time")
size = positive(parse_bytes, "a size")
rate = positive(parse_rate, "a throughput")
dollars = positive(parse_dollars, "an amount", zero=True)
cost = positive(parse_number, "a cost", zero=True)


def share(node: Node) -> float:
    """A share strictly between 0 and 1."""
    value = number(node)
    if not 0 < value < 1:
        raise Wrong(f"a share of {node.kind} is impossible.", "Write a number between 0 and 1, such as 0.2.")
    return value


def level(node: Node) -> float:
    """The share of true values within a band."""
    value = number(node)
    if not 0.5 <= value <= 0.99:
        raise Wrong(f"a band cannot be made to hold {node.kind} of the values.", "Write 0.5 to 0.99; 0.9 is common.")
    return value


def alarms(node: Node) -> AlarmBudget:
    """How many alarms people can look at: `1%` of the rows, or `3 per day`."""
    word = text(node)
    daily = re.fullmatch(r"([\d.,]+)\s*(?:alarms?)?\s*(?:/|per|a)\s*day", word, re.IGNORECASE)
    if daily is not None:
        per_day = _number_in(daily[1], f"'{word}' is no number of alarms.", 'Write "3 per day".')
        if per_day <= 0:
            raise Wrong(f"{word} would never raise an alarm.", 'Write "3 per day".')
        return AlarmBudget(per_day=per_day)
    value = _number_in(word, f"'{word}' is no budget of alarms.", 'Write "1%" of the rows, or "3 per day".')
    if not 0 < value <= 0.5:
        raise Wrong(f"alarms for {node.kind} of the rows are impossible.", 'Write "1%" of the rows, or "3 per day".')
    return AlarmBudget(share=value)


def seasons(node: Node) -> tuple[int, ...]:
    """One or several lengths of seasons in steps, at least 2 each; 1 says that there is none."""
    items: Sequence[Node] = node.value if isinstance(node.value, list) else [node]
    found = {whole(1, 100_000)(item) for item in items}
    return tuple(sorted(found - {1}))


def column_names(node: Node) -> tuple[str, ...]:
    """One or several columns."""
    items: Sequence[Node] = node.value if isinstance(node.value, list) else [node]
    return tuple(name(item) for item in items)


def frequency(node: Node) -> str:
    """What a step of time is."""
    from mlwright.data.grid import parse_frequency

    word = text(node)
    try:
        parse_frequency(word)
    except BriefError as exc:
        raise Wrong(_lower(exc.message), _sentence(exc.hint)) from exc
    return word


def metric_name(node: Node) -> str:
    """The name of a metric; common other names are understood."""
    return find_metric(text(node)).name


def find_metric(word: str) -> Any:
    """Return the metric called `word`, or raise Wrong."""
    from mlwright.evaluation.metrics import metric

    try:
        return metric(word)
    except BriefError as exc:
        raise Wrong(_lower(exc.message), _sentence(exc.hint)) from exc


def threshold(metric: Any, node: Node) -> Threshold:
    """A threshold of a metric: `>= 0.97`, `<= 0.4`, or a bare number, whose sense is the metric's."""
    word = text(node)
    natural: Op = ">=" if metric.direction == "maximise" else "<="
    found = _THRESHOLD.fullmatch(word)
    sign = found[1] if found else None
    value = _number_in(found[2] if found else word, f"'{word}' is not a threshold.", f'Write "{natural} 0.9", say.')
    op = _OPS.get(sign or natural)
    if op is None:
        raise Wrong(f"'{word}' asks for an exact value.", f'Write "{natural} {value:g}".')
    if op != natural:
        more = "more is better" if natural == ">=" else "less is better"
        raise Wrong(f"'{metric.name} {word}' has the wrong sense: {more}.", f'Did you mean "{natural} {value:g}"?')
    _check_possible(metric, value, word)
    return Threshold(op=natural, value=value)


def gate(metric_word: str, node: Node) -> Gate:
    """A gate: a threshold, and perhaps `at precision 0.9`."""
    word = text(node)
    metric = find_metric(metric_word)
    found = _AT.fullmatch(word)
    if found is None:
        if re.search(r"\bat\b", word):
            raise Wrong(f"'{word}' is not a gate.", 'Write ">= 0.95 at precision 0.9".')
        limit = threshold(metric, node)
        return Gate(metric=metric.name, op=limit.op, value=limit.value)
    limit = threshold(metric, Node(found["threshold"], text=found["threshold"]))
    at = find_metric(found["metric"])
    if "regression" in at.tasks or "regression" in metric.tasks:
        raise Wrong(
            f"'{metric.name} at {at.name}' has no meaning for values.", "Only metrics of classes have a threshold."
        )
    value = _number_in(found["value"], f"'{found['value']}' is not a number.", 'Write ">= 0.95 at precision 0.9".')
    _check_possible(at, value, word)
    return Gate(metric=metric.name, op=limit.op, value=limit.value, at_metric=at.name, at_value=value)


def fairness_gates(node: Node) -> tuple[Gate, ...]:
    """`equalized_odds <= 0.1`, or a list of such."""
    items: Sequence[Node] = node.value if isinstance(node.value, list) else [node]
    return tuple(_fairness_gate(item) for item in items)


def role(node: Node) -> str:
    """What a column is for."""
    word = text(node).lower()
    if word in ROLES:
        return word
    raise Wrong(f"'{word}' is not a role of a column.", _sentence(did_you_mean(word, ROLES)))


def is_fairness(word: str) -> bool:
    """Whether a word names a fairness measure."""
    try:
        fairness_measure(word)
    except Wrong:
        return False
    return True


def fairness_measure(word: str) -> str:
    """Return the full name of a fairness measure, or raise Wrong."""
    from mlwright.evaluation.fairness import fairness_name

    try:
        return fairness_name(word)
    except BriefError as exc:
        raise Wrong(_lower(exc.message), _sentence(exc.hint)) from exc


def search_method(node: Node) -> str:
    """A way to search."""
    from mlwright.tuning.searchers import SEARCHERS

    word = text(node).lower()
    if word in SEARCHERS:
        return word
    raise Wrong(f"'{word}' is not a search method.", _sentence(did_you_mean(word, SEARCHERS)))


def family(node: Node) -> str:
    """A family of models."""
    from mlwright.models.rankers import RANKERS
    from mlwright.models.tabular import MODELS

    word, known = text(node), (*MODELS, *RANKERS)
    if word in known:
        return word
    raise Wrong(f"'{word}' is not a family of models.", _sentence(did_you_mean(word, known)), node)


def families(node: Node) -> tuple[str, ...]:
    """One family or several."""
    items: Sequence[Node] = node.value if isinstance(node.value, list) else [node]
    if not items:
        raise Wrong("the list is empty.", "Name at least one family, or leave the field out.")
    return tuple(dict.fromkeys(family(item) for item in items))


def space_value(node: Node) -> Any:
    """The values of one parameter: a range, a list of choices, or one value."""
    from mlwright.base.errors import DataError
    from mlwright.tuning.searchers.space import dimension

    value = tuple(item.value for item in node.value) if isinstance(node.value, list) else node.value
    if value is None or isinstance(value, dict) or any(isinstance(one, list | dict) for one in _items(value)):
        raise Wrong(f"expected a range, a list or a value, it is {node.kind}.", "Write `0.01 to 0.3 log`, say.")
    try:
        dimension(value)
    except DataError as exc:
        raise Wrong(_lower(exc.message), _sentence(exc.hint)) from exc
    return value


def compute(node: Node) -> str:
    """Where trials run."""
    word = text(node)
    if word == "local" or re.fullmatch(r"ray://[^\s/:]+:\d+", word):
        return word
    raise Wrong(f"'{word}' is no place to compute.", "Write `local`, or a Ray cluster as `ray://host:10001`.")


def _items(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _fairness_gate(node: Node) -> Gate:
    word = text(node)
    found = re.fullmatch(r"([a-zA-Z][\w -]*?)\s*(<=|>=|<|>|≤|≥)?\s*([\d.]+%?)", word)
    if found is None:
        raise Wrong(f"'{word}' is not a fairness limit.", 'Write "equalized_odds <= 0.1".')
    measure = fairness_measure(found[1])
    value = _number_in(found[3], f"'{found[3]}' is not a number.", 'Write "equalized_odds <= 0.1".')
    natural: Op = ">=" if measure.endswith("_ratio") else "<="
    if found[2] and _OPS[found[2]] != natural:
        raise Wrong(f"'{word}' has the wrong sense.", f'Did you mean "{measure} {natural} {value:g}"?')
    if natural == "<=" and value >= 1 and not measure.startswith(("mae", "mean_error")):
        raise Wrong(f"a gap of {value:g} allows everything.", "Gaps lie between 0 and 1; 0.1 is common.")
    if natural == ">=" and value > 1:
        raise Wrong(f"a ratio of {value:g} is impossible.", "The best ratio is 1; 0.8 is common.")
    return Gate(metric=measure, op=natural, value=value, fairness=True)


def _check_possible(metric: Any, value: float, word: str) -> None:
    best = metric.best
    impossible = value > best if metric.direction == "maximise" else value < best
    if impossible:
        percent = f" Did you mean {value:g}%?" if metric.direction == "maximise" and 2 <= value <= 100 else ""
        raise Wrong(
            f"'{metric.name} {word}' is impossible: a perfect model has {best:g}.",
            f"Ask for something nearer.{percent}",
        )


def _parsed(node: Node, parse: Callable[[str], float]) -> float:
    if isinstance(node.value, dict | list | bool) or node.value is None:
        raise Wrong(f"expected a quantity, it is {node.kind}.", "Write a number, with its unit where it has one.")
    return _number(node.text, parse)


def _number(word: str, parse: Callable[[str], float]) -> float:
    try:
        return parse(word)
    except BriefError as exc:
        raise Wrong(exc.message, exc.hint) from exc


def _number_in(word: str, message: str, hint: str) -> float:
    try:
        return parse_number(word)
    except BriefError as exc:
        raise Wrong(message, hint) from exc


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
