"""One small delivery, made once, that many tests look at."""

import pytest
from tests.journeys.making import BRIEF, Made, make


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(BRIEF, tmp_path_factory.mktemp("runs"))
