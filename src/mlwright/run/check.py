"""Checks a plan whole before anything is spent."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from mlwright.base.errors import ContractError, InputError, MlwrightError
from mlwright.base.suggest import did_you_mean
from mlwright.contract.gate import Gate
from mlwright.contract.schema import Contract
from mlwright.run.steps import Step, Tool, Tools, find_tool


def check_steps(steps: Sequence[Step], tools: Tools, contract: Contract) -> None:
    """Raise one error that lists every fault of a plan; nothing when there is none.

    Raises:
        InputError: See `Plan.checked`. A plan whose only faults are forbidden tools raises ContractError.
    """
    faults: list[MlwrightError] = []
    made: dict[str, str] = {}  # "step.output" to codec
    names: set[str] = set()
    for step in steps:
        if step.name in names or not step.name or "." in step.name or "/" in step.name:
            faults.append(_fault(step, "its name is empty, used twice or has a dot or slash", "Name it differently."))
        names.add(step.name)
        tool = _tool(step, tools, Gate(contract), faults)
        if tool is None:
            made.update({f"{step.name}.*": ""})
            continue
        _check_inputs(step, tool, made, faults)
        _check_params(step, tool, faults)
        made.update({f"{step.name}.{output}": codec for output, codec in tool.outputs.items()})
    if not faults:
        return
    kind = ContractError if all(isinstance(fault, ContractError) for fault in faults) else InputError
    if len(faults) == 1:
        raise kind(faults[0].message, hint=faults[0].hint)
    lines = [f"  {fault.message} {fault.hint}" for fault in faults]
    raise kind("\n".join([f"The plan has {len(lines)} faults:", *lines]), hint="Mend each; nothing was started.")


def _tool(step: Step, tools: Tools, gate: Gate, faults: list[MlwrightError]) -> Tool | None:
    if step.tool not in tools:
        faults.append(_fault(step, f"there is no tool '{step.tool}'", _sentence(did_you_mean(step.tool, tools))))
        return None
    try:
        gate.tool(step.tool)
        return find_tool(tools, step.tool)
    except MlwrightError as error:
        faults.append(type(error)(f"Step '{step.name}': {error.message}", hint=error.hint))
        return None


def _check_inputs(step: Step, tool: Tool, made: Mapping[str, str], faults: list[MlwrightError]) -> None:
    for name, reference in step.inputs.items():
        if name not in tool.inputs:
            hint = _sentence(did_you_mean(name, tool.inputs))
            faults.append(_fault(step, f"the tool '{step.tool}' has no input '{name}'", hint))
        elif reference not in made:
            if f"{reference.partition('.')[0]}.*" not in made:  # its step has been reported already
                hint = _sentence(did_you_mean(reference, [known for known in made if not known.endswith(".*")]))
                faults.append(_fault(step, f"no earlier step makes '{reference}'", hint))
        elif made[reference] != tool.inputs[name].removesuffix("?"):
            faults.append(
                _fault(
                    step,
                    f"'{reference}' is {made[reference]}, the input '{name}' takes {tool.inputs[name]}",
                    "Connect an output of that codec.",
                )
            )
    for name, codec in tool.inputs.items():
        if name not in step.inputs and not codec.endswith("?"):
            faults.append(_fault(step, f"the input '{name}' is not connected", f"Set it to an output of {codec}."))


def _check_params(step: Step, tool: Tool, faults: list[MlwrightError]) -> None:
    try:
        tool.params.model_validate(dict(step.params))
    except ValidationError as exc:
        for error in exc.errors():
            name = ".".join(str(part) for part in error["loc"])
            known: Any = did_you_mean(name, tool.params.model_fields)
            hint = _sentence(known) if error["type"] == "extra_forbidden" else "See the tool's params."
            faults.append(_fault(step, f"the param '{name}': {error['msg']}", hint))


def _fault(step: Step, what: str, hint: str) -> InputError:
    return InputError(f"Step '{step.name}': {what}.", hint=hint)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
