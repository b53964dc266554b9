"""A plan is checked whole, and every fault is named at once."""

from typing import Any

import pytest

from mlwright.base.errors import ContractError, InputError
from mlwright.contract.schema import Contract
from mlwright.run.types import Plan, Step


def test_a_good_plan_is_returned(toys: Any, contract: Contract) -> None:
    plan = Plan(
        steps=(
            Step(name="count", tool="count", params={"upto": 2}),
            Step(name="total", tool="total", inputs={"numbers": "count.numbers"}),
        )
    )
    assert plan.checked(toys.TOOLS, contract) is plan


def test_every_fault_is_named_at_once(toys: Any, contract: Contract) -> None:
    plan = Plan(
        steps=(
            Step(name="count", tool="cuont"),
            Step(name="count", tool="count", params={"up_to": 2, "pause": "long"}),
            Step(name="total", tool="total", inputs={"number": "count.numbers", "extra": "total.folder"}),
            Step(name="again", tool="total", inputs={"numbers": "total.folder"}),
        )
    )
    with pytest.raises(InputError) as caught:
        plan.checked(toys.TOOLS, contract)
    for part in (
        "there is no tool 'cuont'. Did you mean 'count'?",
        "used twice",
        "'up_to'",
        "'pause'",
        "no input 'number'. Did you mean 'numbers'?",
        "no earlier step makes 'total.folder'",
        "input 'numbers' is not connected",
        "'total.folder' is directory, the input 'numbers' takes json",
    ):
        assert part in str(caught.value)


def test_a_forbidden_tool_is_the_contracts_refusal(toys: Any, contract: Contract) -> None:
    narrow = contract.model_copy(update={"tools": ("total",)})
    with pytest.raises(ContractError, match="'count'"):
        Plan(steps=(Step(name="count", tool="count"),)).checked(toys.TOOLS, narrow)
