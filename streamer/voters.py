"""Who votes in a room, with what weight and what reading: everything that the room's numbers are made from.

Each person seen has a weight that follows 1 while the person votes and 0 otherwise, and a mean reading, both as
exponential moving averages in time with the meter's time constant. So somebody who comes or goes moves the numbers
gradually, at any frame rate, and each number can be traced to the people behind it.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS, valence_arousal

Key: TypeAlias = tuple[str, int]
"""Source and track id."""

FORGOTTEN = 0.01
"""Weight below which a person who left is forgotten."""


@dataclass(frozen=True, slots=True)
class Ballot:
    """One person at one moment. ``vote`` 0…: the weight that the person's reading is to have, 0 where it cannot count
    for the ``reason``; ``read_at`` room time of the reading, ``quality`` 0…1 of the face."""

    key: Key
    vote: float
    reading: tuple[float, ...] | None
    read_at: float | None
    quality: float
    reason: str = ""


@dataclass(slots=True)
class Voter:
    """``weight`` and ``total`` = weight × mean reading, both averaged over time; ``last`` the latest ballot."""

    weight: float
    total: NDArray[np.float64]
    last: Ballot
    here: bool = True

    def move(self, vote: float, reading: tuple[float, ...] | None, gain: float) -> None:
        """Let the averages follow a vote: ``gain`` 0…1 of the way."""
        latest = vote * np.asarray(reading) if reading is not None else np.zeros(len(LABELS))
        self.weight += gain * (vote - self.weight)
        self.total = self.total + gain * (latest - self.total)

    @property
    def reading(self) -> NDArray[np.float64]:
        """(8,) the mean over the meter's time."""
        return self.total / self.weight


@dataclass(slots=True)
class Voters:
    """``tau``: time constant in seconds."""

    tau: float
    _voters: dict[Key, Voter] = field(default_factory=dict)

    def add(self, ballots: Iterable[Ballot], elapsed: float) -> None:
        """All ballots of now; who is not among them has left. ``elapsed`` seconds since the last call.

        Where nobody had any weight yet the first ballots are taken as they are.
        """
        given = {ballot.key: ballot for ballot in ballots}
        first = not any(voter.weight > 0 for voter in self._voters.values())
        gain = 1.0 if first else -math.expm1(-elapsed / self.tau)
        for key, ballot in given.items():
            voter = self._voters.setdefault(key, Voter(0.0, np.zeros(len(LABELS)), ballot))
            voter.last = ballot
            voter.move(ballot.vote, ballot.reading, gain)
        for key in self._voters.keys() - given.keys():
            self._voters[key].move(0.0, None, gain)
        for key, voter in list(self._voters.items()):
            voter.here = key in given
            if not voter.here and voter.weight < FORGOTTEN:
                del self._voters[key]

    def counting(self) -> dict[Key, Voter]:
        """Those whose reading has some weight now."""
        return {key: voter for key, voter in self._voters.items() if voter.weight >= FORGOTTEN}

    def valences(self) -> dict[Hashable, float]:
        """The valence of each who votes now, as read now."""
        lasts = [voter.last for voter in self._voters.values() if voter.here]
        return {last.key: valence_arousal(last.reading)[0] for last in lasts if last.vote and last.reading}

    def everybody(self) -> dict[Key, Voter]:
        return dict(self._voters)
