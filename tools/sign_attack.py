"""The differencing attack of ``tools.attack`` on a room's published signs: how well can somebody who sees all of them
tell how often one person smiles?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from streamer.aggregate import AggregateRules
from streamer.room_signs import PublishedSigns
from streamer.types import Box, Face, Person, RoomSigns, Signs, Track
from tools.attack import SCRIPTS, TICK, Array, Phase, Result, Watched, features_of, scored

Bools = NDArray[np.bool_]

ORDER = ("smile", "frown", "nod", "shake", "facing")
"""Of the columns; the first is what the attacker is after."""

SMILES = ((0.05, 0.6), (0.3, 0.3), (0.8, 0.1))
FROWNS = ((0.03, 0.7), (0.25, 0.22), (0.7, 0.08))
LOOKS = ((0.95, 0.7), (0.6, 0.3))
"""How much of the time a person shows it, and the share of such people."""

NODS, SHAKES = 0.06, 0.03
"""How much of the time anybody does."""

STAY = 600.0
"""Seconds for which a face is as it is, on average: longer than anybody is watched, which is best for the attacker."""


def attack(rules: AggregateRules, people: int, rooms: int, seed: int, name: str = "one leaves") -> Result:
    """As ``tools.attack.attack``: errors are those of the share of the time in which person 0 smiles."""
    watched = [watch(rules, *SCRIPTS[name](people), np.random.default_rng((seed, room))) for room in range(rooms)]
    truth = np.array([one.truth for one in watched])
    groups = {group: np.array([one.features[group] for one in watched]) for group in watched[0].features}
    blind = min(scored(np.empty((rooms, 0)), truth), scored(groups["first"], truth))
    best = min(
        scored(np.hstack([groups[group] for group in chosen]), truth)
        for size in range(1, len(groups) + 1)
        for chosen in combinations(groups, size)
    )
    error = float(np.concatenate([one.errors for one in watched]).mean())
    shown = float(np.mean([one.shown for one in watched]))
    return Result(name, people, rooms, best, blind, best / blind, error, shown)


def watch(rules: AggregateRules, phases: list[Phase], known: int | None, rng: np.random.Generator) -> Watched:
    """One room as the attacker sees it. He knows whether it was he (``known``) who smiled."""
    everybody = 1 + max(max(phase.present) for phase in phases)
    does = course(sum(phase.ticks for phase in phases), everybody, rng)
    published, true = publish(rules, phases, does, rng.bytes(32))
    has = ~np.isnan(published[:, 0])
    errors = np.abs(published[has, 0] - true[has])
    own = [] if known is None else [float(does[:, known, 0].mean())]
    return Watched(features_of(published, phases, own), float(does[:, 0, 0].mean()), errors, float(has.mean()))


def course(ticks: int, people: int, rng: np.random.Generator) -> Bools:
    """(ticks, people, 5): what each of them does, in the ``ORDER``; nobody smiles and frowns at once."""
    smiles, frowns, looks = (drawn(kinds, people, rng) for kinds in (SMILES, FROWNS, LOOKS))
    rates = np.stack([smiles, smiles + frowns * (1 - smiles), looks])
    stays = np.exp(-TICK / STAY)
    does = np.zeros((ticks, people, 5), np.bool_)
    face, turned = rng.random(people), rng.random(people)
    for tick in range(ticks):
        face = np.where(rng.random(people) < stays, face, rng.random(people))
        turned = np.where(rng.random(people) < stays, turned, rng.random(people))
        does[tick, :, 0], does[tick, :, 1] = face < rates[0], (face >= rates[0]) & (face < rates[1])
        does[tick, :, 2], does[tick, :, 3] = rng.random(people) < NODS, rng.random(people) < SHAKES
        does[tick, :, 4] = turned < rates[2]
    return does


def drawn(kinds: Sequence[tuple[float, float]], people: int, rng: np.random.Generator) -> Array:
    rates, shares = zip(*kinds, strict=True)
    return np.asarray(rng.choice(rates, people, p=shares))


def publish(rules: AggregateRules, phases: Sequence[Phase], does: Bools, secret: bytes) -> tuple[Array, Array]:
    """What is published at each tick, (ticks, 5), NaN where there is nothing; and the share of smiles in truth."""
    signs = PublishedSigns("room", rules, secret)
    published, true = np.full((len(does), len(ORDER)), np.nan), np.zeros(len(does))
    number, before, now = np.arange(does.shape[1]), frozenset[int](), 0
    for phase in phases:
        present = sorted(phase.present)
        number[list(phase.present - before)] += does.shape[1]  # whoever comes back is a new track
        before = phase.present
        for row in does[now : now + phase.ticks, present]:
            people = [person(int(number[one]), told) for one, told in zip(present, row.tolist(), strict=True)]
            shown = signs.update(people, [one.track.id for one in people], float(now * TICK))
            published[now], true[now] = seen(shown), row[:, 0].mean()
            now += 1
    return published, true


def person(number: int, told: Sequence[bool]) -> Person:
    return Person(Track(number, Face(Box(0, 0, 64, 64), 0.9), 1.0, True), None, signs=Signs(*told))


def seen(signs: RoomSigns | None) -> Array:
    """(5,) in the ``ORDER``; NaN where there is nothing."""
    return np.array([np.nan if signs is None else getattr(signs, sign) for sign in ORDER], np.float64)
