"""Writes searches.csv: what a shop's search found, graded by what people then did (0 passed by ... 3 bought).

Run it here, then `mlwright run brief.yaml`.
"""

import csv
import random
from pathlib import Path

QUERIES, FOUND = 120, (4, 16)
BRANDS = ("alba", "borea", "cirrus", "dune")


def main(folder: Path) -> None:
    """Write searches.csv, one row a query and product."""
    draw = random.Random(0)  # noqa: S311
    with (folder / "searches.csv").open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("query", "words_shared", "price", "usual_price", "stars", "brand", "days_listed", "grade"))
        for query in range(QUERIES):
            usual = draw.lognormvariate(3.5, 0.8)
            for _ in range(draw.randint(*FOUND)):
                writer.writerow((f"q{query:03}", *row(usual, draw)))


def row(usual: float, draw: random.Random) -> tuple[str | int, ...]:
    """Return a product that was found: what it is like, and its grade."""
    shared, stars = draw.random(), min(5.0, max(1.0, draw.gauss(3.8, 0.7)))
    price, brand, days = usual * draw.lognormvariate(0, 0.4), draw.choice(BRANDS), draw.randint(0, 900)
    # Cheap for what was looked for counts, not cheap in itself.
    appeal = 3.0 * shared + 0.8 * (stars - 3.8) - 1.5 * (price / usual - 1) + 0.6 * (brand == "borea")
    grade = sum(appeal + draw.gauss(0, 0.5) > border for border in (1.2, 2.2, 3.2))
    return f"{shared:.3f}", f"{price:.2f}", f"{usual:.2f}", f"{stars:.1f}", brand, days, grade


if __name__ == "__main__":
    main(Path(__file__).parent)
