"""What is published of a room at a time: its mood as it is, its mood guarded, or its signs."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from streamer.aggregate import SPREAD, Aggregate
from streamer.explain import STILL_FACE, Facts, Guard, signs_together, together
from streamer.moments import Moments
from streamer.publish.rooms import PublishedRoom
from streamer.stillness import Stillness
from streamer.types import GroupMood, Person, RoomResult, RoomSigns

LINGER = 1.0
"""Seconds for which somebody still belongs to a room who votes no more: a face that is hard to read for a moment is
nobody who left. By then Aggregate has let less than a hundredth of the change through."""


class Signing(Protocol):
    """A room's signs as they may be published."""

    def update(self, people: Sequence[Person], members: Sequence[Hashable], now: float) -> RoomSigns | None:
        """``members`` name the ``people``, in their order; ``now`` in seconds."""
        ...


class Desk(Protocol):
    """Makes what is published of one room."""

    def look(self, people: Mapping[str, Sequence[Person]], mood: GroupMood | None, now: float) -> RoomResult:
        """``people`` of each source that is heard, none where all are silent; ``now`` never falls."""
        ...

    def explain(self) -> Mapping[str, Any] | None:
        """Where the newest numbers come from. In any thread."""
        ...


class DirectDesk:
    """The mood as it is: only the local user is seen, and he alone looks."""

    def __init__(self, room: PublishedRoom) -> None:
        self._room, self._facts = room, Facts(room.correction, room.smoothing)
        self._shown: tuple[GroupMood, Mapping[str, int]] | None = None

    def look(self, people: Mapping[str, Sequence[Person]], mood: GroupMood | None, now: float) -> RoomResult:
        self._shown = (mood, self._room.votes.left_out()) if mood else None
        return RoomResult(self._room.name, now, mood, tuple(people))

    def explain(self) -> Mapping[str, Any] | None:
        shown = self._shown
        return together(shown[0], self._facts, shown[1]) if shown else None


class GuardedDesk:
    """The mood as ``Aggregate`` lets it through."""

    def __init__(self, room: PublishedRoom, aggregate: Aggregate) -> None:
        rules = aggregate.rules
        self._room, self._aggregate, self._calm = room, aggregate, rules.smoothing
        guard = Guard(rules.least, rules.step, rules.noise * SPREAD[0], rules.smoothing)
        self._facts = Facts(room.correction, room.smoothing, guard)
        self._voted: dict[tuple[str, int], float] = {}
        self._shown: GroupMood | None = None
        self._pictures, self._looked = False, -math.inf
        self._moments = Moments()

    def look(self, people: Mapping[str, Sequence[Person]], mood: GroupMood | None, now: float) -> RoomResult:
        voting = self._room.votes.members() if mood else ()
        recent = {key: at for key, at in self._voted.items() if mood and 0 <= now - at <= LINGER}
        self._voted = {**recent, **dict.fromkeys(voting, now)}
        result = self._aggregate.update(mood, self._voted, tuple(people), now)
        self._shown = result.mood
        if self._shown and now - self._looked >= self._calm:
            self._pictures, self._looked = STILL_FACE in self._room.votes.left_out(), now
        return replace(result, mood=self._remembered(now))

    def _remembered(self, now: float) -> GroupMood | None:
        """What is shown, with its trend and its moments: made of what was shown before, they tell nothing more."""
        mood = self._shown
        if mood is None:
            self._moments = Moments()
            return None
        half = None if mood.interval is None else (mood.interval[1] - mood.interval[0]) / 2
        moment = self._moments.update(mood.valence, half, now)
        return replace(mood, trend=self._moments.trend, moment=moment)

    def explain(self) -> Mapping[str, Any] | None:
        """Made of what is shown alone, and of whether pictures are left out. That is looked up as seldom as the numbers
        move, and not how many: it tells of no moment and of nobody's mood."""
        shown = self._shown
        return together(shown, self._facts, {STILL_FACE: 1} if self._pictures else {}) if shown else None


class SignsDesk:
    """What the room's faces do, where no emotion is inferred; those that never move are pictures and left out."""

    def __init__(self, room: PublishedRoom, signs: Signing) -> None:
        self._room, self._signs = room, signs
        self._still = {source: Stillness() for source in room.sources}
        self._shown: RoomSigns | None = None

    def look(self, people: Mapping[str, Sequence[Person]], mood: GroupMood | None, now: float) -> RoomResult:  # noqa: ARG002  (Desk's)
        there = [
            (source, one) for source, some in people.items() for one in some if not self._is_still(source, one, now)
        ]
        members = [(source, one.track.id) for source, one in there]
        self._shown = self._signs.update([one for _, one in there], members, now)
        return RoomResult(self._room.name, now, None, tuple(people), self._shown)

    def explain(self) -> Mapping[str, Any] | None:
        return signs_together(self._shown, self._room.least) if self._shown else None

    def _is_still(self, source: str, person: Person, now: float) -> bool:
        return self._still[source].still(person, now)
