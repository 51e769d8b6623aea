"""What a configuration's rooms let out, whoever gets it: pages, the timeline, other machines."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from streamer.alerts import Rule, never_told
from streamer.config import Config
from streamer.hub import Hub
from streamer.keeping import Keeping, noise_key
from streamer.mood import RoomMood
from streamer.pipeline import Pipeline
from streamer.publish import PublishedRoom, Publisher, aggregate_of, overlap_warning, rules_of
from streamer.purposes import Purpose, infers_emotion
from streamer.room_signs import PublishedSigns
from streamer.signs import NoMood

TICK = 1.0
"""Seconds between two looks for rooms that have fallen silent."""


def published_rooms(config: Config, moods: Mapping[str, RoomMood | NoMood]) -> tuple[PublishedRoom, ...]:
    return tuple(published_room(config, name, mood) for name, mood in moods.items())


def published_room(config: Config, name: str, mood: RoomMood | NoMood) -> PublishedRoom:
    sources = tuple(source for source in config.sources if config.room_of(source)[0] == name)
    room = config.room_of(sources[0])[1]
    return PublishedRoom(name, sources, mood, room.least, room.smoothing, room.correction, room.overlap)


def publisher_of(
    config: Config, rooms: Sequence[PublishedRoom], hub: Hub, purpose: Purpose, *, direct: bool
) -> tuple[Publisher, str]:
    """And what is to be said of it, or ''. ``direct``: only the local user is seen, and only he looks.

    Raises:
        ConfigError: a room's rules cannot be kept.
    """
    signs = None if infers_emotion(purpose) else partial(signs_of, {room.name: room for room in rooms})
    noise, unsteady = (None, "") if direct or signs else noise_key(config)
    make = partial(aggregate_of, lasting=noise)
    return Publisher(rooms, hub, purpose, direct=direct, signs=signs, make=make), unsteady


def signs_of(rooms: Mapping[str, PublishedRoom], room: str) -> PublishedSigns:
    return PublishedSigns(room, rules_of(rooms[room]))


def warnings(rooms: Sequence[PublishedRoom], rules: Sequence[Rule], purpose: Purpose, *, direct: bool) -> Iterator[str]:
    """What whoever starts it should know."""
    yield from (text for room in rooms if (text := overlap_warning(room)))
    yield from never_told(rules, infers=infers_emotion(purpose), direct=direct)


def keeps_people(config: Config) -> bool:
    """Whether the timeline is to have rows of single people."""
    timeline = config.timeline
    return timeline is not None and timeline.enabled and timeline.people


def recorded(config: Config) -> bool:
    """Whether the picture is written down or sent on."""
    output = config.output
    return any(wanted for wanted in (output.video, output.hls, output.push, output.virtual_camera))


class Quieting:
    """While entered, in a thread of its own, lets the numbers of rooms go whose cameras are silent (``silent``: it is
    a live run), and all of them when ``paused`` says that the analysis is off; ``looked`` is told at each look
    whether it is."""

    def __init__(
        self,
        publisher: Publisher,
        paused: Callable[[], bool],
        looked: Callable[[bool], None],
        *,
        silent: bool = True,
    ) -> None:
        self._publisher, self._paused, self._looked, self._silent = publisher, paused, looked, silent
        self._over, self._off = threading.Event(), False
        self._thread = threading.Thread(target=self._run, name="silence", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def look(self) -> None:
        if self._silent:
            self._publisher.tick(time.monotonic())
        off = self._paused()
        if off and not self._off:  # by a key, or the toggle of the API
            self._publisher.off()
        self._off = off
        self._looked(off)

    def _run(self) -> None:
        while not self._over.wait(TICK):
            self.look()


def noted(keeping: Keeping, pipeline: Pipeline, off: bool) -> None:
    """Keep whether the analysis is off, and which models and engines run."""
    keeping.switched(off=off)
    keeping.runs_on(pipeline.about)
