"""A few SVG primitives and a pair of axes. All text is escaped here, and only here."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from mlwright.report.wording import MINUS


@dataclass(frozen=True, slots=True)
class Scale:
    """Data to pixels, linear or logarithmic.

    Example:
        >>> Scale(0, 10, 0, 100)(5), Scale(1, 100, 0, 100, log=True)(10)
        (50.0, 50.0)
    """

    low: float
    high: float
    start: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        if self.log:
            low, high, value = math.log10(self.low), math.log10(self.high), math.log10(max(value, self.low))
        else:
            low, high = self.low, self.high
        share = 0.5 if high == low else (value - low) / (high - low)
        return self.start + share * (self.end - self.start)

    def ticks(self, count: int = 5) -> list[float]:
        return log_ticks(self.low, self.high) if self.log else nice_ticks(self.low, self.high, count)


def nice_ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Return round numbers inside [low, high], about `count` of them.

    Example:
        >>> nice_ticks(0, 1)
        [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) + 0.0 for k in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return 1, 2 and 5 times powers of ten in [low, high]; powers alone when they are many."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    factors = (1, 2, 5) if last - first <= 2 else (1,)
    marks = [m * 10.0**e for e in range(first, last + 1) for m in factors]
    return [mark for mark in marks if low * 0.999 <= mark <= high * 1.001]


def spread(values: Iterable[float], margin: float = 0.06) -> tuple[float, float]:
    """Return a range around `values` with some air."""
    found = [v for v in values if math.isfinite(v)]
    if not found:
        return 0.0, 1.0
    low, high = min(found), max(found)
    air = (high - low) * margin or abs(low) * margin or 1.0
    return low - air, high + air


class Plot:
    """A drawing of a fixed view box; coordinates are in its units, the page scales it."""

    def __init__(self, width: float, height: float, title: str) -> None:
        self.width, self.height, self.title = width, height, title
        self.parts: list[str] = []

    def text(self, x: float, y: float, words: str, kind: str = "label", anchor: str = "start") -> None:
        self.parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>')

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self.parts.append(f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def rect(self, x: float, y: float, width: float, height: float, kind: str, tip: str = "") -> None:
        box = f'x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{max(height, 0):.1f}"'
        self.parts.append(f'<rect class="{kind}" {box} rx="1.5">{_tip(tip)}</rect>')

    def dot(self, x: float, y: float, radius: float, kind: str, tip: str = "") -> None:
        self.parts.append(f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{radius:g}">{_tip(tip)}</circle>')

    def path(self, points: Sequence[tuple[float, float]], kind: str, *, closed: bool = False) -> None:
        if points:
            steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
            self.parts.append(f'<path class="{kind}" d="M{steps}{"Z" if closed else ""}"/>')

    def render(self) -> str:
        """Return the SVG element."""
        label = escape(self.title, quote=True)
        return (
            f'<svg viewBox="0 0 {self.width:g} {self.height:g}" role="img" aria-label="{label}">'
            f"<title>{escape(self.title)}</title>{''.join(self.parts)}</svg>"
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """What an axes pair shows: ranges, labels, and whether x is logarithmic."""

    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str = ""
    y_label: str = ""
    log_x: bool = False
    width: float = 440
    height: float = 300


class Axes(Plot):
    """A plot with a grid, tick labels and axis labels."""

    def __init__(self, frame: Frame, title: str) -> None:
        super().__init__(frame.width, frame.height, title)
        self.sx = Scale(*frame.x, 46, frame.width - 12, log=frame.log_x)
        self.sy = Scale(*frame.y, frame.height - 42, 12)
        for tick in self.sy.ticks():
            self.line(46, self.sy(tick), frame.width - 12, self.sy(tick), "grid")
            self.text(40, self.sy(tick) + 4, _tick(tick), "tick", "end")
        for tick in self.sx.ticks():
            self.line(self.sx(tick), 12, self.sx(tick), frame.height - 42, "grid")
            self.text(self.sx(tick), frame.height - 26, _tick(tick), "tick", "middle")
        self.text((46 + frame.width - 12) / 2, frame.height - 7, frame.x_label, "label", "middle")
        if frame.y_label:
            x, y = 11.0, (12 + frame.height - 42) / 2
            self.parts.append(
                f'<text class="label" text-anchor="middle" transform="translate({x:g} {y:g}) rotate(-90)">'
                f"{escape(frame.y_label)}</text>"
            )

    def curve(self, x: Sequence[float], y: Sequence[float], kind: str) -> None:
        self.path([(self.sx(a), self.sy(b)) for a, b in zip(x, y, strict=True)], kind)

    def band(self, x: Sequence[float], low: Sequence[float], high: Sequence[float], kind: str = "band") -> None:
        upper = [(self.sx(a), self.sy(b)) for a, b in zip(x, high, strict=True)]
        lower = [(self.sx(a), self.sy(b)) for a, b in zip(x, low, strict=True)]
        self.path([*upper, *reversed(lower)], kind, closed=True)

    def point(self, x: float, y: float, kind: str, tip: str = "", radius: float = 4.5) -> None:
        self.dot(self.sx(x), self.sy(y), radius, kind, tip)


def _tick(value: float) -> str:
    if value != 0 and not 1e-3 <= abs(value) < 1e6:
        return f"{value:.0e}".replace("e+0", "e").replace("e-0", "e-")
    return f"{value:,.6g}".replace("-", MINUS)


def _tip(words: str) -> str:
    return f"<title>{escape(words)}</title>" if words else ""
