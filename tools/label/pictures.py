"""The media as JPEG, decoded in a thread of its own; those that were asked for last are kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

import cv2

from streamer.errors import ConfigError
from streamer.types import Image

QUALITY = 90

KEPT = 96 << 20
"""Bytes of pictures: some hundred of full HD."""

WAITING = 64
"""Pictures asked for and not decoded yet at most: somebody who leafs through a video outruns the decoder."""

PATIENCE = 20.0
"""Seconds after which the caller is told to ask again: the way to a late frame of a long video is long."""

Key: TypeAlias = tuple[int, int]
"""Index of a medium and frame."""

Read: TypeAlias = Callable[[int, int], Image]
"""The picture of a medium's index and a frame, upright; called in one thread only."""


class Later(Exception):
    """It takes longer than anybody waits; what was begun goes on."""


class Pictures:
    """For one thread, but for ``read``, which another one calls. ``kept``: bytes, ``patience``: seconds."""

    def __init__(self, read: Read, *, kept: int = KEPT, patience: float = PATIENCE) -> None:
        self._read, self._most, self._patience = read, kept, patience
        self._thread = ThreadPoolExecutor(1, "pictures")
        self._held: OrderedDict[Key, bytes] = OrderedDict()
        self._begun: dict[Key, asyncio.Task[bytes]] = {}
        self._size = 0
        self._over = False

    async def jpeg(self, index: int, frame: int) -> bytes:
        """At full size.

        Raises:
            ConfigError: it cannot be read.
            Later: see there.
        """
        key = index, frame
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        if key not in self._begun:
            if len(self._begun) >= WAITING:
                raise Later
            self._begun[key] = asyncio.create_task(self._made(key))
            self._begun[key].add_done_callback(lambda task: self._done(key, task))
        done, _ = await asyncio.wait({task := self._begun[key]}, timeout=self._patience)
        if not done:
            raise Later
        return task.result()

    async def image(self, index: int, frame: int) -> Image:
        """The pixels themselves.

        Raises:
            ConfigError: it cannot be read.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, index, frame)

    async def close(self, shut: Callable[[], None]) -> None:
        """Forget what waits, and let go of the media by ``shut``, in the thread that reads them."""
        self._over = True
        await asyncio.get_running_loop().run_in_executor(self._thread, shut)
        self._thread.shutdown(wait=False)

    async def _made(self, key: Key) -> bytes:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._encoded, *key)

    def _encoded(self, index: int, frame: int) -> bytes:
        if self._over:
            raise ConfigError("the program ends")
        done, data = cv2.imencode(".jpg", self._read(index, frame), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        if not done:
            raise ConfigError("the picture cannot be shown as JPEG, which has 65535 pixels a side at most")
        return data.tobytes()

    def _done(self, key: Key, task: asyncio.Task[bytes]) -> None:
        del self._begun[key]
        if task.cancelled() or task.exception() is not None:
            return
        self._held[key] = task.result()
        self._size += len(task.result())
        while self._size > self._most and len(self._held) > 1:
            _, old = self._held.popitem(last=False)
            self._size -= len(old)
