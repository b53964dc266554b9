"""What is compared: each system's adapter, its options, and the requirements of its environment."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class System:
    """One competitor.

    Attributes:
        name: As the results have it.
        adapter: File in `adapters/` without its ending; also the environment's name, unless it is the current one.
        package: Whose version is written down.
        options: What the adapter passes on.
        has_budget: False: it takes no budget, so it is measured once and stands beside every budget.
    """

    name: str
    adapter: str
    package: str
    options: Mapping[str, str] = field(default_factory=dict)
    has_budget: bool = True

    @property
    def adapter_file(self) -> Path:
        return _HERE / "adapters" / f"{self.adapter}.py"

    @property
    def requirements(self) -> Path | None:
        """Pinned requirements of its environment; None: it runs in the current one."""
        return None if self.adapter == "mlwright" else _HERE / f"requirements-{self.adapter}.txt"


_ALL = (
    System("mlwright", "mlwright", "mlwright"),
    System("autogluon", "autogluon", "autogluon.tabular", {"presets": "good_quality"}),
    System("autogluon_medium", "autogluon", "autogluon.tabular", {"presets": "medium_quality"}),
    System("autogluon_best", "autogluon", "autogluon.tabular", {"presets": "best_quality"}),
    System("mljar", "mljar", "mljar-supervised", {"mode": "Compete"}),
    System("mljar_perform", "mljar", "mljar-supervised", {"mode": "Perform"}),
    System("flaml", "flaml", "flaml"),
    System("lightgbm", "lightgbm", "lightgbm", has_budget=False),
)
SYSTEMS = MappingProxyType({system.name: system for system in _ALL})
