"""The contract's typed form, read from a charter: Markdown whose front matter is YAML."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator

from mlwright.base.errors import BriefError, ContractError
from mlwright.base.suggest import did_you_mean
from mlwright.brief.schema import Brief
from mlwright.brief.source import Faults, Node, Place, Wrong, parse_yaml, read_text
from mlwright.brief.units import parse_bytes, parse_dollars, parse_seconds
from mlwright.contract.boundaries import Boundary, check_boundaries

DEFAULT = Path(__file__).with_name("contract.md")
PLACEHOLDERS = ("{data}", "{run}", "{base}", "{delivery}", "{runs}")


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Budget(_Frozen):
    """What a run may spend at most; a brief may ask for less, never for more.

    Attributes:
        finalisation_share: Share of the time kept back so that a delivery always comes out, in [0.02, 0.9].
        finalisation_seconds: At least so long is kept back, but never more than 55 % of the time.
    """

    seconds: float | None = Field(default=None, gt=0, alias="time")
    memory_bytes: int | None = Field(default=None, gt=0, alias="memory")
    usd: float | None = Field(default=None, ge=0)
    finalisation_share: float = Field(default=0.2, ge=0.02, le=0.9)
    finalisation_seconds: float = Field(default=40.0, ge=0)

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True, validate_by_alias=True)

    @field_validator("seconds", "memory_bytes", "usd", mode="before")
    @classmethod
    def _quantity(cls, value: object, info: ValidationInfo) -> object:
        if not isinstance(value, str):
            return value
        parsers = {"seconds": parse_seconds, "memory_bytes": parse_bytes, "usd": parse_dollars}
        try:
            return parsers[info.field_name or ""](value)
        except BriefError as exc:
            raise ValueError(f"{exc.message} {exc.hint}".rstrip(".")) from exc


class Sealed(_Frozen):
    """Paths that only some tools may touch, whatever `reads` and `writes` say."""

    paths: tuple[str, ...] = ()
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()


class Privacy(_Frozen):
    """What may leave the machine or reach a log."""

    rows_leave_machine: bool = False
    personal_data_in_logs: bool = False


class Contract(_Frozen):
    """What a run may read, write, call and spend. Paths are globs: `*` stays in one folder, `**` does not.

    `{data}` stands for the brief's data sources, `{base}` for the folder of the brief, `{run}` for the run's folder;
    `for_brief` and `within` fill them in. A pattern that is not filled in covers nothing.
    """

    role: str = Field(min_length=1)
    expertise: tuple[str, ...] = ()
    required_inputs: tuple[str, ...] = ()
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    sealed: Sealed = Sealed()
    tools: tuple[str, ...]
    network: tuple[str, ...] = ()
    budget: Budget = Budget()
    privacy: Privacy = Privacy()
    gates: tuple[str, ...] = ()
    boundaries: tuple[Boundary, ...] = ()
    guardrails: tuple[str, ...] = ()
    output_format: tuple[str, ...] = ()
    success_criteria: tuple[str, ...] = ()
    body: str = ""

    @classmethod
    def for_brief(cls, brief: Brief, base: Path, contract: "Contract | Path | None" = None) -> "Contract":
        """Return the contract under which a brief is worked on.

        The data sources fill `{data}`, and the brief's limits lower the budget's.

        Args:
            brief: The brief.
            base: The folder its relative paths start from.
            contract: One in place of the default charter, or its file.

        Raises:
            ContractError: The brief asks for more than the contract's budget, or the charter is wrong.
        """
        charter = contract if isinstance(contract, Contract) else load_contract(contract)
        check_boundaries(brief.objective, charter.boundaries)
        data = [_literal(path) for path in _data_paths(brief, base)]
        filled = charter.filled({"{data}": data, "{base}": [_literal(base.resolve())]}, base)
        return filled.model_copy(update={"budget": _lower(filled.budget, brief)})

    def within(self, run_folder: Path) -> "Contract":
        """Return the contract with `{run}`, `{runs}` and `{delivery}` filled in."""
        real = run_folder.resolve()
        places = {"{run}": real, "{runs}": real.parent, "{delivery}": real / "delivery"}
        return self.filled({name: [_literal(place)] for name, place in places.items()}, real)

    def filled(self, values: Mapping[str, Sequence[str]], base: Path) -> "Contract":
        """Return the contract with placeholders replaced and relative patterns based on `base`."""

        def fill(patterns: Sequence[str]) -> tuple[str, ...]:
            full = [new for pattern in patterns for new in _replaced(pattern, values)]
            return tuple(p if p.startswith(("/", "{")) else f"{_literal(base.resolve())}/{p}" for p in full)

        sealed = self.sealed.model_copy(update={"paths": fill(self.sealed.paths)})
        return self.model_copy(update={"reads": fill(self.reads), "writes": fill(self.writes), "sealed": sealed})


def load_contract(path: Path | None = None) -> Contract:
    """Return the charter in `path`, or the one that ships with mlwright.

    Raises:
        ContractError: Lists every fault with its line.
    """
    return check_contract(path or DEFAULT)


def check_contract(path: Path) -> Contract:
    """Parse a charter; all faults at once.

    Raises:
        ContractError: Lists every fault with its line and what to do.
    """
    path = Path(path)
    faults = Faults(path.name)
    try:
        text = read_text(path, "contract")
    except Wrong as wrong:
        faults.add(wrong.node.place if wrong.node else None, wrong.message, wrong.hint)
        faults.raise_as(ContractError)
        raise
    return parse_contract(text, faults)


def parse_contract(text: str, faults: Faults) -> Contract:
    """Parse the text of a charter."""
    lines = text.splitlines()
    end = next((i for i, line in enumerate(lines[1:], start=1) if line.strip() == "---"), None)
    if not lines or lines[0].strip() != "---" or end is None:
        faults.add(
            Place(1, 1),
            "A contract starts with front matter between two lines of `---`.",
            "Start from `mlwright/contract/contract.md`.",
        )
        faults.raise_as(ContractError)
        raise AssertionError
    root = parse_yaml("\n".join(lines[1:end]) + "\n", faults, first_line=2)
    if root is not None and not isinstance(root.value, dict):
        faults.add(root.place, f"The front matter is {root.kind}, not fields.", "Write `role: ...` and so on.")
    elif root is None and not faults.found:
        faults.add(Place(2, 1), "The front matter is empty.", "Give at least role, reads, writes and tools.")
    faults.raise_as(ContractError)
    assert root is not None  # noqa: S101 - raise_as has raised
    body = "\n".join(lines[end + 1 :]).strip()
    contract: Contract | None = None
    try:
        contract = Contract.model_validate({**_plain(root), "body": body})
    except ValidationError as exc:
        for error in exc.errors():
            _report(error, root, faults)
    else:
        _check_patterns(contract, root, faults)
    faults.raise_as(ContractError)
    assert contract is not None  # noqa: S101
    return contract


def _plain(node: Node) -> Any:
    if isinstance(node.value, dict):
        return {key: _plain(item) for key, item in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(item) for item in node.value]
    return node.value


def _report(error: Any, root: Node, faults: Faults) -> None:
    node, place = root, root.place
    location = [part for part in error["loc"] if part != "body"]
    for part in location:
        if isinstance(node.value, dict) and part in node.value:
            place, node = node.keys.get(str(part), node.place), node.value[part]
        elif isinstance(node.value, list) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            place = node.place
    name = ".".join(str(part) for part in location)
    if error["type"] == "extra_forbidden":
        known = _fields_of(location[:-1])
        faults.add(place, f"'{name}' is not a field of a contract.", _sentence(did_you_mean(str(location[-1]), known)))
    elif error["type"] == "missing":
        faults.add(place, f"'{name}' is missing.", f"Add `{location[-1]}: ...`; the default contract shows how.")
    else:
        faults.add(place, f"'{name}': {error['msg']}.", f"It is {node.kind}; see the default contract.")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _fields_of(location: Sequence[object]) -> list[str]:
    sections: dict[object, type[BaseModel]] = {
        "budget": Budget, "sealed": Sealed, "privacy": Privacy, "boundaries": Boundary,
    }  # fmt: skip
    model = sections.get(location[0], Contract) if location else Contract
    names = [field.alias or name for name, field in model.model_fields.items()]
    return [name for name in names if name != "body"]


def _check_patterns(contract: Contract, root: Node, faults: Faults) -> None:
    for name in ("reads", "writes"):
        for node in root.value[name].value:
            text = str(node.value)
            word = text[text.find("{") : text.find("}") + 1] if "{" in text else ""
            if "{" in text and word not in PLACEHOLDERS:
                faults.add(node.place, f"'{text}' has an unknown placeholder.", f"Use one of {PLACEHOLDERS}.")
            if ".." in Path(text).parts:
                faults.add(node.place, f"'{text}' climbs with '..'.", "Write the folder it should reach.")
    if not contract.tools:
        faults.add(root.keys.get("tools"), "'tools' is empty: nothing could be done.", 'Write `tools: ["*"]`.')


def _replaced(pattern: str, values: Mapping[str, Sequence[str]]) -> list[str]:
    for name, filled in values.items():
        if name in pattern:
            return [pattern.replace(name, value) for value in filled]
    return [pattern]


def _literal(path: Path) -> str:
    """A path as a pattern that covers only itself: glob signs in a folder's name mean nothing."""
    return "".join(f"[{sign}]" if sign in "*?[{" else sign for sign in path.as_posix())


def _data_paths(brief: Brief, base: Path) -> list[Path]:
    from mlwright.data.readers import local_paths

    return [Path(path).resolve() for path in local_paths(list(brief.data.sources), base)]


def _lower(budget: Budget, brief: Brief) -> Budget:
    asked = brief.constraints
    changes: dict[str, Any] = {}
    for mine, theirs, word in (
        ("seconds", asked.time_seconds, "time"),
        ("memory_bytes", asked.memory_bytes, "memory"),
        ("usd", asked.usd, "usd"),
    ):
        limit = getattr(budget, mine)
        if theirs is not None and limit is not None and theirs > limit:
            raise ContractError(
                f"The brief asks for {word} {theirs:g}, the contract allows {limit:g}.",
                hint=f"Lower constraints.{word} in the brief, or raise budget.{word} in the contract.",
            )
        changes[mine] = limit if theirs is None else theirs
    return budget.model_copy(update=changes)
