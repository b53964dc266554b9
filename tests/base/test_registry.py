"""Names lead to classes; what is absent is said with what to install."""

import pytest

from mlwright.base.errors import InputError, MissingExtra
from mlwright.base.registry import Registry, missing
from mlwright.base.traits import Traits

TARGET = "mlwright.models.tabular.dummy:Dummy"


class Absent:
    traits = Traits(summary="needs what nobody has", extra="moon", requires=("a_package_that_is_not",))


def registry(target: str = TARGET) -> Registry:
    return Registry("tabular model", group="mlwright.no_such_group", builtin={"dummy": target})


def test_a_name_leads_to_its_class():
    assert registry().load("dummy").name == "dummy"
    assert "dummy" in registry()


def test_a_misspelt_name_is_answered_with_the_near_one():
    with pytest.raises(InputError, match="no tabular model 'dumy'") as raised:
        registry().find("dumy")
    assert raised.value.hint == "did you mean 'dummy'?"


def test_what_is_not_installed_is_named_with_the_extra():
    with pytest.raises(MissingExtra, match="needs a_package_that_is_not") as raised:
        registry(f"{__name__}:Absent").load("dummy")
    assert "mlwright[moon]" in raised.value.hint


def test_finding_needs_no_package():
    assert missing(registry(f"{__name__}:Absent").find("dummy").traits) == ("a_package_that_is_not",)
