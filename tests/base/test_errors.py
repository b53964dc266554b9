"""Every error has a message, a hint and an exit code, also after it has crossed a process border."""

import inspect
import pickle

import pytest

from mlwright.base import errors
from mlwright.base.errors import DataError, InputError, MlwrightError
from mlwright.base.seeds import derive_seed, generator
from mlwright.base.suggest import did_you_mean

KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, MlwrightError)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_error_needs_a_hint_and_survives_a_border(kind):
    with pytest.raises(TypeError):
        kind("what")
    back = pickle.loads(pickle.dumps(kind("what", hint="do this")))
    assert type(back) is kind
    assert str(back) == "what\nHint: do this"
    assert back.exit_code in (1, 2)


def test_what_a_person_can_mend_has_exit_code_2():
    assert DataError("x", hint="y").exit_code == InputError("x", hint="y").exit_code == 2


def test_every_error_stands_in_the_tree_of_the_module():
    assert all(kind.__name__ in (errors.__doc__ or "") for kind in KINDS)


def test_a_near_name_is_suggested_and_a_far_one_is_not():
    assert did_you_mean("Taget", ["target", "source"]) == "did you mean 'target'?"
    assert did_you_mean("zzz", ["target", "source"]) == "choose one of: target, source."


def test_seeds_differ_by_name_and_repeat():
    assert derive_seed(0, "a") == derive_seed(0, "a") != derive_seed(0, "b")
    assert generator(1, "x").random() == generator(1, "x").random()
