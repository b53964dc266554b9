"""Write a recommender as ONNX and compare the graph with it on pairs that have nothing to do with the sealed ones."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, ClassVar

from pydantic import BaseModel

from mlwright.base.errors import Infeasible
from mlwright.base.traits import Traits
from mlwright.models.signature import Signature
from mlwright.run.types import Context
from mlwright.tools.recommend_front import front_of

_PAIRS = 2_000


class ExportRecommenderParams(BaseModel, extra="forbid"):
    """Where the pairs come from."""

    seed: int = 0


class ExportRecommender:
    """Recommender to an ONNX graph over pairs of names."""

    traits: ClassVar[Traits] = Traits(
        summary="Write pairs of user and item to scores as one ONNX graph; measure parity",
        extra="train",
        requires=("onnx", "onnxruntime"),
    )
    name: ClassVar[str] = "export_recommender"
    version: ClassVar[str] = "1"
    summary: ClassVar[str] = traits.summary
    heavy: ClassVar[bool] = True
    final: ClassVar[bool] = True
    params: ClassVar[type[BaseModel]] = ExportRecommenderParams
    inputs: ClassVar[Mapping[str, str]] = {"model": "directory", "signature": "json", "front": "json"}
    outputs: ClassVar[Mapping[str, str]] = {"onnx": "bytes", "parity": "json", "pairs": "parquet", "predictions": "npz"}

    def run(self, params: ExportRecommenderParams, inputs: Mapping[str, Any], context: Context) -> Mapping[str, Any]:
        """Export; a graph that differs from the recommender is refused."""
        import numpy as np
        import polars as pl

        from mlwright.base.seeds import generator
        from mlwright.export.onnx.parity import GATE, Parity, run_graph
        from mlwright.export.onnx.recommend import export_recommender

        signature = Signature.model_validate(inputs["signature"])
        front = front_of(inputs["model"], inputs["front"])
        known = front.recommender
        graph = export_recommender(known, signature)
        random = generator(params.seed, "pairs")
        users = np.array(known.users, dtype=object)[random.integers(0, len(known.users), _PAIRS)]
        items = np.array(known.items, dtype=object)[random.integers(0, len(known.items), _PAIRS)]
        columns = dict(zip([column.name for column in signature.inputs], (users, items), strict=True))
        native, served = known.pairs(users.tolist(), items.tolist()), run_graph(graph, signature, columns).scores
        gap = float(np.max(np.abs(native - served))) / (float(np.std(native)) or 1.0)
        if gap > GATE:
            raise Infeasible(
                f"The ONNX graph differs from the recommender by {gap:.2g}; at most {GATE:g} is allowed.",
                hint="this is a fault of mlwright; report it.",
            )
        return {
            "onnx": graph,
            "parity": asdict(Parity(_PAIRS, gap, 0, 0, gap <= GATE, GATE)),
            "pairs": pl.DataFrame({name: values.tolist() for name, values in columns.items()}),
            "predictions": {"values": native},
        }
