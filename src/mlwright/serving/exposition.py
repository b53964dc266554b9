"""Counters, gauges and histograms in Prometheus' text format 0.0.4; its client library is not in the base install.

All of them live in one process: a service runs one process and scales by containers, so no rate is ever split.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import inf, isinf

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Counter:
    """A number per combination of labels that only grows.

    Example:
        >>> seen = Counter("seen_total", "Things seen.", ("kind",))
        >>> seen.add(("new",), 2)
        >>> print(seen.render(), end="")
        # HELP seen_total Things seen.
        # TYPE seen_total counter
        seen_total{kind="new"} 2
    """

    kind = "counter"

    def __init__(self, name: str, about: str, labels: Sequence[str] = ()) -> None:
        self.name, self.about, self.labels = name, about, tuple(labels)
        self._values: dict[tuple[str, ...], float] = {} if labels else {(): 0}

    def add(self, values: tuple[str, ...] = (), amount: float = 1) -> None:
        self._values[values] = self._values.get(values, 0) + amount

    def get(self, values: tuple[str, ...] = ()) -> float:
        return self._values.get(values, 0)

    def render(self) -> str:
        lines = [_line(self.name, self.labels, values, amount) for values, amount in sorted(self._values.items())]
        return _head(self.name, self.about, self.kind) + "".join(lines)


class Gauge(Counter):
    """A number per combination of labels that goes up and down."""

    kind = "gauge"

    def set(self, amount: float, values: tuple[str, ...] = ()) -> None:
        self._values[values] = amount


class Histogram:
    """Counts of values up to each of some bounds, cumulative when rendered, with their sum and count."""

    def __init__(self, name: str, about: str, bounds: Sequence[float], labels: Sequence[str] = ()) -> None:
        self.name, self.about, self.labels = name, about, tuple(labels)
        self.bounds = tuple(bounds)
        self._counts: dict[tuple[str, ...], list[int]] = {}
        self._sums: dict[tuple[str, ...], float] = {}

    def observe(self, value: float, values: tuple[str, ...] = ()) -> None:
        counts = self._counts.get(values)
        if counts is None:
            counts = self._counts[values] = [0] * (len(self.bounds) + 1)
        counts[bisect_left(self.bounds, value)] += 1
        self._sums[values] = self._sums.get(values, 0.0) + value

    def observe_many(self, observed: Iterable[float], values: tuple[str, ...] = ()) -> None:
        for value in observed:
            self.observe(value, values)

    def render(self) -> str:
        lines = [_head(self.name, self.about, "histogram")]
        for values, counts in sorted(self._counts.items()):
            total = 0
            for bound, count in zip((*self.bounds, inf), counts, strict=True):
                total += count
                lines.append(_line(self.name + "_bucket", (*self.labels, "le"), (*values, _number(bound)), total))
            lines.append(_line(self.name + "_sum", self.labels, values, self._sums[values]))
            lines.append(_line(self.name + "_count", self.labels, values, total))
        return "".join(lines)


def _head(name: str, about: str, kind: str) -> str:
    return f"# HELP {name} {about}\n# TYPE {name} {kind}\n"


def _line(name: str, labels: Sequence[str], values: Sequence[str], amount: float) -> str:
    inner = ",".join(f'{label}="{_escaped(value)}"' for label, value in zip(labels, values, strict=True))
    return f"{name}{{{inner}}} {_number(amount)}\n" if inner else f"{name} {_number(amount)}\n"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    if isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
