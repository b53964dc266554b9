"""Seal each user's latest interactions, or everybody's after one moment: what a recommender is to foresee."""

from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import DataError
from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.split import SplitParams
from mlwright.tools.table import dataset_of
from mlwright.tools.understanding import Understanding


class SplitFeedback:
    """Interactions to the training part, the users of the test, and sealed items and ratings."""

    traits: ClassVar[Traits] = Traits(summary="Seal the latest interactions of every user", extra="train")
    name: ClassVar[str] = "split_feedback"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = SplitParams
    inputs: ClassVar[Mapping[str, str]] = {"dataset": "parquet", "understanding": "json"}
    outputs: ClassVar[Mapping[str, str]] = {"training": "parquet", "test": "parquet", "split": "json"}

    def run(self, params: SplitParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Split, seal which item it was and how it was rated, and say how it was done."""
        import numpy as np

        from mlwright.data.feedback import after, feedback_columns, latest_rows
        from mlwright.evaluation.vault import seal

        understanding = Understanding.model_validate(inputs["understanding"])
        dataset = dataset_of(inputs["dataset"], understanding.table)
        columns, share = feedback_columns(dataset), params.test_share or 0.2
        times = None if columns.time is None else _numbers(dataset.columns([columns.time])[columns.time])
        users = np.unique(dataset.columns([columns.user])[columns.user].astype(str), return_inverse=True)[1]
        if params.strategy == "time":
            if times is None:
                raise DataError("A split by time needs times.", hint="give the column of times the role time.")
            mask, why = after(times, share), f"the latest {share:.0%} of all interactions are the test"
        else:
            mask = latest_rows(users, times, share, params.seed)
            order = "latest" if times is not None else "random"
            why = f"the {order} {share:.0%} of each user's interactions are the test, as the model will meet their next"
        if not mask.any() or mask.all():
            raise DataError(
                f"{int(mask.sum()):,} of {len(mask):,} interactions fall into the test; both sides need some.",
                hint="give users with at least 4 interactions each.",
            )
        train, test = np.flatnonzero(~mask), np.flatnonzero(mask)
        held = dataset.take(test)
        items = sorted(dataset.frame[columns.item].unique().to_list())
        code = {name: at for at, name in enumerate(items)}
        values = np.ones(len(test)) if columns.rating is None else held.frame[columns.rating].to_numpy()
        labels = np.concatenate([[code[name] for name in held.frame[columns.item].to_list()], values])
        digest = seal(labels, context.gate.write(context.vault / "labels.npy").parent)
        sealed = [name for name in (columns.item, columns.rating) if name is not None]
        facts = {
            # Whatever the rule, the test comes after the training: the monitor must know.
            "strategy": "time" if times is not None else "random",
            "how": "after" if params.strategy == "time" else "latest",
            "why": why,
            "training_rows": len(train),
            "test_rows": len(test),
            "seed": params.seed,
            "sealed_sha256": digest,
            "items": items,
            "train": train.tolist(),
            "test": test.tolist(),
        }
        return {"training": dataset.take(train).frame, "test": held.frame.drop(sealed), "split": facts}


def _numbers(times: Any) -> Any:
    """Return times as numbers in their order; texts by rank."""
    import numpy as np

    return np.unique(times, return_inverse=True)[1].astype(np.float64) if times.dtype == object else times
