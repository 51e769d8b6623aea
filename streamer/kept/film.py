"""The time of a recording: what is kept of it is of when it was recorded, not of when it was analysed."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from streamer.chronicle import PeopleToTimeline
from streamer.config import Config
from streamer.errors import ConfigError
from streamer.shown import settings_view
from streamer.sources.recorded import Recorded, recorded
from streamer.sourcing import address_of
from streamer.timeline.purging import Purged
from streamer.timeline.repeating import Span, forget_earlier
from streamer.timeline.rows import Row, RunBegan
from streamer.types import FrameResult

DAY = 86_400


class FilmClock:
    """Seconds since 1970 at which the picture was recorded that was analysed last; written by one thread."""

    def __init__(self, begin: float) -> None:
        self._begin, self._pts = begin, 0.0

    def __call__(self) -> float:
        return self._begin + self._pts

    def take(self, results: Sequence[FrameResult]) -> tuple[FrameResult, ...]:
        """The same results as if they were captured in the film's own time; from now on it is the time of the last."""
        for result in results:
            self._pts = max(self._pts, result.pts)
        return tuple(replace(result, captured=result.pts) for result in results)


class PeopleOfFilm:
    """A ResultSink before PeopleToTimeline; the clock is its own, for the analysis may be ahead."""

    def __init__(self, put: Callable[[Row], None], room: str, purpose: str | None, begin: float) -> None:
        """
        Raises:
            ConfigError: the purpose does not allow it.
        """
        self._clock = FilmClock(begin)
        self._people = PeopleToTimeline(put, room, purpose, clock=self._clock)

    def __enter__(self) -> Self:
        self._people.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._people.__exit__(kind, error, trace)

    def write(self, result: FrameResult) -> None:
        for one in self._clock.take([result]):
            self._people.write(one)


@dataclass(frozen=True, slots=True)
class Film:
    """The only source of a run, a video file; ``shown``: its address as settings show it."""

    name: str
    room: str
    shown: str
    recorded: Recorded

    @property
    def span(self) -> Span:
        begin, seconds = self.recorded.begin, self.recorded.seconds or 0.0
        return Span(self.room, int(begin), math.floor(begin + seconds) + 1)

    @property
    def told(self) -> str:
        """When it was recorded and by what that is known, in local time: '2026-11-20 14:03:10 (creation time)'."""
        return f"{datetime.fromtimestamp(int(self.recorded.begin))} ({self.recorded.source} of the file)"

    def check_retention(self, config: Config) -> None:
        """
        Raises:
            ConfigError: it is older than what the timeline keeps, so that its rows would be deleted at once.
        """
        if config.timeline is None:
            return
        days = math.ceil((time.time() - self.recorded.begin) / DAY)
        if days > config.timeline.retention_days:
            raise ConfigError(
                f"{self.name} was recorded at {self.told}, {days} days ago, and the timeline keeps "
                f"{config.timeline.retention_days} days; for old recordings name a file of their own: "
                f"'timeline: {{file: recordings.sqlite, retention_days: {days + 30}}}' (3660 at most)"
            )

    def forget_earlier(self, timeline: Path) -> Purged:
        """Delete what earlier runs of the same file kept.

        Raises:
            ConfigError: the room has rows of other runs of that time. SinkError: the timeline cannot be written.
        """
        return forget_earlier(timeline, self.span, partial(is_of, Path(self.shown).name))


def film_of(config: Config) -> Film | None:
    """The recording that a run analyses; None for cameras.

    Raises:
        ConfigError: several recordings, or one and a camera, which have no time in common.
        SourceError: it cannot be used as a video.
    """
    files = [name for name, settings in config.sources.items() if address_of(settings).kind == "file"]
    if not files:
        return None
    if len(config.sources) > 1:
        raise ConfigError(
            "what is kept or told of a video file is of the time when it was recorded, so it must be the only source; "
            f"got {', '.join(config.sources)}: run {', '.join(files)} one by one, or leave out 'timeline', 'events' "
            "and 'alerts'"
        )
    (name,) = files
    shown = settings_view(config)["sources"][name]["address"]
    path = Path(address_of(config.sources[name]).value)
    return Film(name, config.room_of(name)[0], str(shown), recorded(path))


def is_of(file: str, run: RunBegan) -> bool:
    """Whether that run was of a file of this name."""
    try:
        sources: Any = json.loads(run.settings or "{}").get("sources", {})
        return any(Path(str(source["address"])).name == file for source in sources.values())
    except (ValueError, AttributeError, TypeError, LookupError):
        return False
