"""Take the sealed test from the data, once; its labels go to the vault and nowhere else."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import BaseModel

from mlwright.base.traits import Traits
from mlwright.run.types import Context
from mlwright.tools.table import dataset_of, encoded_target
from mlwright.tools.understanding import Understanding


class SplitParams(BaseModel, extra="forbid"):
    """How to split; None lets the size of the table decide."""

    test_share: float | None = None
    strategy: Literal["auto", "random", "stratified", "group", "time"] = "auto"
    seed: int = 0


class Split:
    """Dataset to training part, test part without its target, and sealed labels."""

    traits: ClassVar[Traits] = Traits(summary="Split once; seal the test's labels in the vault", extra="train")
    name: ClassVar[str] = "split"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = False
    params: ClassVar[type[BaseModel]] = SplitParams
    inputs: ClassVar[Mapping[str, str]] = {"dataset": "parquet", "understanding": "json"}
    outputs: ClassVar[Mapping[str, str]] = {"training": "parquet", "test": "parquet", "split": "json"}

    def run(self, params: SplitParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Split, seal, and say how it was done."""
        from mlwright.data.splits import SplitPlan, split_test
        from mlwright.evaluation.vault import seal

        understanding = Understanding.model_validate(inputs["understanding"])
        dataset = dataset_of(inputs["dataset"], understanding.table)
        share = params.test_share or (0.2 if dataset.rows < 50_000 else 0.1)
        how = SplitPlan(
            test_share=share,
            strategy=params.strategy,
            seed=params.seed,
            by_class=understanding.task.is_classification,
        )
        split = split_test(dataset, how)
        training, test = dataset.take(split.train), dataset.take(split.test)
        digest, sealed = "", test.frame
        if understanding.labelled:
            vault = context.gate.write(context.vault / "labels.npy").parent
            digest = seal(encoded_target(test.frame, understanding), vault)
            sealed = test.frame.drop(understanding.target)
        facts = {
            "strategy": split.strategy,
            "why": split.why,
            "training_rows": training.rows,
            "test_rows": test.rows,
            "seed": params.seed,
            "sealed_sha256": digest,
            "train": split.train.tolist(),
            "test": split.test.tolist(),
        }
        return {"training": training.frame, "test": sealed, "split": facts}
