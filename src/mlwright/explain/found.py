"""From SHAP values to what is shown: the most important columns, a few rows taken apart, dependence data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from mlwright.data.columns import Array, Columns
from mlwright.explain.choice import choose_rows
from mlwright.explain.codes import CodeTable
from mlwright.explain.explanation import Contribution, Dependence, GlobalImportance, LocalExplanation, Value


@dataclass(frozen=True, slots=True)
class Work:
    """SHAP values as they were computed.

    Attributes:
        rows: Indices into the given rows, shape (r,).
        values: Shape (r, columns, outputs).
        base: Mean prediction on the background, shape (outputs,).
        predictions: Shape (r, outputs).
        stopped: What ended the work.
    """

    rows: Array
    values: Array
    base: Array
    predictions: Array
    stopped: Literal["done", "predictions", "seconds"]


@dataclass(frozen=True, slots=True)
class Found:
    """SHAP values together with the rows and names they belong to."""

    table: CodeTable
    given: Columns
    work: Work
    outputs: tuple[str, ...]

    def order(self) -> list[int]:
        """Return the columns' numbers, the most important first."""
        mean = np.abs(self.work.values).mean(axis=(0, 2))
        return [int(j) for j in np.argsort(-mean, kind="stable")]

    def importance(self) -> tuple[GlobalImportance, ...]:
        """Return mean |SHAP| of every column."""
        by_output = np.abs(self.work.values).mean(axis=0)  # (columns, outputs)
        mean = by_output.mean(axis=1)
        total = float(mean.sum()) or 1.0
        return tuple(
            GlobalImportance(
                column=self.table.names[j],
                mean_abs=float(mean[j]),
                by_output=tuple(map(float, by_output[j])),
                share=float(mean[j]) / total,
            )
            for j in self.order()
        )

    def local(self, hardness: Array | None, asked: Sequence[int]) -> tuple[LocalExplanation, ...]:
        """Return the rows that were asked for, then the typical, the hardest and the extreme ones."""
        known = None if hardness is None else hardness[self.work.rows]
        wanted: list[tuple[int, Any]] = [(i, "asked") for i, row in enumerate(self.work.rows) if int(row) in asked]
        taken = {place for place, _ in wanted}
        for place, why in choose_rows(self.work.values, self.work.predictions, known):
            if place not in taken:
                wanted.append((place, why))
        return tuple(self._one(place, why) for place, why in wanted)

    def dependence(self, columns: int) -> tuple[Dependence, ...]:
        """Return value and SHAP pairs of the top columns, each for the output that it moves most."""
        shown: list[Dependence] = []
        for j in self.order()[:columns]:
            k = int(np.abs(self.work.values[:, j]).mean(axis=0).argmax())
            cells = self.given[self.table.names[j]][self.work.rows]
            shown.append(
                Dependence(
                    column=self.table.names[j],
                    output=self.outputs[k],
                    values=tuple(_cell(cell) for cell in cells),
                    shap=tuple(map(float, self.work.values[:, j, k])),
                )
            )
        return tuple(shown)

    def _one(self, place: int, why: Any) -> LocalExplanation:
        k = int(self.work.predictions[place].argmax())
        values, row = self.work.values[place, :, k], int(self.work.rows[place])
        names = [self.table.names[j] for j in np.argsort(-np.abs(values), kind="stable")]
        by_name = dict(zip(self.table.names, map(float, values), strict=True))
        return LocalExplanation(
            row=row,
            why=why,
            output=self.outputs[k],
            base=float(self.work.base[k]),
            prediction=float(self.work.predictions[place, k]),
            contributions=tuple(
                Contribution(column=name, value=_cell(self.given[name][row]), shap=by_name[name]) for name in names
            ),
        )


def _cell(cell: Any) -> Value:
    if isinstance(cell, str):
        return cell or None
    return None if np.isnan(cell) else float(cell)
