"""Reads a brief from YAML, JSON or a dict; one error lists every fault with its line."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from mlwright.base.errors import BriefError
from mlwright.base.suggest import did_you_mean
from mlwright.brief import fields as f
from mlwright.brief.schema import (
    Brief,
    Constraints,
    Costs,
    DataSpec,
    ForecastSpec,
    Gate,
    Requirements,
    SearchSpec,
    SpaceValue,
    SplitSpec,
    Threshold,
)
from mlwright.brief.source import Faults, Node, Place, Wrong, node_of, parse_yaml, read_text

_MEASURES = {"latency_p95": f.latency, "throughput": f.rate, "size": f.size}
_TOP = (
    "objective", "kind", "data", "requirements", "constraints", "success", "metric", "interval", "costs", "on_leak",
    "split", "forecast", "search", "seed",
)  # fmt: skip
# What people write for what a brief calls otherwise.
_OTHER_WORDS = {
    "goal": "objective", "task": "kind", "dataset": "data", "time_limit": "time", "timeout": "time", "ram": "memory",
    "latency": "latency_p95", "p95": "latency_p95", "budget": "usd", "file": "source", "path": "source",
    "label": "target", "gates": "success", "test_size": "test_share", "random_state": "seed",
}  # fmt: skip


def load_brief(source: Path | str | Mapping[str, Any]) -> Brief:
    """Return the brief in a file, in a YAML or JSON text, or in a dict of the same fields.

    A string with a line break or a brace is text, any other a path.

    Raises:
        BriefError: Lists every fault at once, each with line, column, what was expected and what to do.

    Example:
        >>> load_brief({"objective": "Predict churn", "data": {"source": "c.csv"}, "seed": 7}).seed
        7
    """
    faults = Faults("The brief")
    root = _root(source, faults)
    brief = _Builder(faults).brief(root) if root is not None else None
    faults.raise_as(BriefError)
    assert brief is not None  # noqa: S101 - without a brief there is a fault
    return brief


def _root(source: Path | str | Mapping[str, Any], faults: Faults) -> Node | None:
    if isinstance(source, Mapping):
        return node_of(source)
    inline = isinstance(source, str) and ("\n" in source or source.lstrip().startswith("{"))
    faults.name = "The brief" if inline else Path(source).name
    try:
        content = str(source) if inline else read_text(Path(source), "brief")
    except Wrong as wrong:
        faults.add(wrong.node.place if wrong.node else None, wrong.message, wrong.hint)
        return None
    root = parse_yaml(content, faults)
    if root is None and not faults.found:
        faults.add(None, "The brief is empty.", "Write at least `objective: ...` and `data: {source: ...}`.")
    elif root is not None and not isinstance(root.value, dict):
        faults.add(root.place, f"A brief is made of fields, this is {root.kind}.", "Start with `objective: ...`.")
        return None
    return root


class _Builder:
    """Reads section by section; a fault in one field does not hide the next."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def brief(self, root: Node) -> Brief | None:
        self._known(root, "", _TOP)
        top = self._fields(
            root,
            "",
            {
                "objective": f.text, "kind": f.kind, "metric": f.metric_name, "interval": f.level,
                "on_leak": f.one_of("stop", "drop"), "seed": f.whole(0, 2**32 - 1),
            },
        )  # fmt: skip
        top |= {
            "data": self._data(root),
            "requirements": self._requirements(root),
            "constraints": self._constraints(root),
            "success": self._success(root),
            "costs": self._costs(root),
            "split": self._split(root),
            "search": self._search(root),
            "forecast": self._forecast(root),
        }
        for field in ("objective", "data"):
            if field not in root.value:
                hint = "Say in one sentence what is wanted." if field == "objective" else "Add `data: {source: FILE}`."
                self._faults.add(root.place or Place(1, 1), f"'{field}' is missing.", hint)
        self._check_kind(root, top)
        if self._faults.found:
            return None
        return Brief(**{key: value for key, value in top.items() if value is not None})

    def _data(self, root: Node) -> DataSpec | None:
        node = root.value.get("data")
        if node is not None and isinstance(node.value, str | list):  # data: customers.csv
            node = Node({"source": node}, place=node.place)
        section = self._section(root, "data", ("source", "query", "table", "sheet", "target", "columns"), node)
        if section is None:
            return None
        read = self._fields(
            section,
            "data.",
            {"source": f.names, "query": f.text, "table": f.name, "sheet": f.name, "target": f.name},
        )
        columns = self._each(section.value.get("columns"), "data.columns", lambda _, item: f.role(item))
        if "source" not in section.value:
            self._faults.add(section.place, "'data.source' is missing.", "Name a file, a folder or sample://NAME.")
        if "source" not in read:
            return None
        targets = [column for column, word in columns.items() if word == "target"]
        if (targets and read.get("target") not in (None, targets[0])) or len(targets) > 1:
            place = section.value["columns"].place
            self._faults.add(place, f"The target is given twice: {', '.join(targets)}.", "Keep data.target alone.")
        if targets:
            read["target"] = targets[0]
            columns.pop(targets[0])
        return DataSpec(**read, columns=columns)

    def _requirements(self, root: Node) -> Requirements | None:
        section = self._section(root, "requirements", None)
        if section is None:
            return None
        measured = self._fields(section, "requirements.", _MEASURES)
        others = {key: item for key, item in section.value.items() if key not in _MEASURES}
        metrics: dict[str, Threshold] = {}
        for key, item in others.items():
            place = section.keys.get(key)
            try:
                found = f.find_metric(key)
            except Wrong:
                known = (*_MEASURES, *_metric_names())
                hint = _OTHER_WORDS.get(key.lower())
                text = f"Did you mean '{hint}'?" if hint in known else _sentence(did_you_mean(key, known))
                self._faults.add(place, f"'requirements.{key}' is neither a metric nor a measure.", text)
                continue
            if found.name in metrics:
                self._faults.add(place, f"'{found.name}' is required twice.", "Keep one of them.")
            try:
                metrics[found.name] = f.threshold(found, item)
            except Wrong as wrong:
                self._wrong(f"requirements.{key}", item, place, wrong)
        return Requirements(
            metrics=metrics,
            latency_p95_seconds=measured.get("latency_p95"),
            throughput_rows_per_second=measured.get("throughput"),
            size_bytes=measured.get("size"),
        )

    def _constraints(self, root: Node) -> Constraints | None:
        readers = {
            "time": f.time_limit, "trials": f.whole(1, 100_000), "memory": f.memory, "usd": f.dollars,
            "hardware": f.one_of("cpu", "gpu"), "platform": f.one_of("container", "python", "any"),
            "interpretability": f.one_of("any", "explainable", "linear"),
            "onnx": f.one_of("required", "preferred", "no"),
            "clusters": f.whole(1, 1_000), "alarms": f.alarms, "compute": f.compute,
        }  # fmt: skip
        section = self._section(root, "constraints", tuple(readers))
        if section is None:
            return None
        read = self._fields(section, "constraints.", readers)
        renamed = {"time": "time_seconds", "memory": "memory_bytes"}
        return Constraints(**{renamed.get(key, key): value for key, value in read.items()})

    def _success(self, root: Node) -> tuple[Gate, ...] | None:
        node = root.value.get("success")
        if node is None or node.value is None:
            return None
        if isinstance(node.value, list):
            return tuple(self._listed_gates(node))
        gates: list[Gate] = []
        for key, item in self._mapping(node, "success").items():
            place = node.keys.get(key)
            try:
                gates += f.fairness_gates(item) if key == "fairness" else [f.gate(key, item)]
            except Wrong as wrong:
                self._wrong(f"success.{key}", item, place, wrong)
        return tuple(gates)

    def _listed_gates(self, node: Node) -> list[Gate]:
        gates: list[Gate] = []
        for item in node.value:
            try:
                metric, _, rest = f.text(item).partition(" ")
                fair = f.is_fairness(metric)
                gates += f.fairness_gates(item) if fair else [f.gate(metric, Node(rest, text=rest, place=item.place))]
            except Wrong as wrong:
                self._wrong("success", item, item.place, wrong)
        return gates

    def _costs(self, root: Node) -> Costs | None:
        names = ("false_positive", "false_negative")
        section = self._section(root, "costs", names)
        if section is None:
            return None
        read = self._fields(section, "costs.", dict.fromkeys(names, f.cost))
        for missing in [key for key in names if key not in section.value]:
            self._faults.add(section.place, f"'costs.{missing}' is missing.", "Both costs are needed; 1 will do.")
        if read.get("false_positive") == 0 and read.get("false_negative") == 0:
            self._faults.add(section.place, "Both costs are 0.", "Give at least one a cost above 0.")
        return Costs(**read) if len(read) == len(names) else None

    def _split(self, root: Node) -> SplitSpec | None:
        readers = {
            "test_share": f.share,
            "strategy": f.one_of("auto", "random", "stratified", "group", "time"),
        }
        section = self._section(root, "split", tuple(readers))
        return None if section is None else SplitSpec(**self._fields(section, "split.", readers))

    def _forecast(self, root: Node) -> ForecastSpec | None:
        readers = {
            "horizon": f.whole(1, 100_000), "season": f.seasons, "frequency": f.frequency, "interval": f.share,
            "known": f.column_names, "windows": f.whole(1, 1_000),
        }  # fmt: skip
        section = self._section(root, "forecast", tuple(readers))
        return None if section is None else ForecastSpec(**self._fields(section, "forecast.", readers))

    def _search(self, root: Node) -> SearchSpec | None:
        readers = {
            "method": f.search_method,
            "families": f.families,
            "pruner": f.one_of("auto", "median", "hyperband", "none"),
        }
        section = self._section(root, "search", (*readers, "space"))
        if section is None:
            return None
        read = self._fields(section, "search.", readers)
        space: dict[str, dict[str, SpaceValue]] = {}
        node = section.value.get("space")
        for family, item in self._mapping(node, "search.space").items() if node and node.value is not None else ():
            try:
                f.family(Node(family, text=family, place=node.keys.get(family)))
            except Wrong as wrong:
                self._wrong("search.space", item, node.keys.get(family), wrong)
            space[family] = self._each(item, f"search.space.{family}", lambda _, value: f.space_value(value))
        return SearchSpec(**read, space=space)

    def _check_kind(self, root: Node, top: Mapping[str, Any]) -> None:
        """Every metric must fit the kind, or at least each other."""
        required = cast("Requirements | None", top.get("requirements"))
        gates = cast("tuple[Gate, ...] | None", top.get("success")) or ()
        named = [("requirements", name) for name in (required.metrics if required else ())]
        named += [("success", gate.metric) for gate in gates if not gate.fairness]
        named += [("metric", top["metric"])] if top.get("metric") else []
        kind, why = top.get("kind"), "kind"
        if kind == "ordinal":  # classes with an order
            kind = "classification"
        for section, name in named:
            fits = _kind_of(name)
            place = _place_of(root, section, name)
            if kind is None:
                kind, why = fits, f"'{name}', a metric of {fits}"
            elif fits != kind and kind not in f.find_metric(name).tasks:
                against = f"a brief of kind {kind}" if why == "kind" else why
                few = [one for one in _metric_names() if _kind_of(one) == kind][:6]
                self._faults.add(
                    place, f"The metric '{name}' does not fit {against}.", f"Metrics of {kind}: {', '.join(few)}."
                )
        if top.get("interval") is not None and kind == "classification":
            place = root.keys.get("interval")
            self._faults.add(place, "'interval' does not fit classification.", "Bands are put around numbers.")
        if top.get("costs") is not None and kind == "regression":
            self._faults.add(root.keys.get("costs"), "'costs' do not fit regression.", "They weigh wrong classes.")

    def _section(self, root: Node, name: str, known: tuple[str, ...] | None, node: Node | None = None) -> Node | None:
        node = node or root.value.get(name)
        if node is None or node.value is None:
            return None
        if not isinstance(node.value, dict):
            self._faults.add(node.place, f"'{name}' must be fields, it is {node.kind}.", f"Write `{name}: {{...}}`.")
            return None
        if known is not None:
            self._known(node, f"{name}.", known)
        return node

    def _mapping(self, node: Node, name: str) -> dict[str, Node]:
        if isinstance(node.value, dict):
            return node.value
        self._faults.add(node.place, f"'{name}' must be fields, it is {node.kind}.", f"Write `{name}: {{...}}`.")
        return {}

    def _known(self, node: Node, prefix: str, known: tuple[str, ...]) -> None:
        for key in node.value:
            if key not in known:
                other = _OTHER_WORDS.get(key.lower())
                hint = f"Did you mean '{other}'?" if other in known else _sentence(did_you_mean(key, known))
                self._faults.add(node.keys.get(key), f"'{prefix}{key}' is not a field of a brief.", hint)

    def _fields(self, node: Node, prefix: str, readers: Mapping[str, f.Reader]) -> dict[str, Any]:
        read: dict[str, Any] = {}
        for key, reader in readers.items():
            item = node.value.get(key)
            if item is None or (item.value is None and item.text == "" and key not in ("objective", "source")):
                continue  # left empty: inferred
            try:
                read[key] = reader(item)
            except Wrong as wrong:
                self._wrong(prefix + key, item, node.keys.get(key), wrong)
        return read

    def _each(self, node: Node | None, name: str, reader: Any) -> dict[str, Any]:
        read: dict[str, Any] = {}
        if node is None or node.value is None:
            return read
        for key, item in self._mapping(node, name).items():
            try:
                read[key] = reader(key, item)
            except Wrong as wrong:
                self._wrong(f"{name}.{key}", item, node.keys.get(key), wrong)
        return read

    def _wrong(self, name: str, item: Node, place: Place | None, wrong: Wrong) -> None:
        self._faults.add(item.place or place, f"'{name}': {wrong.message}", wrong.hint)


def _metric_names() -> tuple[str, ...]:
    from mlwright.evaluation.metrics import METRICS

    return tuple(METRICS)


def _kind_of(metric: str) -> str:
    tasks = f.find_metric(metric).tasks
    return "classification" if "binary" in tasks or "multiclass" in tasks else str(tasks[0])


def _place_of(root: Node, section: str, metric: str) -> Place | None:
    node = root.value[section]
    if isinstance(node.value, dict):
        for key, place in node.keys.items():
            if key != "fairness" and key not in _MEASURES and f.find_metric(key).name == metric:
                return place
    return node.place


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:]
