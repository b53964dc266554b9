"""The measures of a delivered recommender once more, from its own files, in the base install."""

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlwright.base.errors import DataError, VerifyError
from mlwright.data.columns import Array
from mlwright.evaluation.intervals import Bootstrap
from mlwright.evaluation.recommendation_report import rating_metrics, recommendation_metrics
from mlwright.models.recommend.front import ARRAYS, RecommendFront
from mlwright.models.recommend.sealed import sealed_lists

FRONT = "model/front.json"


def open_front(root: Path) -> RecommendFront:
    """Read the front of a delivered recommender.

    Raises:
        VerifyError: There is none, or its files are not those of a recommender.
    """
    try:
        front = (root / FRONT).read_bytes()
        return RecommendFront.of_files(front, (root / "model" / ARRAYS).read_bytes())
    except (OSError, ValueError, KeyError, DataError) as error:
        raise VerifyError(f"{root.name} has no readable recommender: {error}.", hint="deliver again.") from error


def relisted(root: Path, names: Sequence[str]) -> dict[str, float]:
    """Make the lists of all users of the sealed rows again and return measures by name.

    Raises:
        VerifyError: A measure is not known, or a file cannot be read.
    """
    front = open_front(root)
    signature = json.loads((root / "model" / "signature.json").read_bytes())
    rows = _rows(root)
    depths = sorted({int(name.partition("@")[2]) for name in names if "@" in name} | {10})
    target = str(signature["target"])
    lists, _ = sealed_lists(front, rows, target, max(depths))
    # Intervals are not asked for again, so a single draw will do.
    how = Bootstrap(resamples=1)
    found = recommendation_metrics(lists, depths, how)
    if front.file.predicts == "ratings":
        found |= rating_metrics(rows[front.file.user], *_ratings(front, rows, target), how)
    try:
        return {name: float(found[name]["value"]) for name in names}
    except (KeyError, TypeError) as error:
        raise VerifyError(f"scores.json has no such measure as {error}.", hint="deliver again.") from error


def _rows(root: Path) -> dict[str, list[Any]]:
    with gzip.open(root / "evaluation" / "test_rows.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _ratings(front: RecommendFront, rows: dict[str, list[Any]], target: str) -> tuple[Array, Array]:
    said = front.recommender.pairs(rows[front.file.user], rows[front.file.item])
    return np.array(rows[target], dtype=np.float64), said
