"""What is kept of the rooms, read in threads of its own: the loop waits for no disk.

No more is read than may be shown. The timeline holds only seconds that were published: with their limit of people,
their noise and their rounding, so that no request, however it cuts its spans, comes nearer to a person than the live
numbers did. And what was kept for one purpose is not shown for another, since what was published to one's own eyes may
be a single person: only the latest runs that all have the purpose of now are.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from streamer.errors import ConfigError, SinkError
from streamer.purposes import Purpose
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import RunBegan
from streamer.web.problems import Refused
from streamer.web.routing import SITE

log = logging.getLogger(__name__)

T = TypeVar("T")

NONE_KEPT = (
    "no timeline is kept here; set 'timeline: {enabled: true}' in the configuration, and start groupmood serve again"
)


@dataclass(frozen=True, slots=True)
class Load:
    """Questions that are answered ``at_once``, and that wait or are being answered at most; ``patience``: seconds for
    an answer, with the time that it waits."""

    at_once: int
    waiting: int
    patience: float


QUICK = Load(at_once=2, waiting=16, patience=15.0)
SLOW = Load(at_once=1, waiting=4, patience=25.0)
"""For what takes a processor seconds, which is so never taken from those who look."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The reader, and the time (seconds since 1970) before which nothing is to be shown."""

    reader: TimelineReader
    since: int


class Archive:
    """A file's answers, for the loop's thread."""

    def __init__(self, path: Path | None, purpose: Purpose, load: Load = QUICK) -> None:
        self._path, self._purpose, self._patience = path, purpose, load.patience
        self._places = threading.BoundedSemaphore(load.waiting)
        self._workers = ThreadPoolExecutor(load.at_once, "archive")

    async def ask(self, question: Callable[[Kept], T]) -> T:
        """What ``question`` finds, called in another thread.

        Raises:
            Refused: there is no timeline, too much is asked, or it takes too long.
        """
        if self._path is None:
            raise Refused(404, NONE_KEPT)
        if not self._places.acquire(blocking=False):
            raise Refused(503, "too many questions to the timeline at once; try again", headers={"Retry-After": "5"})
        work = self._workers.submit(self._answer, self._path, question)
        work.add_done_callback(self._leave)
        try:
            async with asyncio.timeout(self._patience):
                return await asyncio.wrap_future(work)
        except TimeoutError:
            raise Refused(503, f"no answer from the timeline within {self._patience:g} s; ask for less") from None

    def end(self) -> None:
        self._workers.shutdown(wait=False, cancel_futures=True)

    def _leave(self, _: Future[T]) -> None:
        self._places.release()

    def _answer(self, path: Path, question: Callable[[Kept], T]) -> T:
        if not path.is_file():
            raise Refused(404, "nothing has been kept yet; try again in some seconds")
        try:
            with TimelineReader(path) as reader:
                now = int(time.time())
                return question(Kept(reader, since(reader.runs(0, now + 1), self._purpose, now)))
        except ConfigError as error:
            raise Refused(400, str(error)) from None
        except SinkError as error:
            log.warning("%s", error)
            raise Refused(503, "the timeline cannot be read; the server's log says why") from None


def since(runs: Iterable[RunBegan], purpose: str, now: int) -> int:
    """When the runs with this purpose began, after the last one with another; 0 where all had it, ``now`` where the
    newest had another."""
    found = 0
    other = False
    for run in runs:
        if run.purpose != purpose:
            found, other = now, True
        elif other:
            found, other = run.utc, False
    return found


ARCHIVE: web.AppKey[Archive] = web.AppKey("archive", Archive)
STUDY: web.AppKey[Archive] = web.AppKey("study", Archive)
"""The same file, for questions that take long."""

REPORTS: web.AppKey[Archive] = web.AppKey("reports", Archive)
"""The same, for whole reports: one is made at a time."""


async def archive(app: web.Application) -> AsyncIterator[None]:
    site = app[SITE]
    app[ARCHIVE] = Archive(site.timeline, site.purpose)
    app[STUDY], app[REPORTS] = (Archive(site.timeline, site.purpose, SLOW) for _ in range(2))
    yield
    for one in (ARCHIVE, STUDY, REPORTS):
        app[one].end()
