"""Lists of items for the users of a whole file."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from mlwright.base.errors import DataError
from mlwright.data.columns import Array
from mlwright.data.stream import stream_cells
from mlwright.delivery.outputs import output
from mlwright.models.recommend.front import RecommendFront

COLUMNS = ("rank", "score", "because")


def recommend_file(front: RecommendFront, source: Path, out: Path, k: int | None = None) -> int:
    """Write the list of every user of a file, best first; return how many rows were written.

    Args:
        front: Of a delivery.
        source: CSV, TSV or JSON Lines with the column of users; other columns are left out.
        out: Ends in .csv, .tsv, .jsonl (each also .gz) or .parquet. It has the user, the item, `rank` from 1, `score`
            and `because`.
        k: Length of the lists; None takes the delivery's own.

    Raises:
        DataError: The file has no column of users or no row, or cannot be read or written.
    """
    rows = 0
    with output(out) as write:
        for cells in stream_cells(source):
            if front.file.user not in cells:
                raise DataError(
                    f"'{source}' has no column '{front.file.user}'; it has {', '.join(list(cells)[:8])}.",
                    hint=f"give a file with the users, and with '{front.file.item}' too to score pairs.",
                )
            found = lists(front, cells[front.file.user], k)
            if rows or len(found["rank"]):
                write({name: column.tolist() for name, column in found.items()})
            rows += len(found["rank"])
        if not rows:
            raise DataError(f"'{source}' has no user.", hint="give a file with at least one row.")
    return rows


def lists(front: RecommendFront, users: Sequence[object], k: int | None = None) -> Mapping[str, Array]:
    """Return the lists of users as columns: the user, the item, `rank` from 1, `score` and `because`."""
    names = [front.file.user, front.file.item, *COLUMNS]
    rows: list[tuple[object, ...]] = []
    for user in users:
        found = front.recommend(user, k=k)
        pairs = zip(found.items, found.scores, strict=True)
        rows += [(user, item, rank, score, found.because) for rank, (item, score) in enumerate(pairs, start=1)]
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return {name: _column(cells) for name, cells in zip(names, columns, strict=True)}


def _column(cells: Sequence[object]) -> Array:
    column = np.empty(len(cells), dtype=object)
    column[:] = cells
    return column
