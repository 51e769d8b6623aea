"""The differencing attack on all that tells of a room at once: live events at their own pace, the explanation, the
rows that are stored and sent to other machines, the courses that the timeline answers with, and moments and alerts.
Metrics and the history of the pages tell the newest events once more, which tests/test_privacy_attack.py holds.

Each surface is tried alone, each with each other, and all together; the best counts. ``python -m tools.attack_api``
writes the table.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np

from streamer.aggregate import AggregateRules
from streamer.alerts import rules_of
from streamer.chronicle import Chronicle
from streamer.types import FrameResult, GroupMood, RoomResult
from tools.attack import LEAST_ROOMS, SCRIPTS, TICK, Array, Phase, Result, course, features_of, keep, row, scored
from tools.attack_published import EXPLAINED, STARTED, Stage, person, sight, stage, tracks
from tools.attack_surfaces import ALERTS, BEGAN, Heard, told

CASES = (
    ("one leaves", 6),
    ("one joins", 6),
    ("one leaves and returns, ten times", 6),
    ("the attacker leaves first, then one leaves", 6),
    ("one leaves as the attacker joins", 6),
)


@dataclass(frozen=True, slots=True)
class Watching:
    """How he looks: ``finer`` results in each step of TICK seconds; ``starts``: the program is started anew at each
    change of who is there, as from one meeting to the next; ``anew``: the room's noise has another key
    each time."""

    finer: int = 1
    starts: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Attacked:
    """``result`` of the best he can do; ``surfaces``: the ratio with each group of features alone."""

    result: Result
    surfaces: Mapping[str, float]


def attack_api(
    rules: AggregateRules, people: int, rooms: int, seed: int, name: str, how: Watching | None = None
) -> Attacked:
    """As attack.attack(), with all surfaces: fitted on half of the rooms, scored on the other, the best counts."""
    made = [
        watch(rules, SCRIPTS[name](people), people, np.random.default_rng((seed, room)), how or Watching())
        for room in range(rooms)
    ]
    truth = np.array([one.truth for one in made])
    groups = {group: np.array([one.features[group] for one in made]) for group in made[0].features}
    blind = min(scored(np.empty((rooms, 0)), truth), scored(groups["first"], truth))
    alone = {group: scored(values, truth) for group, values in groups.items()}
    pairs = [scored(np.hstack([groups[one], groups[other]]), truth) for one, other in combinations(groups, 2)]
    best = min(*alone.values(), *pairs, scored(np.hstack(list(groups.values())), truth))
    error = float(np.concatenate([one.errors for one in made]).mean())
    shown = float(np.mean([one.shown for one in made]))
    result = Result(name, people, rooms, best, blind, best / blind, error, shown)
    return Attacked(result, {group: value / blind for group, value in alone.items()})


@dataclass(frozen=True, slots=True)
class Watched:
    """One room as he sees it, and the truth: the mean valence of person 0."""

    features: Mapping[str, Array]
    truth: float
    errors: Array
    shown: float


def watch(
    rules: AggregateRules,
    script: tuple[list[Phase], int | None],
    people: int,
    rng: np.random.Generator,
    how: Watching,
) -> Watched:
    phases, known = script
    valence = course(sum(phase.ticks for phase in phases), people + 1, rng)
    heard = hear(rules, phases, valence, rng, how)
    has = ~np.isnan(heard.sights[:, 0])
    own = [] if known is None else [float(valence[:, known].mean())]
    features = {**features_of(heard.sights, phases, own), **told(heard, phases)}
    errors = np.abs(heard.sights[has, 0] - heard.true[has])
    return Watched(features, float(valence[:, 0].mean()), errors, float(has.mean()))


def hear(
    rules: AggregateRules, phases: Sequence[Phase], valence: Array, rng: np.random.Generator, how: Watching
) -> Heard:
    """A room from its first phase to its last, through everything that stands before the network and the disk."""
    heard = Heard(np.full((len(valence), 8 + EXPLAINED), np.nan), np.zeros(len(valence)))
    present = list(tracks(phases, valence.shape[1]))
    lasting = rng.bytes(32)
    for begin, end in runs(phases, how.starts):
        room, now = stage(rules, rng.bytes(32), ("camera",), None if how.anew else lasting), [0.0]
        rules_told, clock = rules_of(ALERTS), partial(now.__getitem__, 0)
        with Chronicle(room.hub, [heard.rows.append], rules_told, run=str(begin), clock=clock):
            for tick in range(begin, end):
                for part in range(how.finer):
                    at = tick + part / how.finer
                    now[0] = BEGAN + at * TICK
                    show(room, present[tick], mixed(valence, at), (at - begin) * TICK)
                    heard.events += fresh(room, now[0] - BEGAN)
                heard.sights[tick] = sight(room)
                heard.true[tick] = valence[tick, [one % valence.shape[1] for one in present[tick]]].mean()
    return heard


def runs(phases: Sequence[Phase], starts: bool) -> list[tuple[int, int]]:
    """First tick and the one after the last of each run of the program."""
    ends = np.cumsum([phase.ticks for phase in phases]).tolist()
    return list(zip([0, *ends], ends, strict=False)) if starts else [(0, ends[-1])]


def mixed(valence: Array, at: float) -> Array:
    """Everybody's valence between two ticks."""
    tick, part = int(at), at - int(at)
    return np.asarray((1 - part) * valence[tick] + part * valence[min(tick + 1, len(valence) - 1)])


def show(room: Stage, present: Iterable[int], valence: Array, pts: float) -> None:
    people = tuple(person(one, float(valence[one % len(valence)]), pts) for one in present)
    mood = room.mood.update("camera", people, pts)
    room.publisher.update([FrameResult("camera", round(100 * pts), pts, STARTED + pts, people, mood)])


def fresh(room: Stage, at: float) -> Iterator[tuple[float, GroupMood | None]]:
    """What the Hub has said since last asked; the newest stays, for ``sight``."""
    said = [one for one in room.events if isinstance(one, RoomResult)]
    room.events[:] = said[-1:]
    return ((at, one.mood) for one in said)


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=400, help="simulated rooms of each case, half of them to learn on")
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "attack_api.json")
    arguments = parser.parse_args(words)
    if arguments.rooms < LEAST_ROOMS:
        parser.error(f"--rooms must be {LEAST_ROOMS} or more, got {arguments.rooms}: an estimator is fitted on half")
    if not arguments.out.parent.is_dir():
        parser.error(f"{arguments.out.parent} is not a folder; name a file in one that exists with --out")
    rules, rows = AggregateRules(), []
    finer = [(case, Watching(finer=4)) for case in CASES[:2]]
    starts = [(CASES[2], Watching(starts=True, anew=anew)) for anew in (False, True)]
    for (name, people), how in [*((case, Watching()) for case in CASES), *finer, *starts]:
        found = attack_api(rules, people, arguments.rooms, arguments.seed, name, how)
        surfaces = {group: round(ratio, 3) for group, ratio in found.surfaces.items()}
        rows.append({**asdict(how), **row(found.result, rules), "surfaces": surfaces})
        print("  ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    keep(arguments.out, "attack_api", arguments.rooms, rules, rows)


if __name__ == "__main__":
    main()
