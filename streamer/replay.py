"""A recorded run, read back and lived through again: JSON lines → results → the mood of their room.

The records are those of ``streamer.sinks.record`` (schema groupmood.frame/1). Their numbers are rounded, so a mood that
is made of them again differs from the recorded one in the fourth decimal.
"""

from __future__ import annotations

import heapq
import json
import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from streamer.emotions import LABELS
from streamer.errors import ConfigError, SourceError, did_you_mean
from streamer.mood import RoomMood
from streamer.sinks.record import SCHEMA, FrameRecord, Measured, MomentRecord, MoodRecord, PersonRecord
from streamer.types import Box, Emotion, Face, FrameResult, GroupMood, Moment, Person, Track

EDGE = 0.05
"""Seconds by which a wanted time may miss the ends of a file: half of the last digit that is said of them."""

MOST_NAMED = 8
"""Sources that a message lists."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file of results with its ``first`` and ``last`` record; ``cut``: the line after the last is not complete."""

    path: Path
    first: FrameResult
    last: FrameResult
    cut: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """The last record of ``source`` at or before ``at`` seconds of its own time (None: the last of all), in a room to
    which the sources belong that ``belongs`` says."""

    source: str
    at: float | None
    belongs: Callable[[str], bool]

    def ends_before(self, result: FrameResult, shown: FrameResult | None) -> bool:
        """Whether this result of the source comes too late; ``shown`` is the one before it."""
        return self.at is not None and not result.pts <= self.at + (EDGE if shown is None else 0.0)


def replay(recordings: Sequence[Recording], room: RoomMood, wanted: Wanted) -> FrameResult:
    """Let ``room``, which is new, live through what was recorded up to the wanted record, and return that.

    Raises:
        SourceError: a file cannot be read, or a line of it is no record.
        ConfigError: there is no such source, or it has no such time; or two files are of one source.
    """
    shown, others, ended = None, list[FrameResult](), True
    for result in merged(recordings):
        if result.source != wanted.source:
            others += [result] if wanted.belongs(result.source) else []
        elif wanted.ends_before(result, shown):
            ended = False
            break
        else:
            for one in (*others, result):
                room.update(one.source, one.people, one.pts, one.size)
            shown, others = result, []
    if shown is None or (ended and wanted.at is not None and wanted.at > shown.pts + EDGE):
        raise outside(recordings, wanted)
    return shown


def outside(recordings: Sequence[Recording], wanted: Wanted) -> ConfigError:
    """What to say where the wanted record is not there: what is."""
    names, times = dict[str, None](), list[float]()
    for result in merged(recordings):
        names[result.source] = None
        if result.source == wanted.source:
            times = [*times[:1], result.pts]
    if not times:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        there = ", ".join(list(names)[:MOST_NAMED]) + more
        return ConfigError(f"no source {wanted.source!r}{did_you_mean(wanted.source, names)}; recorded: {there}")
    said = "" if len(names) == 1 else f" of {wanted.source}"
    return ConfigError(f"nothing at {wanted.at} s; the file covers {times[0]:.1f}…{times[-1]:.1f} s{said}")


def look(path: Path) -> Recording:
    """Both ends of a file.

    Raises:
        SourceError: it cannot be read, has no record, or one at its ends is none.
    """
    ends = deque(lines(path), maxlen=2)
    cut = bool(ends) and unfinished(ends[-1][1])
    if len(ends) <= cut:
        raise SourceError(f"{path} has no record; expected the lines that 'groupmood run --results' writes")
    return Recording(path, next(results(path)), parsed(path, *ends[-2 if cut else -1]), cut)


def results(path: Path) -> Iterator[FrameResult]:
    """Every record of a file in its order; a last line that a killed run left unfinished is left out.

    Raises:
        SourceError: the file cannot be read, or a line of it is no record.
    """
    for number, line in lines(path):
        if not unfinished(line):
            yield parsed(path, number, line)


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Every line that is not blank, with its number.

    Raises:
        SourceError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield from ((number, line) for number, line in enumerate(file, 1) if line.strip())
    except OSError as error:
        raise SourceError(f"{path}: cannot be read: {error.strerror}") from None


