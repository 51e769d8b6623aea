"""The differencing attack on what may be published of a room: how well can somebody who sees it all, and who comes and
goes when, tell the mood of one person? ``python -m tools.attack`` writes the table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.aggregate import WIDTH, Aggregate, AggregateRules
from streamer.emotions import CIRCUMPLEX, LABELS
from streamer.types import GroupMood
from tools.machine import machine

Array: TypeAlias = NDArray[np.float64]

POINTS = tuple(CIRCUMPLEX[label] for label in LABELS)
HAPPY, SAD = CIRCUMPLEX["happiness"][0], CIRCUMPLEX["sadness"][0]
NEUTRAL_SHARE, HAPPY_SHARE, SAD_SHARE = (LABELS.index(label) for label in ("neutral", "happiness", "sadness"))

KINDS = ((0.0, 0.55, 0.1), (0.7, 0.25, 0.06), (-0.5, 0.2, 0.05))
"""Mean valence, share and standard deviation of the kinds of people."""

DRIFT, DRIFT_TAU = 0.1, 10.0
"""Standard deviation and time constant in seconds of a person's own slow movement (Ornstein-Uhlenbeck)."""

TICK = 2
"""Seconds between two moods: the times below are even."""

SETTLED = 14
"""Seconds after a change from which the attacker averages."""

TIMES = (12, 20, 28)
"""Seconds after a change at which he looks as well."""

RIDGE = (1e-3, 3e-2, 0.3)
"""Strengths of regularisation he tries, in shares of the variance of a feature."""


@dataclass(frozen=True, slots=True)
class Phase:
    """So many seconds with these people; phases of one ``kind`` are averaged by the attacker."""

    seconds: int
    present: frozenset[int]
    kind: str

    @property
    def ticks(self) -> int:
        return self.seconds // TICK


@dataclass(frozen=True, slots=True)
class Result:
    """Root mean square errors of the valence of person 0, and the mean absolute error of the published valence against
    the mean of those present; ``shown``: share of the time in which there was a number."""

    name: str
    people: int
    rooms: int
    attacker: float
    blind: float
    ratio: float
    error: float
    shown: float


Script: TypeAlias = Callable[[int], tuple[list[Phase], int | None]]
"""From the number of people with person 0: the phases, and the person whose valence the attacker knows (himself)."""


def leaving(people: int) -> tuple[list[Phase], int | None]:
    everybody = frozenset(range(people))
    return [Phase(60, everybody, "with"), Phase(60, everybody - {0}, "without")], None


def joining(people: int) -> tuple[list[Phase], int | None]:
    phases, known = leaving(people)
    return phases[::-1], known


def returning(people: int) -> tuple[list[Phase], int | None]:
    """Person 0 leaves and comes back ten times."""
    everybody = frozenset(range(people))
    away, back = Phase(30, everybody - {0}, "without"), Phase(30, everybody, "with")
    return [Phase(60, everybody, "with"), *([away, back] * 10)], None


def insider(people: int) -> tuple[list[Phase], int | None]:
    """The attacker is in the room and goes out first, to learn what the noise is."""
    everybody = frozenset(range(people))
    phases = [Phase(60, everybody, "with"), Phase(40, everybody - {1}, "without him")]
    return [*phases, Phase(40, everybody, "with"), Phase(60, everybody - {0}, "without")], 1


def swapping(people: int) -> tuple[list[Phase], int | None]:
    """The attacker comes in at the moment at which person 0 leaves."""
    everybody = frozenset(range(people))
    return [Phase(60, everybody, "with"), Phase(60, everybody - {0} | {people}, "without")], people


SCRIPTS: dict[str, Script] = {
    "one leaves": leaving,
    "one joins": joining,
    "one leaves and returns, ten times": returning,
    "the attacker leaves first, then one leaves": insider,
    "one leaves as the attacker joins": swapping,
}


CASES = (
    ("one leaves", 6),
    ("one leaves", 8),
    ("one leaves", 12),
    ("one joins", 6),
    ("one leaves and returns, ten times", 6),
    ("one leaves and returns, ten times", 12),
    ("the attacker leaves first, then one leaves", 6),
    ("one leaves as the attacker joins", 6),
)
"""Script and number of people with person 0: one leaves 6 → 5, one joins 5 → 6."""

LEAST_ROOMS = 100


