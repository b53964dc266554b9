"""Who had to do with what: the rows that recommenders are fitted on."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mlwright.data.columns import Array


@dataclass(frozen=True, slots=True)
class Interactions:
    """Rows of (user, item), each pair once.

    Attributes:
        users, items: Codes, int64, shape (n,).
        values: Ratings; 1 where there are none, float64, shape (n,).
        liked: Whether the user liked what they met, bool, shape (n,); all True without ratings.
        ages: Time before the latest row as a share of the whole time, 0 to 1, float64, shape (n,); None without times.
        user_count, item_count: Of the whole catalogue: codes go up to one less, rows or not.
    """

    users: Array
    items: Array
    values: Array
    liked: Array
    ages: Array | None
    user_count: int
    item_count: int

    @property
    def rows(self) -> int:
        return len(self.users)

    def take(self, rows: Array) -> "Interactions":
        """Return some rows of the same catalogue."""
        ages = None if self.ages is None else self.ages[rows]
        return replace(
            self,
            users=self.users[rows],
            items=self.items[rows],
            values=self.values[rows],
            liked=self.liked[rows],
            ages=ages,
        )

    def matrix(self) -> Any:
        """Return what was liked as a sparse matrix of ones, float64, shape (users, items)."""
        from scipy.sparse import csr_matrix

        users, items = self.users[self.liked], self.items[self.liked]
        return csr_matrix((np.ones(len(users)), (users, items)), shape=(self.user_count, self.item_count))

    def counts(self) -> Array:
        """Return how many liked each item, (items,)."""
        return np.bincount(self.items[self.liked], minlength=self.item_count).astype(np.float64)
