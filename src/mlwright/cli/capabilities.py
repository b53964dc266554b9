"""`mlwright list` and `mlwright doctor`: both read the registries and nothing else."""

import platform
import sys

from rich.markup import escape
from rich.table import Table

from mlwright.base.registry import Registry, missing
from mlwright.cli.screen import console


def registries() -> list[Registry]:
    """Return every registry of the house."""
    from mlwright.data.readers import READERS
    from mlwright.llm.providers import PROVIDERS
    from mlwright.models.rankers import RANKERS
    from mlwright.models.recommend import RECOMMENDERS
    from mlwright.models.tabular import MODELS
    from mlwright.tools import TOOLS
    from mlwright.tuning.searchers import SEARCHERS

    return [MODELS, RANKERS, RECOMMENDERS, SEARCHERS, READERS, PROVIDERS, TOOLS]


def print_capabilities(kind: str | None) -> None:
    """Print what is registered, one table per kind."""
    found = [registry for registry in registries() if kind is None or kind in registry.kind]
    if not found:
        from mlwright.base.errors import InputError
        from mlwright.base.suggest import did_you_mean

        raise InputError(
            f"There is no kind of capability '{kind}'.",
            hint=did_you_mean(kind or "", [registry.kind for registry in registries()]),
        )
    screen = console()
    for registry in found:
        table = Table(title=registry.kind, title_justify="left", box=None, padding=(0, 2, 0, 0))
        for heading in ("name", "what", "extra", "here"):
            table.add_column(heading)
        for name in registry:
            traits = registry.find(name).traits
            table.add_row(name, escape(traits.summary), traits.extra or "-", "no" if missing(traits) else "yes")
        screen.print(table)
        screen.print()


def print_doctor() -> int:
    """Print what is ready here; returns 0 when everything registered is, else 1."""
    screen = console()
    screen.print(f"Python {platform.python_version()} at {sys.executable}, {platform.platform()}")
    absent: dict[str, set[str]] = {}
    for registry in registries():
        for name in registry:
            traits = registry.find(name).traits
            for package in missing(traits):
                absent.setdefault(traits.extra, set()).add(package)
    if not absent:
        screen.print("Everything that is registered can be used here.")
        return 0
    for extra, packages in sorted(absent.items()):
        screen.print(f"Not here: {', '.join(sorted(packages))}. Install: pip install 'mlwright[{extra}]'", markup=False)
    return 1
