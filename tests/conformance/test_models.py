"""Every registered family keeps every promise."""

import pytest

from mlwright.models.tabular import MODELS
from mlwright.testing import check_model


@pytest.mark.parametrize("family", list(MODELS))
def test_family_conforms(family: str) -> None:
    check_model(family)
