"""How many of a room smile, frown, nod, shake their heads and face the camera, and what of that may be published.

Each sign goes the way of a mood (``streamer.aggregate``): the share of the people who show it stands where the valence
stands, with noise, smoothing, freezing and rounding, and never of fewer than ``least`` people. So nobody's coming or
going, and nobody's turning away, shows what he did.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace

from streamer.aggregate import SPREAD, Aggregate, AggregateRules
from streamer.types import GroupMood, Person, RoomSigns, Signs

USUAL: Mapping[str, float] = {"smile": 0.2, "frown": 0.15, "nod": 0.05, "shake": 0.05, "facing": 0.8}
"""The share of people who show each sign at a time, set by us. One person moves it by √(p (1 − p)) on average, and the
noise is measured in people."""

VOTE = 5.0
"""Seconds for which a person counts as last seen while a sign cannot be told; after them he takes no part in it."""


def room_signs_of(people: Sequence[Person]) -> RoomSigns:
    """The shares as they are, for the local user; None where it can be told of nobody."""
    shares: dict[str, float | None] = {}
    for sign in USUAL:
        told = [bool(getattr(one.signs, sign)) for one in people if known(one.signs, sign)]
        shares[sign] = sum(told) / len(told) if told else None
    return RoomSigns(len(people), **shares)


class PublishedSigns:
    """What of a room's signs may leave the machine. ``rules`` and ``secret`` as for ``Aggregate``; ``rules.tau`` is the
    time constant of each share.

    Raises:
        ConfigError: ``secret`` is too short.
    """

    def __init__(self, room: str, rules: AggregateRules | None = None, secret: bytes | None = None) -> None:
        rules = rules or AggregateRules()
        self._votes = {sign: _Share(rules.tau) for sign in USUAL}
        self._aggregates = {
            sign: Aggregate(f"{room}\0{sign}", scaled(rules, usual), secret=secret) for sign, usual in USUAL.items()
        }

    def update(self, people: Sequence[Person], members: Sequence[Hashable], now: float) -> RoomSigns | None:
        """``members`` name the ``people``, in the same order: each a key that stays with it and differs from the others
        in its repr (source and track id). ``now`` in seconds.

        None where no sign can be published. ``people`` is rounded down to the rules' bands.
        """
        present = dict(zip(members, people, strict=True))
        shares: dict[str, float | None] = dict.fromkeys(USUAL)
        counted = 0
        for sign, aggregate in self._aggregates.items():
            share = self._votes[sign]
            share.update({key: one.signs for key, one in present.items()}, sign, now)
            shown = aggregate.update(share.mood(), share.members, (), now).mood
            if shown is not None and shown.valence is not None:
                shares[sign] = max(0.0, shown.valence)
                counted = max(counted, shown.used)
        return RoomSigns(counted, **shares) if counted else None


def known(signs: Signs | None, sign: str) -> bool:
    return signs is not None and getattr(signs, sign) is not None


def scaled(rules: AggregateRules, usual: float) -> AggregateRules:
    """The same protection for a number that a person moves less than a valence."""
    return replace(rules, noise=rules.noise * math.sqrt(usual * (1 - usual)) / SPREAD[0])


class _Share:
    """One sign: who was last seen to show it or not, and the share of those who do, moving with time constant τ."""

    def __init__(self, tau: float) -> None:
        self._tau = tau
        self._votes: dict[Hashable, tuple[bool, float]] = {}
        self._mean: float | None = None
        self._moved = 0.0

    @property
    def members(self) -> tuple[Hashable, ...]:
        return tuple(self._votes)

    def update(self, present: Mapping[Hashable, Signs | None], sign: str, now: float) -> None:
        fresh = {key: (bool(getattr(signs, sign)), now) for key, signs in present.items() if known(signs, sign)}
        kept = {key: vote for key, vote in self._votes.items() if key in present and 0 <= now - vote[1] <= VOTE}
        self._votes = kept | fresh
        self._move(now)

    def mood(self) -> GroupMood | None:
        """A mood whose valence is the share, as ``Aggregate`` takes it; None without anybody."""
        if self._mean is None:
            return None
        count = len(self._votes)
        return GroupMood(count, count, self._mean, None, None, None, None, None, 1.0, 0.0)

    def _move(self, now: float) -> None:
        """mean + (1 − exp(−elapsed/τ)) (share − mean): also the votes of those who come or go fade in and out as their
        noise does, or the transition would tell them apart."""
        if not self._votes:
            self._mean = None
            return
        share = sum(vote for vote, _ in self._votes.values()) / len(self._votes)
        if self._mean is None or now < self._moved:
            self._mean = share
        else:
            self._mean -= math.expm1((self._moved - now) / self._tau) * (share - self._mean)
        self._moved = now
