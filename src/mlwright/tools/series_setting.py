"""The backtest of a run, built in one place so that every tool has the same windows."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mlwright.tools.series_facts import SeriesFacts
from mlwright.tools.understanding import Understanding

if TYPE_CHECKING:
    from mlwright.tuning.series_search import Setting


def setting_of(inputs: Any, seed: int, families: Iterable[str] = (), deadline: float | None = None) -> "Setting":
    """Return panel, rows and windows of the training part.

    Args:
        inputs: With "understanding", "series" and "training".
        seed: Of the run.
        families: Candidates that are allowed; empty for all.
        deadline: `time.monotonic()` after which no further candidate is begun.
    """
    from mlwright.evaluation.metrics import metric
    from mlwright.tuning.backtest import backtest_plan, cases_of
    from mlwright.tuning.series_search import Setting

    facts = SeriesFacts.model_validate(inputs["series"])
    panel = facts.panel(inputs["training"])
    plan = backtest_plan(panel, facts.rows(panel).seasons, facts.horizon)
    return Setting(
        panel=panel,
        rows=facts.rows(panel),
        backtest=plan,
        cases=cases_of(panel, plan),
        metric=metric(Understanding.model_validate(inputs["understanding"]).metric),
        families=frozenset(families),
        seed=seed,
        deadline=deadline,
    )
