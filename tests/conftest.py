"""What every test may ask for."""

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real tables used in development; it is not part of the product."""
    folder = Path(os.environ.get("MLWRIGHT_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "tabular").is_dir():
        pytest.skip(f"no development data at {folder}; set MLWRIGHT_DATA to a folder that has tabular/titanic.csv")
    return folder
