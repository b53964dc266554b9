"""Work for child processes lives in a module that they can import."""

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "run"))
    import toys

    return toys
