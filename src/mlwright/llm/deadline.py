"""One timer for a whole stream: `asyncio.timeout` around every event would cost more than the event itself."""

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self, TypeVar

T = TypeVar("T")


class Deadline:
    """A time up to which events are waited for; None is no limit. Use it as a context manager within one stream."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds
        self.passed = False
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: asyncio.Task[object] | None = None

    def __enter__(self) -> Self:
        if self.seconds is not None:
            self._timer = asyncio.get_running_loop().call_later(self.seconds, self._pass)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()

    async def next(self, events: AsyncIterator[T]) -> T | None:
        """Return the next event, or None after the last.

        Raises:
            TimeoutError: The time is over; what was being waited for is cancelled.
        """
        if self.passed:
            raise TimeoutError
        task = asyncio.current_task()
        if task is None:
            return await anext(events, None)
        before = task.cancelling()
        self._waiting = task
        try:
            return await anext(events, None)
        except asyncio.CancelledError:
            # Ours only if nobody else cancelled the task as well.
            if self.passed and task.uncancel() <= before:
                raise TimeoutError from None
            raise
        finally:
            self._waiting = None

    def _pass(self) -> None:
        self.passed = True
        if self._waiting is not None:
            self._waiting.cancel()
