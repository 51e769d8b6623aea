"""The differencing attack at the end of all that stands before the network: faces as they are read, RoomMood,
Publisher, Hub. The attacker sees every event, of which the history is a part, and the explanation.
``python -m tools.attack_published`` writes the table."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from streamer.aggregate import Aggregate, AggregateRules
from streamer.emotions import LABELS
from streamer.hub import Event, Hub
from streamer.mood import MoodRules, RoomMood
from streamer.publish import PublishedRoom, Publisher
from streamer.publish.rooms import POINTS
from streamer.types import Box, Emotion, Face, FrameResult, Person, RoomResult, Track
from tools.attack import (
    CASES,
    HAPPY,
    HAPPY_SHARE,
    LEAST_ROOMS,
    NEUTRAL_SHARE,
    SAD,
    SAD_SHARE,
    TICK,
    Array,
    Phase,
    attack,
    keep,
    row,
    seen,
)

EXPLAINED = 16
"""Numbers of the explanation that he looks at; it has fewer."""

STARTED = 1000.0
"""What the clock says at the start."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A room with its Publisher; ``events`` are what the Hub has said so far."""

    mood: RoomMood
    publisher: Publisher
    hub: Hub
    events: list[Event]


def stage(rules: AggregateRules, secret: bytes, sources: tuple[str, ...], lasting: bytes | None = None) -> Stage:
    mood, hub, events = RoomMood(MoodRules(tau=rules.tau)), Hub(), list[Event]()
    hub.listen(events.append)
    room = PublishedRoom("room", sources, mood, least=rules.least, smoothing=rules.tau)
    rules = replace(rules, double=room.doubled)

    def make(room: PublishedRoom) -> Aggregate:
        return Aggregate(room.name, rules, secret=secret, points=POINTS, lasting=lasting)

    publisher = Publisher([room], hub, "audience", make=make)
    return Stage(mood, publisher, hub, events)


def publish_all(
    rules: AggregateRules,
    phases: Sequence[Phase],
    valence: Array,
    rng: np.random.Generator,
    sources: tuple[str, ...] = ("camera",),
) -> tuple[Array, Array]:
    """What the attacker sees at each tick, (ticks, 8 + EXPLAINED) and NaN where there is nothing; and the mean valence
    in truth. Each of the ``sources`` sees everybody."""
    set_ = stage(rules, rng.bytes(32), sources)
    sights, true = np.full((len(valence), 8 + EXPLAINED), np.nan), np.zeros(len(valence))
    for now, present in enumerate(tracks(phases, valence.shape[1])):
        people = [person(track, float(valence[now, track % valence.shape[1]]), float(now * TICK)) for track in present]
        set_.publisher.update([look(set_.mood, source, people, now) for source in sources])
        sights[now] = sight(set_)
        true[now] = np.mean([valence[now, track % valence.shape[1]] for track in present])
    return sights, true


def tracks(phases: Sequence[Phase], everybody: int) -> Iterator[list[int]]:
    """The tracks present at each tick: whoever comes back is a new one, a multiple of ``everybody`` further on."""
    number = np.arange(everybody)
    before: frozenset[int] = frozenset()
    for phase in phases:
        number[list(phase.present - before)] += everybody
        before = phase.present
        for _ in range(phase.ticks):
            yield number[sorted(phase.present)].tolist()


def person(track: int, valence: float, pts: float) -> Person:
    """A mix of neutral and happy or sad that has this valence."""
    shares = [0.0] * len(LABELS)
    shares[HAPPY_SHARE], shares[SAD_SHARE] = max(valence, 0.0) / HAPPY, min(valence, 0.0) / SAD
    shares[NEUTRAL_SHARE] = 1.0 - sum(shares)
    box = Box(100.0 * (track % 16), 100.0, 100.0 * (track % 16) + 80.0, 180.0)
    return Person(Track(track, Face(box, 0.9), pts, True), Emotion(tuple(shares), "simulated", pts), quality=0.9)


def look(mood: RoomMood, source: str, people: Sequence[Person], tick: int) -> FrameResult:
    pts = float(tick * TICK)
    return FrameResult(source, tick, pts, STARTED + pts, tuple(people), mood.update(source, people, pts))


def sight(of: Stage) -> Array:
    """(8 + EXPLAINED,): the newest event, and every number of the explanation.

    Raises:
        ValueError: the explanation has more numbers than EXPLAINED.
    """
    newest = next((one for one in reversed(of.events) if isinstance(one, RoomResult)), None)
    told = list(numbers(of.publisher.explain("room") or {}))
    if len(told) > EXPLAINED:
        raise ValueError(f"expected {EXPLAINED} numbers in the explanation at most, got {len(told)}")
    return np.concatenate([seen(newest.mood if newest else None), told, np.full(EXPLAINED - len(told), np.nan)])


def numbers(told: Mapping[str, Any]) -> Iterator[float]:
    """Every number in it, also those at the start of a text."""
    for value in told.values():
        word = str(value).partition(" ")[0]
        if isinstance(value, Mapping):
            yield from numbers(value)
        elif isinstance(value, list):
            yield from value
        elif word.lstrip("-").replace(".", "", 1).isdecimal():
            yield float(word)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=400, help="simulated rooms of each case, half of them to learn on")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "attack_published.json")
    arguments = parser.parse_args(words)
    if arguments.rooms < LEAST_ROOMS:
        parser.error(f"--rooms must be {LEAST_ROOMS} or more, got {arguments.rooms}: an estimator is fitted on half")
    if not arguments.out.parent.is_dir():
        parser.error(f"{arguments.out.parent} is not a folder; name a file in one that exists with --out")
    rules, rows = AggregateRules(), []
    for cameras, cases in ((("camera",), CASES), (("left", "right"), CASES[:1])):
        for name, people in cases:
            way = partial(publish_all, sources=cameras)
            result = attack(rules, people, arguments.rooms, arguments.seed, name, way)
            rows.append({"cameras": len(cameras), **row(result, rules)})
            print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    keep(arguments.out, "attack_published", arguments.rooms, rules, rows)


if __name__ == "__main__":
    main()
