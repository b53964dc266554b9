"""Tables drawn from one distribution, as many rows as asked for."""

from collections.abc import Callable

import numpy as np
import pytest

from mlwright.data.schema import Column, SemanticType

Table = dict[str, np.ndarray]
Draw = Callable[[int, int], Table]


def draw_table(rows: int, seed: int) -> Table:
    rng = np.random.default_rng(seed)
    table: Table = {
        "normal": rng.normal(50, 10, rows),
        "skewed": rng.lognormal(0, 1.5, rows),
        "holes": np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows)),
        "count": rng.poisson(4, rows).astype(float),
        "flag": rng.choice(np.array(["false", "true"], dtype=object), rows, p=[0.7, 0.3]),
        "city": _levels(rng, 40, rows),
        "customer": _levels(rng, 5000, rows),
        "note": np.array(["x" * k for k in rng.poisson(20, rows) + 1], dtype=object),
    }
    table["city"][rng.random(rows) < 0.03] = ""
    return table


def _levels(rng: np.random.Generator, count: int, rows: int) -> np.ndarray:
    p = 1 / np.arange(1, count + 1)
    return np.array([f"level {k}" for k in range(count)], dtype=object)[rng.choice(count, rows, p=p / p.sum())]


@pytest.fixture(scope="session")
def draw() -> Draw:
    return draw_table


@pytest.fixture(scope="session")
def inputs() -> tuple[Column, ...]:
    kinds = {
        name: SemanticType.CATEGORY if values.dtype == object else SemanticType.NUMBER
        for name, values in draw_table(5, 0).items()
    }
    kinds["note"] = SemanticType.TEXT
    return tuple(Column(name=name, type=kind) for name, kind in kinds.items())
