"""Take the end of every series as the sealed test; its values go to the vault and nowhere else."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.series_facts import SeriesFacts

if TYPE_CHECKING:
    from mlwright.data.series import Panel

_TEST_SHARE = 0.15
_MOST_WINDOWS = 20
_MOST_CASES = 400  # windows over all series


class SplitSeriesParams(BaseModel, extra="forbid"):
    """How much to seal; None lets the histories decide."""

    test_share: float | None = None
    seed: int = 0


class SplitSeries:
    """Series to histories, the test's further columns, and sealed values."""

    traits: ClassVar[Traits] = Traits(summary="Seal the end of every series in the vault", extra="train")
    name: ClassVar[str] = "split_series"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = SplitSeriesParams
    inputs: ClassVar[Mapping[str, str]] = {"panel": "parquet", "series": "json"}
    outputs: ClassVar[Mapping[str, str]] = {"training": "parquet", "test": "parquet", "split": "json"}

    def run(self, params: SplitSeriesParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Cut every series that is long enough; a short one is learned from only."""
        import numpy as np

        from mlwright.data.series import Panel, Series
        from mlwright.data.series_frame import frame_of
        from mlwright.evaluation.vault import seal

        facts = SeriesFacts.model_validate(inputs["series"])
        panel = facts.panel(inputs["panel"])
        windows = _windows(panel, facts, params.test_share or _TEST_SHARE)
        steps = windows * facts.horizon
        training: list[Series] = []
        test: list[Series] = []
        for one in panel.series:
            cut = one.end - steps
            if cut - one.start < _least(facts.horizon):
                training.append(one)
                continue
            training.append(one.until(cut, facts.horizon))
            test.append(one)
        sealed = np.concatenate([one.values[-steps:] for one in test])
        digest = seal(sealed, context.gate.write(context.vault / "labels.npy").parent)
        hidden = [_without_end(one, steps) for one in test]
        kept = sum(len(one.values) for one in training)
        split = {
            "strategy": "time",
            "why": f"the last {windows} x {facts.horizon} steps of {len(test):,} of {len(panel.series):,} series",
            "training_rows": kept,
            "test_rows": len(sealed),
            "seed": params.seed,
            "sealed_sha256": digest,
            "train": list(range(kept)),
            "test": list(range(kept, kept + len(sealed))),
            "windows": windows,
            "tested": [one.name for one in test],
        }
        return {
            "training": frame_of(Panel(panel.grid, tuple(training))),
            "test": frame_of(Panel(panel.grid, tuple(hidden))),
            "split": split,
        }


def _least(horizon: int) -> int:
    """Return how many values must stay before the test."""
    return max(horizon, 4)


def _windows(panel: "Panel", facts: SeriesFacts, share: float) -> int:
    longest = max(len(one.values) for one in panel.series)
    if longest < facts.horizon + _least(facts.horizon):
        raise DataError(
            f"The horizon is {facts.horizon} steps, and the longest history has {longest:,}; at least "
            f"{facts.horizon + _least(facts.horizon):,} are needed, one horizon of them for the test.",
            hint=f"set forecast.horizon in the brief to {max(1, longest // 4)}, say, or give a longer history.",
        )
    if facts.windows is not None:
        if longest < facts.windows * facts.horizon + _least(facts.horizon):
            raise DataError(
                f"{facts.windows} windows of {facts.horizon} steps leave nothing of {longest:,} to learn from.",
                hint="set forecast.windows in the brief to fewer.",
            )
        return facts.windows
    wanted = int(share * longest // facts.horizon)
    return max(1, min(wanted, _MOST_WINDOWS, _MOST_CASES // len(panel.series)))


def _without_end(one: Any, steps: int) -> Any:
    """Return a series whose last values are hidden; its other columns stay, as they would in a table."""
    from dataclasses import replace

    import numpy as np

    values = one.values.copy()
    values[-steps:] = np.nan
    return replace(one, values=values)