Way: TypeAlias = Callable[[AggregateRules, Sequence[Phase], Array, np.random.Generator], tuple[Array, Array]]
"""From the rules, the phases and everybody's valence (ticks, people) to what is seen at each tick, with the valence in
the first column, and the mean valence in truth."""


def attack(
    rules: AggregateRules, people: int, rooms: int, seed: int, name: str = "one leaves", way: Way | None = None
) -> Result:
    """Fit the best linear estimator on half of the rooms and score it on the other half. ``way``: publish().

    Of all that he tries, the attacker's best on the scored half counts, which flatters him. Blind guessing: the
    regression on the valence published in the first phase alone, or the mean of all people, whichever is better.
    """
    watched = [
        watch(rules, SCRIPTS[name](people), people, np.random.default_rng((seed, room)), way or publish)
        for room in range(rooms)
    ]
    truth = np.array([one.truth for one in watched])
    groups = {group: np.array([one.features[group] for one in watched]) for group in watched[0].features}
    first = next(iter(groups))
    blind = min(scored(np.empty((rooms, 0)), truth), scored(groups[first], truth))
    tried = [
        np.hstack([groups[group] for group in chosen])
        for size in range(1, len(groups) + 1)
        for chosen in combinations(groups, size)
    ]
    best = min(scored(features, truth) for features in tried)
    error = float(np.concatenate([one.errors for one in watched]).mean())
    shown = float(np.mean([one.shown for one in watched]))
    return Result(name, people, rooms, best, blind, best / blind, error, shown)


def scored(features: Array, truth: Array) -> float:
    """Root mean square error on the second half of a ridge regression fitted on the first."""
    half = len(truth) // 2
    centre = features[:half].mean(axis=0)
    scale = features[:half].std(axis=0) + 1e-9
    known, asked = (features[:half] - centre) / scale, (features[half:] - centre) / scale
    mean = truth[:half].mean()
    errors = []
    for ridge in RIDGE:
        weights = np.linalg.solve(
            known.T @ known + ridge * half * np.eye(known.shape[1]), known.T @ (truth[:half] - mean)
        )
        errors.append(float(np.sqrt(np.mean((mean + asked @ weights - truth[half:]) ** 2))))
    return min(errors)


@dataclass(frozen=True, slots=True)
class Watched:
    """One room as the attacker sees it, and the truth: the valence of person 0 on average."""

    features: dict[str, Array]
    truth: float
    errors: Array
    shown: float


def watch(
    rules: AggregateRules, script: tuple[list[Phase], int | None], people: int, rng: np.random.Generator, way: Way
) -> Watched:
    phases, known = script
    valence = course(sum(phase.ticks for phase in phases), people + 1, rng)
    published, true = way(rules, phases, valence, rng)
    has = ~np.isnan(published[:, 0])
    errors = np.abs(published[has, 0] - true[has])
    own = [] if known is None else [valence[:, known].mean()]
    return Watched(features_of(published, phases, own), float(valence[:, 0].mean()), errors, float(has.mean()))


def course(ticks: int, people: int, rng: np.random.Generator) -> Array:
    """(ticks, people): valence, each about a mean of its own."""
    kind = rng.choice(len(KINDS), people, p=[share for _, share, _ in KINDS])
    means, spreads = np.array(KINDS)[kind][:, [0, 2]].T
    keep = np.exp(-TICK / DRIFT_TAU)
    moved = rng.normal(0, DRIFT, (ticks, people))
    for tick in range(1, ticks):
        moved[tick] = keep * moved[tick - 1] + np.sqrt(1 - keep**2) * moved[tick]
    return np.asarray(np.clip(rng.normal(means, spreads) + moved, SAD, HAPPY))


def publish(
    rules: AggregateRules, phases: Sequence[Phase], valence: Array, rng: np.random.Generator
) -> tuple[Array, Array]:
    """What is published at each tick, (ticks, 8) and NaN where there is nothing; and the mean valence in truth."""
    aggregate = Aggregate("room", rules, secret=rng.bytes(32), points=POINTS)
    published, true = np.full((len(valence), 8), np.nan), np.zeros(len(valence))
    meter: Array | None = None
    now, stays = 0, np.arange(valence.shape[1])
    before: frozenset[int] = frozenset()
    for phase in phases:
        present = list(phase.present)
        stays[list(phase.present - before)] += valence.shape[1]  # whoever comes back is a new track
        members, before = stays[present].tolist(), phase.present
        for numbers in measured(valence[now : now + phase.ticks, present]):
            meter = numbers if meter is None else meter + (1 - np.exp(-TICK / rules.tau)) * (numbers - meter)
            shown = aggregate.update(mood_of(meter, len(members)), members, ["camera"], float(now * TICK)).mood
            published[now], true[now] = seen(shown), numbers[-3]
            now += 1
    return published, true


