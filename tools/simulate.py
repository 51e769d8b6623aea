"""How right the room's mood is where the truth is known: ``python -m tools.simulate [--rooms N] [--seed S]``.

Rooms of 4, 8 and 12 people, read every quarter of a second, go through the product's own labels and room mood. Their
readings come from worsened validation faces (``tools.readings``), so the model errs otherwise than its card says, and
each person has a bias of his or her own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from engines.cards import load_card
from streamer.analysing import answers_of
from streamer.correction import Answers
from streamer.emotions import LABELS, valence_arousal
from streamer.labels import Labels
from streamer.mood import RoomMood
from streamer.types import GroupMood, Person
from tools.machine import machine
from tools.readings import OUT as READINGS
from tools.rooms import MIXES, STEP, Pool, Room, lifted, make, pool, track

SETTLED = 15.0
"""Seconds after the start, or after somebody left or turned away, from which on the numbers are compared."""

SIZES = (4, 8, 12)


@dataclass(frozen=True)
class Sample:
    """One room at one time: ``misassigned`` share of people 0…1, with and without the correction; ``error`` of
    valence, and whether the interval ``held`` the truth; its ``width``."""

    misassigned: float
    plain: float
    error: float
    plain_error: float
    held: bool
    width: float


@dataclass(frozen=True)
class Row:
    """Of all rooms of a kind; ``switches`` of label a minute and face."""

    room: str
    rooms: int
    misassigned: float
    uncorrected: float
    valence_bias: float
    uncorrected_bias: float
    coverage: float
    width: float
    switches: float


def samples(room: Room, answers: Answers | None) -> tuple[list[Sample], float]:
    """What the product says of a room, compared once things have settled in each half; and label switches a minute."""
    labels, mood, plain = Labels(), RoomMood(answers=answers), RoomMood()
    found, said = [], []
    half = room.seconds / 2
    for tick in range(round(room.seconds / STEP)):
        pts = tick * STEP
        people = seen(room, labels, pts)
        told, before = mood.update("a", people, pts), plain.update("a", people, pts)
        said.append({person.track.id: person.label for person in people if room.clear(person.track.id, pts)})
        if any(abs(pts - start - SETTLED) < STEP / 2 for start in (0.0, half)) and told and before:
            found.append(sample(room.truth(pts), told, before))
    return found, switches(said)


def seen(room: Room, labels: Labels, pts: float) -> tuple[Person, ...]:
    """The room's people at a time as the analysis gives them: who has turned away is not read."""
    there = [number for number in range(len(room.people)) if room.there(number, pts)]
    qualities = {number: 0.9 if room.clear(number, pts) else 0.1 for number in there}
    readings = {number: room.people[number].read(pts) for number in there if room.clear(number, pts)}
    return labels.update([track(number, pts) for number in there], readings, qualities, pts)


def sample(truth: tuple[float, ...], told: GroupMood, before: GroupMood) -> Sample:
    valence = valence_arousal(truth)[0]
    assert told.shares is not None
    assert told.interval is not None
    assert told.valence is not None
    assert before.shares is not None
    assert before.valence is not None
    low, high = told.interval
    return Sample(
        float(np.abs(np.subtract(told.shares, truth)).sum() / 2),
        float(np.abs(np.subtract(before.shares, truth)).sum() / 2),
        told.valence - valence,
        before.valence - valence,
        low <= valence <= high,
        high - low,
    )


def switches(said: list[dict[int, str]]) -> float:
    """Changes of label a minute and face, after the first two seconds."""
    changes = seconds = 0.0
    for before, now in zip(said[round(2 / STEP) :], said[round(2 / STEP) + 1 :], strict=False):
        both = before.keys() & now.keys()
        changes += sum(before[key] != now[key] for key in both)
        seconds += STEP * len(both)
    return 60 * changes / seconds


