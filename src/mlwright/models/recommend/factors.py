"""What a recommender is in the end: vectors of users and items, and how a new user gets one. numpy only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array

EncoderKind = Literal["none", "linear", "confidence", "ratings"]


@dataclass(frozen=True, slots=True)
class Encoder:
    """Makes a user's vector from items.

    Attributes:
        kind: "none" knows no way; "linear" adds the items' rows of `matrix`; "confidence" and "ratings" solve the same
            least squares as the fit did, with the item vectors held.
        matrix: (items, d) of "linear", float64; the item vectors for the others; empty for "none".
        strength: The ridge of the least squares.
        confidence: Weight of a liked item less that of any other ("confidence").
        offset: Of each item, taken from a rating before the least squares ("ratings"), (items,).
    """

    kind: EncoderKind = "none"
    matrix: Array | None = None
    strength: float = 0.0
    confidence: float = 0.0
    offset: Array | None = None

    def vector(self, items: Array, values: Array) -> Array | None:
        """Return the vector of a user who liked `items` (codes), rating them `values`; None when there is no way."""
        if self.kind == "none" or self.matrix is None or not len(items):
            return None
        rows = self.matrix[items]
        if self.kind == "linear":
            return rows.sum(axis=0)
        ridge = self.strength * np.eye(rows.shape[1])
        if self.kind == "confidence":
            whole = self.matrix.T @ self.matrix + self.confidence * rows.T @ rows + ridge
            return np.linalg.solve(whole, (1.0 + self.confidence) * rows.sum(axis=0))
        offset = np.zeros(len(items)) if self.offset is None else self.offset[items]
        return np.linalg.solve(rows.T @ rows + ridge * len(items), rows.T @ (values - offset))


@dataclass(frozen=True, slots=True)
class Part:
    """One fitted recommender.

    Attributes:
        users: (U, d), items: (I, d); a score is the product of two rows.
        encoder: For users that were not there. Its vector is of the first columns; the others are `unknown`'s.
        unknown: The vector of a user of whom nothing is known, (d,).
    """

    users: Array
    items: Array
    encoder: Encoder
    unknown: Array

    def scores(self, users: Array) -> Array:
        """Return the scores of all items for some users (codes), (n, I)."""
        return self.users[users] @ self.items.T

    def times(self, weight: float) -> "Part":
        """Return the recommender whose scores are `weight` times these."""
        return replace(self, items=self.items * weight)

    def vector(self, items: Array, values: Array) -> Array:
        """Return the vector of a user known by items alone, (d,)."""
        found = self.encoder.vector(items, values)
        if found is None:
            return self.unknown
        return np.concatenate([found, self.unknown[len(found) :]])


@dataclass(frozen=True, slots=True)
class Recommender:
    """A mix of parts over one catalogue; the scores add up.

    Attributes:
        parts: At least one; weights are already in their item vectors.
        users, items: Names, in the order of the codes.
        popular: The score of each item for a user of whom nothing is known, (I,).
    """

    parts: tuple[Part, ...]
    users: tuple[str, ...]
    items: tuple[str, ...]
    popular: Array

    def scores(self, users: Array) -> Array:
        """Return the scores of all items for known users (codes), float64, (n, I)."""
        return np.sum([part.scores(users) for part in self.parts], axis=0)

    def scores_of_items(self, items: Array, values: Array) -> Array:
        """Return the scores of all items for a user known by items (codes) alone, (I,)."""
        return np.sum([part.items @ part.vector(items, values) for part in self.parts], axis=0)

    def pair_tables(self) -> tuple[Array, Array]:
        """Return user vectors (U + 1, D) and item vectors (I + 1, D), float32; the last rows are for unknown ones.

        An unknown user has the popular items' scores; an unknown item scores 0 for everybody.
        """
        users = np.hstack([*(part.users for part in self.parts), np.zeros((len(self.users), 1))])
        items = np.hstack([*(part.items for part in self.parts), self.popular[:, np.newaxis]])
        stranger = np.zeros(users.shape[1])
        stranger[-1] = 1.0
        tables = np.vstack([users, stranger]), np.vstack([items, np.zeros(items.shape[1])])
        return tables[0].astype(np.float32), tables[1].astype(np.float32)

    def pairs(self, users: Sequence[str], items: Sequence[str]) -> Array:
        """Return the scores of pairs of names, float64, (n,), as the ONNX graph has them."""
        left, right = self.pair_tables()
        user_code, item_code = _codes(self.users), _codes(self.items)
        rows = left[[user_code.get(name, len(self.users)) for name in users]].astype(np.float64)
        columns = right[[item_code.get(name, len(self.items)) for name in items]].astype(np.float64)
        return np.einsum("nd,nd->n", rows, columns)

    def arrays(self) -> dict[str, Array]:
        """Return all arrays by name, so that they can be stored without pickles; `of_arrays` reads them."""
        found: dict[str, Array] = {
            "users": np.array(self.users, dtype=np.str_),
            "items": np.array(self.items, dtype=np.str_),
            "popular": self.popular,
        }
        for at, part in enumerate(self.parts):
            own = {"users": part.users, "items": part.items, "unknown": part.unknown}
            encoder = part.encoder
            own["encoder"] = np.array([encoder.kind, str(encoder.strength), str(encoder.confidence)], dtype=np.str_)
            own |= {"matrix": encoder.matrix} if encoder.matrix is not None else {}
            own |= {"offset": encoder.offset} if encoder.offset is not None else {}
            found |= {f"part{at}_{name}": array for name, array in own.items()}
        return found

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array]) -> Self:
        """Read what `arrays` gave.

        Raises:
            DataError: An array is missing.
        """
        try:
            count = sum(name.endswith("_unknown") for name in arrays)
            return cls(
                parts=tuple(_part(arrays, f"part{at}_") for at in range(count)),
                users=tuple(map(str, arrays["users"])),
                items=tuple(map(str, arrays["items"])),
                popular=arrays["popular"],
            )
        except KeyError as error:
            raise DataError(f"The recommender has no array {error}.", hint="copy the delivery again.") from error


def _part(arrays: Mapping[str, Array], prefix: str) -> Part:
    kind, strength, confidence = map(str, arrays[f"{prefix}encoder"])
    encoder = Encoder(
        kind,  # pyright: ignore[reportArgumentType]
        arrays.get(f"{prefix}matrix"),
        float(strength),
        float(confidence),
        arrays.get(f"{prefix}offset"),
    )
    return Part(arrays[f"{prefix}users"], arrays[f"{prefix}items"], encoder, arrays[f"{prefix}unknown"])


def _codes(names: Sequence[str]) -> dict[str, int]:
    return {name: code for code, name in enumerate(names)}