def measured(valence: Array) -> Array:
    """(ticks, 11) of (ticks, people): shares, valence, arousal, dispersion; each person is a mix of neutral and
    happy or sad, so that the valence of the shares is the person's own."""
    shares = np.zeros((len(valence), len(LABELS)))
    shares[:, HAPPY_SHARE] = np.maximum(valence, 0).mean(axis=1) / HAPPY
    shares[:, SAD_SHARE] = np.minimum(valence, 0).mean(axis=1) / SAD
    shares[:, NEUTRAL_SHARE] = 1 - shares.sum(axis=1)
    return np.hstack([shares, shares @ np.array(POINTS), valence.std(axis=1, keepdims=True)])


def mood_of(numbers: Array, people: int) -> GroupMood:
    shares, (valence, arousal, dispersion) = tuple(numbers[:-3].tolist()), numbers[-3:].tolist()
    reach = WIDTH * dispersion / np.sqrt(people)
    interval = (valence - reach, valence + reach)
    return GroupMood(people, people, valence, arousal, interval, shares, dispersion, None, 1.0, 10.0)


def seen(mood: GroupMood | None) -> Array:
    """(8,): valence first."""
    if mood is None or mood.valence is None or mood.interval is None or mood.shares is None:
        return np.full(8, np.nan)
    shares = [mood.shares[index] for index in (NEUTRAL_SHARE, HAPPY_SHARE, SAD_SHARE)]
    single = [mood.valence, mood.arousal or 0.0, mood.dispersion or 0.0]
    return np.array([*single, *mood.interval, *shares])


def features_of(published: Array, phases: Sequence[Phase], own: Sequence[float]) -> dict[str, Array]:
    """Groups of features: the valence published in the first phase, that of the others with what the attacker knows
    of himself, the same at several times, and all else that is published."""
    kinds = dict.fromkeys(phase.kind for phase in phases)
    settled: dict[str, list[Array]] = {kind: [] for kind in kinds}
    timed: dict[str, list[Array]] = {kind: [] for kind in kinds}
    now = 0
    for phase in phases:
        part = np.nan_to_num(published[now : now + phase.ticks])
        settled[phase.kind].append(part[SETTLED // TICK :].mean(axis=0))
        timed[phase.kind].append(part[[time // TICK for time in TIMES], 0])
        now += phase.ticks
    means = np.array([np.mean(settled[kind], axis=0) for kind in kinds])
    times = np.array([np.mean(timed[kind], axis=0) for kind in kinds])
    others = np.array([*means[1:, 0], *own])
    return {"first": means[0, :1], "others": others, "times": times.ravel(), "all": means[:, 1:].ravel()}


def row(result: Result, rules: AggregateRules) -> dict[str, str | float]:
    figures = {name: round(value, 3) if isinstance(value, float) else value for name, value in asdict(result).items()}
    return {"noise": rules.noise, **figures}


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rooms", type=int, default=1000, help="simulated rooms of each case, half of them to learn on"
    )
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "attack.json")
    arguments = parser.parse_args(words)
    if arguments.rooms < LEAST_ROOMS:
        parser.error(f"--rooms must be {LEAST_ROOMS} or more, got {arguments.rooms}: an estimator is fitted on half")
    if not arguments.out.parent.is_dir():
        parser.error(f"{arguments.out.parent} is not a folder; name a file in one that exists with --out")
    rows = []
    for rules in (AggregateRules(noise=0.0), AggregateRules()):
        for name, people in CASES:
            rows.append(row(attack(rules, people, arguments.rooms, arguments.seed, name), rules))
            print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    keep(arguments.out, "attack", arguments.rooms, AggregateRules(), rows)


def keep(out: Path, tool: str, rooms: int, rules: AggregateRules, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down what was measured by ``tools.TOOL``, and on what."""
    document = {
        "machine": machine(),
        "command": f"python -m tools.{tool} --rooms {rooms}",
        "data": f"{rooms} simulated rooms of each case",
        "rules": asdict(rules),
        "rows": rows,
    }
    out.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
