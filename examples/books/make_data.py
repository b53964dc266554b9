"""Writes loans.csv: which reader borrowed which book when, and how they liked it; and readers.csv, to recommend to.

Run it here, then `mlwright run brief.yaml --out delivery` and `mlwright predict delivery readers.csv -o lists.csv`.
"""

import csv
import random
from datetime import date, timedelta
from pathlib import Path

READERS, BOOKS, FIRST = 150, 120, date(2023, 1, 1)
SHELVES = ("crime", "poetry", "travel", "history", "cooking")


def main(folder: Path) -> None:
    """Write loans.csv and readers.csv."""
    draw = random.Random(0)  # noqa: S311
    books = [f"{SHELVES[number % len(SHELVES)]}-{number // len(SHELVES):02}" for number in range(BOOKS)]
    loans = [one for reader in range(READERS) for one in loans_of(reader, books, draw)]
    with (folder / "loans.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("reader", "book", "day", "stars"))
        writer.writerows(sorted(loans, key=lambda one: one[2]))
    (folder / "readers.csv").write_text("reader\nr001\nr002\na new reader\n", encoding="utf-8")


def loans_of(reader: int, books: list[str], draw: random.Random) -> list[tuple[str, str, str, int]]:
    """Return the loans of a reader, who has two shelves; new books are borrowed more."""
    own = draw.sample(SHELVES, 2)
    left, loans, day = list(books), list[tuple[str, str, str, int]](), draw.randint(0, 200)
    for _ in range(draw.randint(8, 25)):
        weights = [(8 if book.split("-")[0] in own else 1) / (1 + int(book[-2:]) / 6) for book in left]
        book = left.pop(draw.choices(range(len(left)), weights)[0])
        stars = round(min(5, max(1, draw.gauss(4.2 if book.split("-")[0] in own else 2.8, 0.7))))
        day += draw.randint(1, 40)
        loans.append((f"r{reader:03}", book, (FIRST + timedelta(days=day)).isoformat(), stars))
    return loans


if __name__ == "__main__":
    main(Path(__file__).parent)
