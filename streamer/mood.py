"""The mood of a room: the people its cameras see, one vote each, smoothed over time, corrected, with an interval.

Each frame: the people of all sources → ballots → each one's mean reading and weight over the meter's time (voters) →
the model's known mistakes taken out (correction) → shares, valence, its interval, the camps → GroupMood. Beside it run
the synchrony of the faces (cohesion) and what happened lately (moments).

The interval is of what this room's own people show, not of a population that they were drawn from: its width comes from
how sure each person's corrected reading is and from the model's own error, not from how much the people differ. (A
bootstrap over the people would take a room that is certainly split in two for an uncertain one.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from streamer.cohesion import Cohesion, Together
from streamer.correction import Answers, Rows, corrected, effective_size
from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.explain import STILL_FACE, Explained, Share
from streamer.moments import Moments
from streamer.stillness import Stillness
from streamer.summing import CAMP, POINTS, Numbers, interval, measure, perceptual, polarisation
from streamer.types import GroupMood, Person
from streamer.voters import Ballot, Key, Voter, Voters

SILENT = 2.0
"""Seconds after which a source that sends nothing counts no more, and after which a room starts anew."""

EMPTY = 1.0
"""Seconds without anybody after which there is no data."""

LEAST_COVERAGE = 0.5
LEAST_EFFECTIVE = 1.5
"""With two or more people seen, less than these is not enough evidence."""


@dataclass(frozen=True, slots=True)
class MoodRules:
    """``tau``: time constant of the meter in seconds. A person votes whose face has at least ``min_quality`` and was
    read no longer ago than ``oldest`` seconds, or ``oldest_unseen`` while the face is only predicted.
    ``weighting``: "equal", one person, one vote; or "perceptual", larger faces nearer the middle weigh more, at most
    four times as much, as they do for somebody who looks at the room.

    Raises:
        ConfigError: ``tau`` is not above 0, or another value is below 0.
    """

    tau: float = 5.0
    min_quality: float = 0.4
    oldest: float = 5.0
    oldest_unseen: float = 1.0
    weighting: Literal["equal", "perceptual"] = "equal"

    def __post_init__(self) -> None:
        if not self.tau > 0:
            raise ConfigError(f"tau must be above 0 seconds, got {self.tau}")
        for name in ("min_quality", "oldest", "oldest_unseen"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if self.weighting not in ("equal", "perceptual"):
            raise ConfigError(f"weighting must be equal or perceptual, got {self.weighting!r}")


class RoomMood:
    """The mood of one room over one or more sources; ``answers`` of the model that reads the faces, if they are known.

    Room time counts from 0. Each source has a zero of its own, so a source that joins is set to the room's time of
    then by an offset that stays fixed; it joins anew when its own time ran backwards or leapt by more than SILENT.
    Where no other source is there to keep the room's time, the room then starts anew. Of each source its latest
    people count. A face in the view of two cameras counts twice.
    """

    def __init__(self, rules: MoodRules | None = None, answers: Answers | None = None) -> None:
        self._rules, self._answers = rules or MoodRules(), answers
        self._seats: dict[str, _Seat] = {}
        self._latest: GroupMood | None = None
        self._started: float | None = None
        self._now = self._occupied = 0.0
        self._start_anew()

    def update(
        self, source: str, people: Sequence[Person], pts: float, size: tuple[int, int] | None = None
    ) -> GroupMood | None:
        """The room's mood after these people of one of its sources were seen, in a picture of ``size`` pixels.

        None where nobody has been seen for EMPTY seconds; until then the last numbers stand, with 0 people.
        """
        offset = self._move_on(source, pts)
        before = self._seats.get(source)
        still = before.still if before else Stillness()
        ballots = tuple(self._ballot(source, person, pts, (offset, still, size)) for person in people)
        self._seats[source] = _Seat(pts, offset, self._now, ballots, still)
        self._seats = {name: seat for name, seat in self._seats.items() if self._now - seat.heard <= SILENT}
        ballots = tuple(ballot for seat in self._seats.values() for ballot in seat.ballots)
        if ballots:
            self._occupied = self._now
            self._latest = self._sum_up(ballots)
        elif self._latest is not None and self._now - self._occupied <= EMPTY:
            return replace(self._latest, people=0, used=0, coverage=0.0)
        else:
            self._start_anew()
        return self._latest

    def explain(self) -> Explained | None:
        """Where the latest numbers come from, person by person; None where there are none."""
        mood = self._latest
        if mood is None:
            return None
        counting = self._counting(mood.people)
        plain, total = corrected_rows(None, counting), sum(voter.weight for voter in counting.values())
        enough = counting and mood.valence is not None
        before = measure(plain, weights_of(counting), mood.people - mood.used) if enough else None
        after = dict(zip(counting, corrected_rows(self._answers, counting) @ POINTS[:, 0], strict=True))
        present = {ballot.key for seat in self._seats.values() for ballot in seat.ballots}
        everybody = self._voters.everybody().items()
        shares = tuple(self._share(voter, total, after.get(key), key in present) for key, voter in everybody)
        if not present:
            mood = replace(mood, people=0, used=0, coverage=0.0)
        if before is None:
            return Explained(self._now, mood, None, None, shares)
        return Explained(self._now, mood, before.valence, interval(before), shares)

    def members(self) -> frozenset[Key]:
        """Who votes now: source and track id."""
        return frozenset(ballot.key for seat in self._seats.values() for ballot in seat.ballots if ballot.vote > 0)

    def left_out(self) -> dict[str, int]:
        """How many of those seen now do not count, by the reason."""
        return dict(Counter(ballot.reason for seat in self._seats.values() for ballot in seat.ballots if ballot.reason))

    def _share(self, voter: Voter, total: float, after: float | None, here: bool) -> Share:
        ballot, counts = voter.last, after is not None
        age = None if ballot.read_at is None else self._now - ballot.read_at
        before = float(voter.reading @ POINTS[:, 0]) if counts else None
        weight = voter.weight / total if counts else 0.0
        reason = (ballot.reason or ("" if counts else "has just come")) if here else "has left"
        return Share(*ballot.key, weight, before, None if after is None else float(after), age, ballot.quality, reason)

    def _move_on(self, source: str, pts: float) -> float:
        """Move room time on to this frame; what is to be added to the source's time for the room's."""
        seat = self._seats.get(source)
        if seat is not None and 0 <= pts - seat.pts <= SILENT:
            self._now = max(self._now, pts + seat.offset)
            return seat.offset
        if not self._seats.keys() - {source}:
            self._start_anew()
        return self._now - pts

    def _start_anew(self) -> None:
        """Let no mood of people who are gone colour that of the next."""
        self._voters, self._cohesion, self._moments = Voters(self._rules.tau), Cohesion(), Moments()
        self._latest, self._started = None, None
        self._moved = self._now

    def _ballot(
        self, source: str, person: Person, pts: float, at: tuple[float, Stillness, tuple[int, int] | None]
    ) -> Ballot:
        offset, still, size = at
        reason = self._left_out(person, pts) or (STILL_FACE if still.still(person, pts) else "")
        weight = perceptual(person, size) if self._rules.weighting == "perceptual" and size else 1.0
        emotion = person.emotion
        return Ballot(
            (source, person.track.id),
            0.0 if reason else weight,
            emotion.probabilities if emotion else None,
            emotion.pts + offset if emotion else None,
            person.quality,
            reason,
        )

    def _left_out(self, person: Person, pts: float) -> str:
        """Why this person's expression is not known well enough to count; '' where it is."""
        rules = self._rules
        if person.quality < rules.min_quality:
            return "too small, blurred or turned away"
        if person.emotion is None:
            return "not read yet"
        oldest = rules.oldest if person.track.seen else rules.oldest_unseen
        return "read too long ago" if pts - person.emotion.pts > oldest else ""

    def _sum_up(self, ballots: Sequence[Ballot]) -> GroupMood:
        votes = [ballot.vote for ballot in ballots if ballot.vote > 0]
        seen, used, coverage = len(ballots), len(votes), len(votes) / len(ballots)
        self._voters.add(ballots, self._now - self._moved)
        self._moved = self._now
        enough = effective_size(votes) >= LEAST_EFFECTIVE and coverage >= LEAST_COVERAGE
        if not (enough or used == seen == 1):
            moment = self._moments.update(None, None, self._now)
            window = self._window()
            nothing = GroupMood(seen, used, None, None, None, None, None, None, coverage, window)
            return replace(nothing, trend=self._moments.trend, moment=moment)
        self._started = self._now if self._started is None else self._started
        counting = self._counting(seen)
        numbers = measure(corrected_rows(self._answers, counting), weights_of(counting), seen - used)
        return self._told(numbers, counting, (seen, used, coverage))

    def _told(self, numbers: Numbers, counting: dict[Key, Voter], count: tuple[int, int, float]) -> GroupMood:
        seen, used, coverage = count
        here = [value for value, voter in zip(numbers.each, counting.values(), strict=True) if voter.here]
        together = self._cohesion.update(self._voters.valences(), self._now)
        moment = self._moments.update(numbers.valence, numbers.half, self._now)
        positive = sum(bool(value >= CAMP) for value in here)
        negative = sum(bool(value <= -CAMP) for value in here)
        return GroupMood(
            seen,
            used,
            numbers.valence,
            numbers.arousal,
            interval(numbers),
            numbers.shares,
            numbers.dispersion,
            together.cohesion if together else None,
            coverage,
            self._window(),
            positive=positive,
            negative=negative,
            polarisation=polarisation(positive, negative, len(here)),
            together=_known(together),
            trend=self._moments.trend,
            moment=moment,
        )

    def _counting(self, seen: int) -> dict[Key, Voter]:
        """Whose readings make the numbers: those of now and, fading, of late; a single person is that person alone."""
        if seen != 1:
            return self._voters.counting()
        return {key: voter for key, voter in self._voters.everybody().items() if voter.here and voter.weight > 0}

    def _window(self) -> float:
        """Seconds that the numbers speak of: 2 τ, which hold 86 % of the weight, or since the start if that is less."""
        return 0.0 if self._started is None else min(2 * self._rules.tau, self._now - self._started)


@dataclass(frozen=True, slots=True)
class _Seat:
    """A source's place in the room: its own time and the room's when it was last heard, and its people's ballots."""

    pts: float
    offset: float
    heard: float
    ballots: tuple[Ballot, ...]
    still: Stillness


def corrected_rows(answers: Answers | None, voters: dict[Key, Voter]) -> Rows:
    rows = np.array([voter.reading for voter in voters.values()]).reshape(-1, len(LABELS))
    return rows if answers is None or not len(rows) else corrected(answers, rows, weights_of(voters))


def weights_of(voters: dict[Key, Voter]) -> NDArray[np.float64]:
    return np.array([voter.weight for voter in voters.values()])


def _known(together: Together | None) -> bool | None:
    return together.above_chance if together else None
