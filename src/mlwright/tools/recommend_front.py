"""The front of a recommender from the artifacts of a run."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlwright.models.recommend.front import RecommendFront


def front_of(model: Path, front: Mapping[str, Any]) -> RecommendFront:
    """Return what makes lists of items from a stored recommender."""
    return RecommendFront.of_files(json.dumps(dict(front)).encode(), (model / "recommender.npz").read_bytes())