def settling(faces: Pool, rooms: int, seed: int) -> list[float]:
    """Seconds from the first reading that says a smile to the label that says it, for each person who begins to smile
    and whom the model reads as smiling on average (by a quarter more than as anything else)."""
    rng, lags = np.random.default_rng([seed, len(MIXES)]), []
    for _ in range(rooms):
        room, labels = lifted(8, faces, rng), Labels()
        readings: dict[int, list[tuple[float, tuple[float, ...]]]] = {number: [] for number in range(8)}
        said: dict[int, list[tuple[float, str]]] = {number: [] for number in range(8)}
        for tick in range(round(room.seconds / STEP)):
            pts = tick * STEP
            new = {number: person.read(pts) for number, person in enumerate(room.people)}
            people = labels.update([track(number, pts) for number in new], new, dict.fromkeys(new, 0.9), pts)
            for person in people:
                if pts >= room.seconds / 2:
                    readings[person.track.id].append((pts, new[person.track.id].probabilities))
                    said[person.track.id].append((pts, person.label))
        lags += [lag for number in readings if (lag := lag_of(readings[number], said[number])) is not None]
    return lags


def lag_of(readings: Sequence[tuple[float, tuple[float, ...]]], said: Sequence[tuple[float, str]]) -> float | None:
    """None where the model does not see the smile; to the end of the time where the label never says it."""
    smile = LABELS.index("happiness")
    mean = np.mean([shares for _, shares in readings[:12]], axis=0)
    if 2 * mean[smile] - mean.sum() < 0.25:
        return None
    raw = next((pts for pts, shares in readings if int(np.argmax(shares)) == smile), None)
    if raw is None:
        return None
    return next((pts for pts, label in said if label == "happiness" and pts >= raw), said[-1][0]) - raw


def simulate(faces: Pool, answers: Answers | None, rooms: int, seed: int) -> Iterator[Row]:
    """A row for each kind of room, then one for all."""
    everything: list[Sample] = []
    restless: list[float] = []
    for number, kind in enumerate(MIXES):
        rng = np.random.default_rng([seed, number])
        found: list[Sample] = []
        changes = []
        for index in range(rooms):
            some, changed = samples(make(kind, SIZES[index % len(SIZES)], faces, rng), answers)
            found += some
            changes.append(changed)
        yield row(kind, rooms, found, changes)
        everything += found
        restless += changes
    yield row("all", rooms * len(MIXES), everything, restless)


def row(kind: str, rooms: int, found: list[Sample], changes: list[float]) -> Row:
    def mean(name: str) -> float:
        return round(float(np.mean([getattr(one, name) for one in found])), 3)

    return Row(
        kind,
        rooms,
        mean("misassigned"),
        mean("plain"),
        mean("error"),
        mean("plain_error"),
        mean("held"),
        mean("width"),
        round(float(np.mean(changes)), 2),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--card", default="groupmood")
    parser.add_argument("--readings", type=Path, default=READINGS)
    parser.add_argument("--rooms", type=int, default=120, help="of each kind")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "rooms.json")
    arguments = parser.parse_args()
    if not arguments.readings.is_file():
        parser.error(f"{arguments.readings} is not there; make it with python -m tools.readings")
    answers = answers_of(load_card(arguments.card))
    rows = []
    for one in simulate(pool(arguments.readings), answers, arguments.rooms, arguments.seed):
        print(one, flush=True)
        rows.append(asdict(one))
    lags = settling(pool(arguments.readings), max(1, arguments.rooms // 2), arguments.seed)
    slow = {
        "people": len(lags),
        "median": round(float(np.median(lags)), 2),
        "p95": round(float(np.percentile(lags, 95)), 2),
    }
    print(f"settling: {slow}")
    command = f"python -m tools.simulate --card {arguments.card} --rooms {arguments.rooms} --seed {arguments.seed}"
    document = {"command": command, "machine": machine(), "data": "simulated rooms", "rooms": rows, "settling": slow}
    arguments.out.write_text(json.dumps(document, indent=1) + "\n")
    print(f"written: {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
