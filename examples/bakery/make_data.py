"""Writes sales.csv: three years of daily sales of three bakeries, with prices that are known ahead.

Run it here, then `mlwright run brief.yaml`, then `mlwright predict delivery ahead.csv -o forecast.csv`.
"""

import csv
import math
import random
from datetime import date, timedelta
from pathlib import Path

DAYS, AHEAD, FIRST = 3 * 365, 28, date(2021, 1, 1)
SHOPS = {"market": 240, "station": 410, "suburb": 95}


def main(folder: Path) -> None:
    """Write sales.csv (the history) and ahead.csv (the history and four weeks of prices)."""
    draw = random.Random(0)  # noqa: S311
    rows = [row(shop, day, draw) for shop in SHOPS for day in range(DAYS + AHEAD)]
    for name, days in (("sales.csv", DAYS), ("ahead.csv", DAYS + AHEAD)):
        with (folder / name).open("w", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("shop", "day", "offer", "sold"))
            writer.writerows(one for number, one in rows if number < days)


def row(shop: str, day: int, draw: random.Random) -> tuple[int, tuple[str, str, int, str]]:
    """Return the day's number and its cells; days after the history have no sales yet."""
    moment = FIRST + timedelta(days=day)
    offer = int(draw.random() < 0.08)
    week = (1.0, 0.9, 0.95, 1.0, 1.2, 1.6, 0.5)[moment.weekday()]
    year = 1 + 0.15 * math.cos(2 * math.pi * (day % 365.25) / 365.25)
    sold = SHOPS[shop] * week * year * (1 + 0.35 * offer) * (1 + 0.0002 * day) * draw.gauss(1, 0.06)
    return day, (shop, moment.isoformat(), offer, str(round(sold)) if day < DAYS else "")


if __name__ == "__main__":
    main(Path(__file__).parent)
