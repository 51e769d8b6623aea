"""Pictures made once, kept within bounds, and never waited for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from threading import Event
from typing import Any, TypeVar

import numpy as np
import pytest

from streamer.errors import ConfigError
from streamer.types import Image
from tools.label.pictures import WAITING, Later, Pictures

T = TypeVar("T")


class Reading:
    """Reads flat pictures, once ``go`` is set; frame 13 cannot be read."""

    def __init__(self) -> None:
        self.go = Event()
        self.go.set()
        self.asked: list[tuple[int, int]] = []

    def __call__(self, index: int, frame: int) -> Image:
        assert self.go.wait(10)
        self.asked.append((index, frame))
        if frame == 13:
            raise ConfigError("frame 13 cannot be decoded")
        return np.full((16, 16, 3), frame, np.uint8)


def run(pictures: Pictures, work: Coroutine[Any, Any, T]) -> T:
    async def whole() -> T:
        try:
            return await work
        finally:
            await pictures.close(lambda: None)

    return asyncio.run(whole())


def test_who_asks_again_gets_what_was_made_before() -> None:
    read = Reading()
    pictures = Pictures(read)

    async def work() -> None:
        one, other = await asyncio.gather(pictures.jpeg(0, 1), pictures.jpeg(0, 1))
        assert one == other == await pictures.jpeg(0, 1)

    run(pictures, work())
    assert read.asked == [(0, 1)]


def test_what_takes_long_goes_on_and_is_there_later() -> None:
    read = Reading()
    read.go.clear()
    pictures = Pictures(read, patience=0.02)

    async def work() -> None:
        for _ in range(2):
            with pytest.raises(Later):
                await pictures.jpeg(0, 1)
        read.go.set()
        while True:
            try:
                return await take()
            except Later:
                await asyncio.sleep(0)

    async def take() -> None:
        assert await pictures.jpeg(0, 1)

    run(pictures, work())
    assert read.asked == [(0, 1)]


def test_only_so_many_are_waited_for() -> None:
    read = Reading()
    read.go.clear()
    pictures = Pictures(read)

    async def work() -> None:
        waiting = [asyncio.create_task(pictures.jpeg(0, 100 + frame)) for frame in range(WAITING)]
        await asyncio.sleep(0)
        with pytest.raises(Later):
            await pictures.jpeg(0, 1)
        read.go.set()
        await asyncio.gather(*waiting)
        assert await pictures.jpeg(0, 1)

    run(pictures, work())


def test_a_fault_is_told_each_time_and_keeps_nobody_else() -> None:
    read = Reading()
    pictures = Pictures(read)

    async def work() -> None:
        for _ in range(2):
            with pytest.raises(ConfigError, match="cannot be decoded"):
                await pictures.jpeg(0, 13)
        assert await pictures.jpeg(0, 14)

    run(pictures, work())
    assert read.asked == [(0, 13), (0, 13), (0, 14)]


def test_the_oldest_goes_where_there_is_no_room() -> None:
    read = Reading()
    pictures = Pictures(read, kept=1500)

    async def work() -> int:
        sizes = [len(await pictures.jpeg(0, frame)) for frame in (1, 2, 3, 1, 3)]
        return max(sizes)

    assert 500 < run(pictures, work()) < 750
    assert read.asked == [(0, 1), (0, 2), (0, 3), (0, 1)]


def test_at_the_end_nobody_waits_for_what_was_not_begun() -> None:
    read = Reading()
    read.go.clear()
    pictures = Pictures(read)

    async def work() -> None:
        waiting = [asyncio.create_task(pictures.jpeg(0, frame)) for frame in range(5)]
        await asyncio.sleep(0.02)
        ending = asyncio.create_task(pictures.close(lambda: None))
        await asyncio.sleep(0)
        read.go.set()
        await ending
        ended = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(one) for one in ended if isinstance(one, ConfigError)] == ["the program ends"] * 4

    asyncio.run(work())
    assert len(read.asked) == 1