def unfinished(line: bytes) -> bool:
    """Whether this is only the beginning of a record: every whole one ends its line."""
    if line.endswith(b"\n"):
        return False
    try:
        json.loads(line)
    except ValueError:
        return True
    return False


def parsed(path: Path, number: int, line: bytes) -> FrameResult:
    """Raises:
    SourceError: naming the file and the line, it is no record.
    """
    try:
        return result_of(FrameRecord.model_validate_json(line))
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in fault["loc"])
        said = fault["msg"].removeprefix("Value error, ").replace(" at line 1 column ", " at column ")
        reason = f"{place}: {said}" if place else said
    except ValueError as error:
        reason = str(error)
    raise SourceError(f"{path}, line {number}: is no record of {SCHEMA}: {reason}")


def merged(recordings: Sequence[Recording]) -> Iterator[FrameResult]:
    """The records of all files in the order in which the room got them: as captured where one run made them, else by
    the time of each file's own source.

    Raises:
        SourceError: see ``results``. ConfigError: two files are of one source.
    """
    names = [recording.first.source for recording in recordings]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"two of the files are of the source {name!r}; give one of them")
    streams = [results(recording.path) for recording in recordings]
    return heapq.merge(*streams, key=captured if one_run(recordings) else media_time)


def one_run(recordings: Sequence[Recording]) -> bool:
    """Whether all were captured at the same time: only then can their clocks be compared."""
    begin = max(recording.first.captured for recording in recordings)
    return begin <= min(recording.last.captured for recording in recordings)


def captured(result: FrameResult) -> float:
    return result.captured


def media_time(result: FrameResult) -> float:
    return result.pts


def result_of(record: FrameRecord) -> FrameResult:
    """What a record was made of, as far as it tells.

    Raises:
        ValueError: it has no time, or its probabilities are none.
    """
    if record.pts is None or record.captured is None:
        raise ValueError("pts and captured must be numbers, got null")
    return FrameResult(
        record.source,
        record.index,
        record.pts,
        record.captured,
        tuple(person_of(person, record.pts) for person in record.people),
        None if record.mood is None else mood_of(record.mood),
        {stage: number(seconds) for stage, seconds in record.seconds.items()},
        record.dropped,
        size=record.size,
    )


def person_of(record: PersonRecord, pts: float) -> Person:
    """``pts`` of the frame. The detector's score and landmarks are not recorded: NaN."""
    box = Box(*(record.box or [math.nan] * 4))
    emotion = None
    if record.probabilities is not None:
        emotion = Emotion(in_order(record.probabilities), "recorded", pts - number(record.emotion_age))
    track = Track(record.id, Face(box, math.nan), number(record.age), record.seen)
    return Person(track, emotion, record.label, number(record.confidence), number(record.quality))


def mood_of(record: MoodRecord) -> GroupMood:
    return GroupMood(
        record.people,
        record.used,
        record.valence,
        record.arousal,
        record.interval,
        None if record.shares is None else in_order(record.shares),
        record.dispersion,
        record.cohesion,
        number(record.coverage),
        number(record.window),
        record.positive,
        record.negative,
        record.polarisation,
        record.together,
        record.trend,
        None if record.moment is None else moment_of(record.moment),
    )


def moment_of(record: MomentRecord) -> Moment:
    return Moment(number(record.start), number(record.seconds), number(record.change), record.over)


def in_order(shares: Mapping[str, Measured]) -> tuple[float, ...]:
    """Raises:
    ValueError: one is no number 0…1.
    """
    numbers = tuple(number(shares[label]) for label in LABELS)
    if not all(0 <= share <= 1 for share in numbers):
        raise ValueError(f"expected a number 0…1 for each label, got {numbers}")
    return numbers


def number(measured: Measured) -> float:
    """What was not finite is null in a record."""
    return math.nan if measured is None else measured
