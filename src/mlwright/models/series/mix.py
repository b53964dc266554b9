"""The model of forecast rows: a weighted mean of forecasts, some of them columns of the row, one made by trees."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array, Columns
from mlwright.features.lags import BASE, SPREAD
from mlwright.models.signature import Signature
from mlwright.models.tabular.ensemble import Member, write_json


@dataclass(frozen=True, slots=True)
class ForecastMix:
    """From rows to values.

    Attributes:
        weights: By column: that column's share of the answer.
        trees: What is added to base in units of spread; None without trees.
        tree_weight: Its share; all shares sum to 1.
    """

    signature: Signature
    weights: Mapping[str, float]
    trees: Member | None = None
    tree_weight: float = 0.0

    def predict(self, columns: Columns) -> Array:
        """Return the forecasts, float64, shape (n,).

        Raises:
            DataError: A column is missing.
        """
        for column in self.signature.inputs:
            if column.name not in columns:
                raise DataError(f"The rows lack the column '{column.name}'.", hint="make them with the model's front.")
        total = np.zeros(len(columns[self.signature.inputs[0].name]))
        for name, weight in self.weights.items():
            total = total + weight * columns[name]
        if self.trees is not None:
            total = total + self.tree_weight * (columns[BASE] + columns[SPREAD] * self.trees.predict(columns))
        return total

    def save(self, directory: Path) -> None:
        """Write `forecast.json` and, with trees, `trees/` into an existing, empty directory."""
        if self.trees is not None:
            (directory / "trees").mkdir()
            self.trees.save(directory / "trees")
        content = {
            "format": 1,
            "signature": self.signature.model_dump(mode="json"),
            "weights": dict(self.weights),
            "tree_weight": self.tree_weight,
        }
        write_json(directory / "forecast.json", content)

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read what `save` wrote, executing no code from it."""
        content = json.loads((directory / "forecast.json").read_text(encoding="utf-8"))
        trees = Member.load(directory / "trees") if (directory / "trees").is_dir() else None
        signature = Signature.model_validate(content["signature"])
        return cls(signature, content["weights"], trees, content["tree_weight"])
