"""From a user to a list of items: the front of a delivered recommender. numpy only.

`model/front.json` says what the columns are called and how lists are made; the arrays lie in
`model/native/recommender.npz`, without pickles. The ONNX graph scores single pairs with the same vectors.
"""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from mlwright.base.errors import DataError
from mlwright.data.cells import category_text
from mlwright.data.columns import Array
from mlwright.models.recommend.factors import Recommender

ARRAYS: Literal["native/recommender.npz"] = "native/recommender.npz"
MOST_ITEMS = 1_000  # of a list

Because = Literal["known user", "liked items", "popularity"]


class FrontFile(BaseModel):
    """`model/front.json`. Immutable.

    Attributes:
        user, item, rating: Columns of the data; `rating` None where there were no ratings.
        predicts: "preferences", or "ratings", whose scores are on the ratings' scale.
        k: Length of a list when none is asked for.
        liked_from: The rating from which on an item counts as liked; None without ratings.
        liked_value: The rating that a liked item of an unknown user is taken to have.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    kind: Literal["recommendation"] = "recommendation"
    user: str
    item: str
    rating: str | None = None
    predicts: Literal["preferences", "ratings"]
    k: int = 10
    liked_from: float | None = None
    liked_value: float = 1.0
    arrays: Literal["native/recommender.npz"] = ARRAYS


@dataclass(frozen=True, slots=True)
class Recommended:
    """A list of items, best first, with their scores, and what it is made from."""

    items: tuple[str, ...]
    scores: tuple[float, ...]
    because: Because


class RecommendFront:
    """Makes lists of items.

    Args:
        file: How.
        recommender: With what.
        met: For each user, in the order of the codes, the codes of the items of the training rows.
    """

    def __init__(self, file: FrontFile, recommender: Recommender, met: Sequence[Array]) -> None:
        self.file = file
        self.recommender = recommender
        self.met = met
        self._users = {name: code for code, name in enumerate(recommender.users)}
        self._items = {name: code for code, name in enumerate(recommender.items)}

    @classmethod
    def of_files(cls, front: bytes, arrays: bytes) -> Self:
        """Read `front.json` and the arrays, executing no code from them.

        Raises:
            DataError: They are not those of a recommender.
        """
        try:
            file = FrontFile.model_validate_json(front)
            with np.load(io.BytesIO(arrays), allow_pickle=False) as stored:
                found: dict[str, Array] = {name: stored[name] for name in stored.files}
            met = np.split(found["met_items"], found["met_ends"][:-1])
        except (ValidationError, ValueError, KeyError, OSError, zipfile.BadZipFile) as error:
            raise DataError(f"The recommender cannot be read: {error}.", hint="copy the delivery again.") from error
        return cls(file, Recommender.of_arrays(found), met)

    def array_bytes(self) -> bytes:
        """Return the arrays as one file; the same recommender gives the same bytes."""
        arrays = self.recommender.arrays()
        arrays["met_items"] = np.concatenate([*self.met, np.zeros(0, dtype=np.int64)]).astype(np.int64)
        arrays["met_ends"] = np.cumsum([len(items) for items in self.met], dtype=np.int64)
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, array in sorted(arrays.items()):
                content = io.BytesIO()
                np.lib.format.write_array(content, np.asarray(array), allow_pickle=False)
                archive.writestr(zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), content.getvalue())
        return packed.getvalue()

    def recommend(
        self,
        user: object = None,
        *,
        k: int | None = None,
        liked: Sequence[object] = (),
        exclude_met: bool = True,
    ) -> Recommended:
        """Return the best items for a user.

        A user who is not known is served by the items in `liked`, and without any that is known, by what is popular.

        Args:
            user: The name, as in the data; None for nobody in particular.
            k: Length of the list, 1 to 1,000.
            liked: Items that the user likes; for a known user they are left out of the list too.
            exclude_met: Leave out what the user has met in the training rows.

        Raises:
            DataError: k is out of range.
        """
        k = self.file.k if k is None else k
        if not 1 <= k <= MOST_ITEMS:
            raise DataError(f"k is {k}; a whole number from 1 to {MOST_ITEMS:,} was expected.", hint="10 is usual.")
        code = None if user is None else self._users.get(category_text(user))  # pyright: ignore[reportArgumentType]
        known = np.array(
            sorted({self._items[name] for name in map(_text, liked) if name in self._items}), dtype=np.int64
        )
        scores, because = self._scores(code, known)
        left_out = np.union1d(known, self.met[code]) if code is not None and exclude_met else known
        scores[left_out] = -np.inf
        best = np.argsort(-scores, kind="stable")[:k]
        best = best[np.isfinite(scores[best])]
        names = self.recommender.items
        return Recommended(tuple(names[at] for at in best), tuple(map(float, scores[best])), because)

    def unknown_items(self, liked: Sequence[object]) -> list[str]:
        """Return those items that training never saw."""
        return [name for name in map(_text, liked) if name not in self._items]

    def all_scores(self, users: Sequence[str]) -> Array:
        """Return the scores of all items for users by name, (n, I); unknown ones have those of the popular items."""
        codes = [self._users.get(name) for name in users]
        found = np.tile(self.recommender.popular, (len(users), 1))
        known = [row for row, code in enumerate(codes) if code is not None]
        if known:
            found[known] = _rounded(self.recommender.scores(np.array([codes[row] for row in known])))
        return found

    def met_of(self, user: str) -> Array:
        """Return the codes of the items that a user met, empty for one who is not known."""
        code = self._users.get(user)
        return np.zeros(0, dtype=np.int64) if code is None else self.met[code]

    def popularity(self) -> Array:
        """Return the share of the users who met each item in the training rows, (I,)."""
        counts = np.zeros(len(self.recommender.items))
        for items in self.met:
            counts[items] += 1
        return counts / max(len(self.met), 1)

    def item_codes(self, names: Sequence[str]) -> Array:
        """Return codes of items; -1 for those that training never saw."""
        return np.array([self._items.get(name, -1) for name in names], dtype=np.int64)

    def _scores(self, code: int | None, liked: Array) -> tuple[Array, Because]:
        if code is not None:
            return _rounded(self.recommender.scores(np.array([code]))[0]), "known user"
        if len(liked):
            values = np.full(len(liked), self.file.liked_value)
            return _rounded(self.recommender.scores_of_items(liked, values)), "liked items"
        return self.recommender.popular.copy(), "popularity"


def as_json(found: Recommended) -> Mapping[str, object]:
    """Return a list as it is replied."""
    return {
        "items": [{"item": item, "score": score} for item, score in zip(found.items, found.scores, strict=True)],
        "because": found.because,
    }


def _text(value: object) -> str:
    return category_text(value)  # pyright: ignore[reportArgumentType]


def _rounded(scores: Array) -> Array:
    """Return scores without the last digits, which differ between machines and would order what is equal by chance."""
    return np.round(scores, 9)
