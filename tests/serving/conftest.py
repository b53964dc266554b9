"""A small real delivery for the tests of this room."""

import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlwright.models.signature import Task
from mlwright.serving.settings import Settings


@pytest.fixture(scope="session")
def small() -> SimpleNamespace:
    """The functions of small_delivery.py."""
    return SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("small_delivery.py"))))


@pytest.fixture(scope="session")
def delivery(small: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write(tmp_path_factory.mktemp("classified"))


@pytest.fixture(scope="session")
def regression(small: SimpleNamespace, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small.write(tmp_path_factory.mktemp("regressed"), Task.REGRESSION)


@pytest.fixture(scope="session")
def unsigned() -> Settings:
    """A delivery that is still being made has no manifest."""
    return Settings(require_manifest=False)
