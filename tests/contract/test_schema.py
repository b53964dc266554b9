"""A charter is parsed, and each of its faults has a line."""

from pathlib import Path

import pytest

from mlwright.base.errors import ContractError
from mlwright.brief.load import load_brief
from mlwright.contract.schema import Contract, check_contract, load_contract
from mlwright.contract.write import contract_markdown

GOOD = """---
role: engineer
reads: ["{data}"]
writes: ["{run}/**"]
tools: ["*"]
budget: {time: 10m, memory: 2 GB, usd: $1}
---
Work well.
"""


def _check(tmp_path: Path, text: str) -> Contract:
    (tmp_path / "c.md").write_text(text)
    return check_contract(tmp_path / "c.md")


def test_the_default_charter_is_complete() -> None:
    contract = load_contract()
    assert contract.role == "AI/ML engineer"
    assert {line.delegate for line in contract.boundaries} == {
        "front-end engineer", "database engineer", "platform engineer", "domain expert",
    }  # fmt: skip
    for field in ("expertise", "required_inputs", "gates", "guardrails", "output_format", "success_criteria", "body"):
        assert getattr(contract, field)


def test_units_are_parsed(tmp_path: Path) -> None:
    budget = _check(tmp_path, GOOD).budget
    assert (budget.seconds, budget.memory_bytes, budget.usd) == (600, 2_000_000_000, 1)


def test_a_contract_is_written_and_read_back(tmp_path: Path) -> None:
    contract = _check(tmp_path, GOOD).within(tmp_path)
    assert _check(tmp_path, contract_markdown(contract)) == contract


def test_every_fault_is_listed_with_its_line(tmp_path: Path) -> None:
    bad = GOOD.replace("role:", "rule:").replace("10m", "10 parsecs").replace('"{run}/**"', '"{rum}/../x"')
    with pytest.raises(ContractError) as caught:
        _check(tmp_path, bad)
    text = str(caught.value)
    assert "c.md:2:1: 'rule' is not a field of a contract. Did you mean 'role'?" in text
    assert "'role' is missing" in text
    assert "c.md:6:" in text
    assert "10 parsecs" in text


def test_patterns_are_checked(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match=r"c\.md:4:10: '\{rum\}/\.\./x'"):
        _check(tmp_path, GOOD.replace('"{run}/**"', '"{rum}/../x"'))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "starts with front matter"),
        ("# A contract\n", "starts with front matter"),
        ("---\n---\n", "empty"),
        ("---\n- a\n---\n", "not fields"),
        ("---\nrole: [\n---\n", "not YAML"),
        ("---\nrole: a\nrole: b\n---\n", "given twice"),
        ("---\nrole: a\nreads: 5\nwrites: []\ntools: []\n---\n", "'reads'"),
    ],
)
def test_what_is_no_contract_is_a_clear_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ContractError, match=message):
        _check(tmp_path, text)


def test_a_missing_file_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="There is no file"):
        check_contract(tmp_path / "none.md")


def test_the_briefs_data_and_limits_enter_the_contract(tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text("a\n1\n")
    brief = load_brief({"objective": "Predict", "data": "c.csv", "constraints": {"time": "5m", "memory": "1 GB"}})
    contract = Contract.for_brief(brief, tmp_path)
    assert f"{tmp_path}/c.csv" in contract.reads
    assert (contract.budget.seconds, contract.budget.memory_bytes) == (300, 1_000_000_000)


def test_a_brief_cannot_ask_for_more_than_the_contract_allows(tmp_path: Path) -> None:
    brief = load_brief({"objective": "Predict", "data": "sample://wine", "constraints": {"time": "1h"}})
    with pytest.raises(ContractError, match="time 3600, the contract allows 600"):
        Contract.for_brief(brief, tmp_path, _check(tmp_path, GOOD))


@pytest.mark.parametrize(
    ("objective", "delegate"),
    [
        ("Build a React dashboard for the sales team", "front-end engineer"),
        ("Design the database schema of our shop", "database engineer"),
        ("Provision a Kubernetes cluster with Terraform", "platform engineer"),
        ("Write the business rules for refunds", "domain expert"),
    ],
)
def test_foreign_work_is_refused_with_the_delegates_name(tmp_path: Path, objective: str, delegate: str) -> None:
    brief = load_brief({"objective": objective, "data": "sample://wine"})
    with pytest.raises(ContractError, match=f"leaves to the {delegate}"):
        Contract.for_brief(brief, tmp_path)


@pytest.mark.parametrize(
    "objective",
    [
        "Predict churn",
        "Which web pages will be read?",
        "Predict whether a database migration fails",
        "Classify mobile app reviews for the landing page",
        "Customer churn for the dashboard team",
        "Tell malignant from benign tumours",
        "Forecast the load of a Kubernetes cluster",
    ],
)
def test_our_work_is_not_refused(tmp_path: Path, objective: str) -> None:
    assert Contract.for_brief(load_brief({"objective": objective, "data": "sample://wine"}), tmp_path)
