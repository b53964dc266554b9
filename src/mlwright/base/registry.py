"""Registries: a name leads to a class, found lazily; outsiders join by an entry point of the same group."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from types import MappingProxyType
from typing import Any

from mlwright.base.errors import InputError, MissingExtra
from mlwright.base.suggest import did_you_mean
from mlwright.base.traits import Traits


class Registry:
    """Names of one kind of capability, each with a `module:Class` that carries `traits: Traits`.

    Example:
        >>> kinds = Registry("error", group="mlwright.errors", builtin={"run": "mlwright.base.errors:RunError"})
        >>> list(kinds)
        ['run']
    """

    def __init__(self, kind: str, *, group: str, builtin: Mapping[str, str]) -> None:
        self.kind = kind
        self.group = group
        self.builtin = MappingProxyType(dict(builtin))

    def __iter__(self) -> Iterator[str]:
        return iter(self._targets())

    def __contains__(self, name: object) -> bool:
        return name in self._targets()

    def find(self, name: str) -> Any:
        """Return the class registered as `name`, whether or not what it requires is installed.

        Raises:
            InputError: No such name.
        """
        targets = self._targets()
        if name not in targets:
            raise InputError(f"There is no {self.kind} '{name}'.", hint=did_you_mean(name, targets))
        module, _, attribute = targets[name].partition(":")
        return getattr(import_module(module), attribute)

    def load(self, name: str) -> Any:
        """Return the class registered as `name`, ready to use.

        Raises:
            InputError: No such name.
            MissingExtra: A package that it requires is not installed.
        """
        found = self.find(name)
        require(found.traits, f"The {self.kind} '{name}'")
        return found

    def _targets(self) -> dict[str, str]:
        return {**self.builtin, **dict(_outside(self.group))}


@cache
def _outside(group: str) -> tuple[tuple[str, str], ...]:
    """Return what installed packages add to a group; looked up once, since it reads every package's metadata."""
    return tuple((point.name, point.value) for point in entry_points(group=group))


def missing(traits: Traits) -> tuple[str, ...]:
    """Return the required import names that are not installed."""
    return tuple(name for name in traits.requires if find_spec(name) is None)


def require(traits: Traits, what: str) -> None:
    """Refuse to go on without the packages that `what` needs.

    Raises:
        MissingExtra: One of them is not installed.
    """
    absent = missing(traits)
    if absent:
        raise MissingExtra(
            f"{what} needs {', '.join(absent)}, which is not installed.",
            hint=f"pip install 'mlwright[{traits.extra}]'",
        )
