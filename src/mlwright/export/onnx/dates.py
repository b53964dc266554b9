"""Parts of dates as ONNX nodes: line for line what `features/dates.py` computes."""

from collections.abc import Callable

import numpy as np

from mlwright.export.onnx.doubles import (
    INT64,
    Doubles,
    clip_keeping_nan,
    fill_missing,
    standardise,
    to_double,
)
from mlwright.export.onnx.graph import GraphBuilder
from mlwright.features.dates import DAY_SECONDS, FIRST_SECOND, LAST_SECOND, PERIODS, DateParts, wave_table
from mlwright.features.standard import LIMIT


def emit_date_parts(encoder: DateParts, graph: GraphBuilder, value: str) -> str:
    """Return the name of the encoder's block, double [N, width], for seconds since 1970 UTC, double [N, 1]."""
    missing = graph.add("IsNaN", [value])
    if encoder.fill is not None:
        value = fill_missing(graph, value, missing, encoder.fill)
    parts = _Parts(graph, value, encoder.origin)
    blocks = [parts[name] for name in encoder.parts]
    block = graph.add("Concat", blocks, axis=1) if len(blocks) > 1 else blocks[0]
    if encoder.centers:
        block = standardise(graph, block, np.array(encoder.centers), np.array(encoder.scales), LIMIT)
    return graph.add("Concat", [block, to_double(graph, missing)], axis=1) if encoder.indicator else block


class _Parts:
    """Emits the parts that are asked for, each once."""

    def __init__(self, graph: GraphBuilder, value: str, origin: float) -> None:
        self._graph = graph
        self._d = Doubles(graph)
        self._origin = origin
        self._seconds = clip_keeping_nan(graph, value, FIRST_SECOND, LAST_SECOND)
        self._found: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        if name not in self._found:
            base, _, wave = name.rpartition("_")
            self._found[name] = self._wave(name, base) if wave in ("sin", "cos") else self._emit(name)
        return self._found[name]

    def _emit(self, name: str) -> str:
        emitters: dict[str, Callable[[], str]] = {
            "whole": lambda: self._d.floor(self._seconds),
            "days": lambda: self._d.floor_div(self["whole"], DAY_SECONDS),
            "weekday": self._weekday,
            "hour": self._hour,
            "elapsed_days": lambda: self._d.div(self._d.sub(self._seconds, self._origin), DAY_SECONDS),
            "era": lambda: self._d.floor_div(self["shifted"], 146097.0),
            "shifted": lambda: self._d.add(self["days"], 719468.0),
            "year_of_era": self._year_of_era,
            "day_of_era": lambda: self._d.sub(self["shifted"], self._d.mul(self["era"], 146097.0)),
            "from_march": self._from_march,
            "month_index": self._month_index,
            "turn": lambda: self._d.floor_div(self["month_index"], 10.0),
            "year": self._year,
            "month": self._month,
            "day": self._day,
            "day_of_year": self._day_of_year,
        }
        return emitters[name]()

    def _weekday(self) -> str:
        d, shifted = self._d, self._d.add(self["days"], 3.0)
        return d.sub(shifted, d.mul(d.floor_div(shifted, 7.0), 7.0))

    def _hour(self) -> str:
        d = self._d
        return d.floor_div(d.sub(self["whole"], d.mul(self["days"], DAY_SECONDS)), 3600.0)

    def _year_of_era(self) -> str:
        d, day = self._d, self["day_of_era"]
        leaps = d.sub(d.sub(d.floor_div(day, 36524.0), d.floor_div(day, 1460.0)), d.floor_div(day, 146096.0))
        return d.floor_div(d.add(day, leaps), 365.0)

    def _from_march(self) -> str:
        d, years = self._d, self["year_of_era"]
        leaps = d.sub(d.floor_div(years, 4.0), d.floor_div(years, 100.0))
        return d.sub(self["day_of_era"], d.add(d.mul(years, 365.0), leaps))

    def _month_index(self) -> str:
        d = self._d
        return d.floor_div(d.add(d.mul(self["from_march"], 5.0), 2.0), 153.0)

    def _year(self) -> str:
        d = self._d
        return d.add(d.add(self["year_of_era"], d.mul(self["era"], 400.0)), self["turn"])

    def _month(self) -> str:
        d = self._d
        return d.sub(d.add(self["month_index"], 3.0), d.mul(self["turn"], 12.0))

    def _day(self) -> str:
        d = self._d
        before = d.floor_div(d.add(d.mul(self["month_index"], 153.0), 2.0), 5.0)
        return d.add(d.sub(self["from_march"], before), 1.0)

    def _day_of_year(self) -> str:
        d, turn = self._d, self["turn"]
        year, before = self["year"], self._d.sub(self["year"], 1.0)
        by_4, by_100, by_400 = (
            d.sub(d.floor_div(year, divisor), d.floor_div(before, divisor)) for divisor in (4.0, 100.0, 400.0)
        )
        leap = d.add(d.sub(by_4, by_100), by_400)
        from_january = d.mul(d.sub(1.0, turn), d.add(leap, 59.0))
        return d.sub(d.add(d.add(self["from_march"], 1.0), from_january), d.mul(turn, 306.0))

    def _wave(self, name: str, base: str) -> str:
        graph = self._graph
        values = self._d.sub(self[base], float(PERIODS[base][0]))
        missing = graph.add("IsNaN", [values])
        codes = graph.add("Cast", [fill_missing(graph, values, missing, 0.0)], to=INT64)
        waves = graph.add("Gather", [graph.constant(wave_table(name)), codes], axis=0)
        return fill_missing(graph, waves, missing, np.nan)
