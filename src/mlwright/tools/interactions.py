"""The training part of interactions as recommenders take it: built in one place, with the same codes for all."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlwright.data.columns import Array

if TYPE_CHECKING:
    from mlwright.data.dataset import Dataset
    from mlwright.data.feedback import FeedbackColumns
    from mlwright.models.recommend.interactions import Interactions


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Interactions with the names behind their codes.

    Attributes:
        rows: The interactions.
        users, items: Names in the order of the codes; those of the training part alone.
        columns: What the columns are called.
        liked_from: The rating from which on something counts as liked: the median; None without ratings.
    """

    rows: "Interactions"
    users: tuple[str, ...]
    items: tuple[str, ...]
    columns: "FeedbackColumns"
    liked_from: float | None


def catalogue_of(dataset: "Dataset") -> Catalogue:
    """Return the training part of interactions."""
    import numpy as np

    from mlwright.data.feedback import feedback_columns
    from mlwright.models.recommend.interactions import Interactions

    columns = feedback_columns(dataset)
    cells = dataset.columns()
    users, user_codes = np.unique(cells[columns.user].astype(str), return_inverse=True)
    items, item_codes = np.unique(cells[columns.item].astype(str), return_inverse=True)
    values = np.ones(dataset.rows) if columns.rating is None else cells[columns.rating]
    liked_from = None if columns.rating is None else float(np.median(values))
    rows = Interactions(
        users=user_codes.astype(np.int64),
        items=item_codes.astype(np.int64),
        values=values,
        liked=np.ones(dataset.rows, dtype=bool) if liked_from is None else values >= liked_from,
        ages=None if columns.time is None else _ages(cells[columns.time]),
        user_count=len(users),
        item_count=len(items),
    )
    return Catalogue(rows, tuple(map(str, users)), tuple(map(str, items)), columns, liked_from)


def _ages(times: Any) -> Array:
    """Return the time before the latest row as a share of the whole time."""
    import numpy as np

    numbers = np.unique(times, return_inverse=True)[1].astype(np.float64) if times.dtype == object else times
    span = float(np.ptp(numbers))
    return (numbers.max() - numbers) / span if span > 0 else np.zeros(len(numbers))
