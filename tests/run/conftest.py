"""A small run, with tools that a child process can import."""

from pathlib import Path
from typing import Any

import pytest

from mlwright.brief.load import load_brief
from mlwright.brief.schema import Brief
from mlwright.contract.schema import Contract, load_contract


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    import toys

    return toys


@pytest.fixture
def brief() -> Brief:
    return load_brief({"objective": "Count up", "data": {"source": "sample://wine"}, "constraints": {"trials": 3}})


@pytest.fixture
def contract() -> Contract:
    return load_contract()
