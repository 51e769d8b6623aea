"""Faces proposed by a detector: one job at a time, whose result is one change of the labels."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from engines.errors import EngineError
from streamer.errors import ConfigError, StreamerError, did_you_mean
from streamer.redaction import redact
from streamer.registry import DETECTORS
from streamer.types import Frame, Image
from tools.label.desk import Desk
from tools.label.detecting import Detecting, Ended, Found

log = logging.getLogger(__name__)

NAMES = ("auto", *DETECTORS)

BROKEN = "it broke off; what went wrong stands in the terminal"


@dataclass(frozen=True, slots=True)
class Proposing:
    """How far it is: ``done`` of ``total`` frames of the medium at ``index``; ``reason``: why it failed."""

    state: Literal["idle", "running", "failed"] = "idle"
    index: int = 0
    done: int = 0
    total: int = 0
    reason: str = ""


class Busy(ConfigError):
    """Another proposal is being made."""


class Proposals:
    """For the thread of the desk; ``picture`` decodes one frame of a medium, ``frames`` all of them, in whatever
    thread they are asked for."""

    def __init__(
        self,
        desk: Desk,
        detecting: Detecting,
        picture: Callable[[int, int], Awaitable[Image]],
        frames: Callable[[int], Iterator[Frame]],
    ) -> None:
        self._desk, self._detecting, self._picture, self._frames = desk, detecting, picture, frames
        self._now = Proposing()
        self._done = 0
        self._task: asyncio.Task[None] | None = None

    @property
    def now(self) -> Proposing:
        return replace(self._now, done=self._done) if self._now.state == "running" else self._now

    def propose(self, index: int, detector: str, frame: int | None) -> None:
        """Begin. Without a ``frame``: on the picture, or the tracks of all of the video.

        Raises:
            Busy: see there.
            ConfigError: there is no such detector or frame, or the medium cannot be used.
        """
        if self._now.state == "running":
            raise Busy("faces are being looked for already; wait until that is done")
        if detector not in NAMES:
            raise ConfigError(
                f"unknown detector {detector!r}{did_you_mean(detector, NAMES)}; known: {', '.join(NAMES)}"
            )
        medium = self._desk.medium(index)
        if frame is not None and not 0 <= frame < medium.frames:
            raise ConfigError(f"{medium.file} has frames 0 to {medium.frames - 1}, got {frame}")
        if medium.kind == "image":
            frame = 0
        self._done, self._now = 0, Proposing("running", index, 0, medium.frames if frame is None else 1)
        self._task = asyncio.create_task(self._work(index, detector, frame))
        self._task.add_done_callback(told)

    async def close(self) -> None:
        """Break off whatever goes on."""
        await self._detecting.close()
        if self._task is not None:
            await asyncio.wait({self._task})

    async def _work(self, index: int, detector: str, frame: int | None) -> None:
        outcome = Proposing("failed", index, reason=BROKEN)
        try:
            self._desk.add(index, await self._found(index, detector, frame))
            outcome = Proposing()
        except (StreamerError, EngineError) as error:
            outcome = Proposing("failed", index, reason=redact(str(error)))
        except Ended:
            outcome = Proposing()
        finally:
            self._now = outcome

    async def _found(self, index: int, detector: str, frame: int | None) -> Found:
        if frame is None:
            return await self._detecting.on_video(detector, partial(self._frames, index), self._tell)
        return await self._detecting.on_picture(detector, await self._picture(index, frame), frame)

    def _tell(self, done: int) -> None:
        self._done = done  # from the other thread, which does nothing else to it


def told(task: asyncio.Task[None]) -> None:
    """An error that nobody foresaw, for the terminal."""
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("looking for faces broke off\n%s", redact("".join(traceback.format_exception(error))))
