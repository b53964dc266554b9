"""One timer ends a stream, and nothing else does."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from mlwright.llm.deadline import Deadline


async def _ticks() -> AsyncIterator[int]:
    for place in range(1_000):
        await asyncio.sleep(0.01)
        yield place


async def _read(deadline: Deadline, ticks: AsyncIterator[int]) -> None:
    while await deadline.next(ticks) is not None:
        pass


async def test_waiting_ends_at_the_deadline() -> None:
    with Deadline(0.1) as deadline:
        ticks = _ticks()
        with pytest.raises(TimeoutError):
            await _read(deadline, ticks)
        with pytest.raises(TimeoutError):
            await deadline.next(ticks)
    assert asyncio.current_task().cancelling() == 0


async def test_another_cancellation_stays_one() -> None:
    async def read() -> None:
        with Deadline(100) as deadline:
            await _read(deadline, _ticks())

    task = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_no_limit_is_none() -> None:
    async def three() -> AsyncIterator[int]:
        for place in (1, 2, 3):
            yield place

    with Deadline(None) as deadline:
        events = three()
        assert [await deadline.next(events) for _ in range(4)] == [1, 2, 3, None]
