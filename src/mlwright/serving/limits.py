"""How often one caller may ask: a bucket of tokens per key, filled at a steady rate."""

import time
from collections import OrderedDict
from math import ceil
from typing import Self

from mlwright.serving.refusal import Refusal
from mlwright.serving.settings import Settings

_MAX_CALLERS = 10_000


class RateLimit:
    """Token buckets. With no rate it lets everybody through."""

    def __init__(self, rate_per_second: float | None, burst: int) -> None:
        self._rate = rate_per_second
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()  # caller: tokens, time of the last look

    @classmethod
    def of(cls, settings: Settings) -> Self:
        return cls(settings.rate_per_second, settings.rate_burst)

    def take(self, caller: str, now: float | None = None) -> None:
        """Take one token; `now` is `time.monotonic()`.

        Raises:
            Refusal: 429 with Retry-After, the bucket is empty.
        """
        if self._rate is None:
            return
        now = time.monotonic() if now is None else now
        tokens, last = self._buckets.pop(caller, (float(self._burst), now))
        tokens = min(float(self._burst), tokens + (now - last) * self._rate)
        self._buckets[caller] = (tokens - 1 if tokens >= 1 else tokens, now)
        if len(self._buckets) > _MAX_CALLERS:
            self._buckets.popitem(last=False)
        if tokens < 1:
            raise self._refusal((1 - tokens) / self._rate)

    def _refusal(self, seconds: float) -> Refusal:
        wait = max(1, ceil(seconds))
        refusal = Refusal(
            f"More than {self._rate:g} requests a second (after a burst of {self._burst}) were sent with this key.",
            hint=f"wait {wait} s, or send many rows in one request.",
            status=429,
            code="rate_limited",
        )
        refusal.headers = ((b"retry-after", str(wait).encode()),)
        return refusal
