"""All that the timeline has of a room in a span, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo

from streamer.errors import ConfigError
from streamer.occurrences import Alert, Mark, PastMoment
from streamer.session_report.about import About
from streamer.session_report.spells import NUMBERS, STATES, States, states_of
from streamer.timeline.answers import Bucket, Course
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import CameraChange, RunBegan
from streamer.trends.aggregates import merged

LONGEST = 25 * 3600
"""Seconds of a report: a day, also that on which summer time ends. All of it is read second by second."""

SIGNS = ("smile", "frown", "nod", "shake", "facing")
"""The shares that are kept where no emotion is inferred."""


@dataclass(frozen=True, slots=True)
class Gathered:
    """``course``: in buckets of one second; ``whole``: all of them as one. ``states``: what is known of each second.
    ``emotions``: whether it tells of a mood; else of signs, and the valence of ``course`` is None. ``mixed``: the other
    is in the timeline as well. ``ends`` of the runs by their names."""

    room: str
    begin: int
    end: int
    course: Course
    whole: Bucket
    states: States
    emotions: bool
    mixed: bool
    moments: tuple[PastMoment, ...]
    alerts: tuple[Alert, ...]
    marks: tuple[Mark, ...]
    cameras: tuple[CameraChange, ...]
    runs: tuple[RunBegan, ...]
    ends: Mapping[str, int]
    about: About

    @property
    def zone(self) -> tzinfo:
        return self.about.zone

    @property
    def length(self) -> int:
        return self.end - self.begin

    @property
    def known(self) -> int:
        """Seconds with numbers."""
        return self.states.seconds[NUMBERS]

    @property
    def told(self) -> Course:
        """The course of what changes and marks are told of: valence, or the share of people who smile in its place."""
        if self.emotions:
            return self.course
        buckets = tuple(replace(one, valence=one.smile) for one in self.course.buckets)
        return replace(self.course, buckets=buckets)


def gathered(reader: TimelineReader, room: str, begin: int, end: int, about: About) -> Gathered:
    """
    Raises:
        ConfigError: the span is empty, too long, or nothing was recorded in it.
        SinkError: the timeline cannot be read.
    """
    end = min(end, int(about.made) + 1)
    check_span(begin, end)
    course = reader.course(room, begin, end, LONGEST)
    runs, ends = reader.runs(begin, end), reader.ends(begin, end)
    before = reader.course(room, max(0, begin - 3600), begin, LONGEST) if begin > 0 else None
    states = states_of(course, before, [(run.utc, ends.get(run.run, end)) for run in runs])
    if not any(states.seconds[state] for state in STATES if state not in ("off", "gap")):
        raise ConfigError(f"nothing was recorded of {room!r} in that time; 'groupmood timeline info' says when")
    emotions = sum(one.valence is not None for one in course.buckets)
    signs = sum(any(getattr(one, sign) is not None for sign in SIGNS) for one in course.buckets)
    happened = course.occurrences
    return Gathered(
        room=room,
        begin=begin,
        end=end,
        course=course,
        whole=merged(course.buckets, begin, end - begin),
        states=states,
        emotions=emotions > signs or signs == 0,
        mixed=emotions > 0 and signs > 0,
        moments=tuple(one for one in happened if isinstance(one, PastMoment)),
        alerts=tuple(one for one in happened if isinstance(one, Alert)),
        marks=tuple(one for one in happened if isinstance(one, Mark)),
        cameras=reader.cameras(room, begin, end),
        runs=runs,
        ends=ends,
        about=about,
    )


def check_span(begin: int, end: int) -> None:
    """
    Raises:
        ConfigError: it is empty or too long.
    """
    if begin >= end:
        raise ConfigError("a report is of a time that begins before it ends, and not in the future")
    if end - begin > LONGEST:
        hours = (end - begin) / 3600
        raise ConfigError(
            f"a report is of {LONGEST // 3600} hours at most, got {hours:.1f}: choose a part of it with --from and --to"
        )
