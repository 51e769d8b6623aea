"""How complete the numbers are: time, people, cameras."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from streamer.paper.blocks import Block, Bullets, Heading, Table, Text
from streamer.session_report.gathered import Gathered
from streamer.session_report.local_time import clock
from streamer.session_report.spells import NAMES, STATES, State
from streamer.session_report.words import counted, share
from streamer.timeline.rows import CameraChange
from streamer.trends.words import lasted

MEANINGS: Mapping[State, str] = {
    "numbers": "what this report is made of",
    "few": "nobody, or too few faces that could be read: nothing is said of the room",
    "paused": "the analysis was switched off; nothing was looked at",
    "gap": "the program was on and nothing was recorded: stopped hard, or no disk",
    "off": "the program was not running",
}

LOST = ("stalled", "reconnecting", "failed")
MOST_OUTAGES = 40


@dataclass(frozen=True, slots=True)
class Outage:
    """A camera that gave no pictures from ``lost`` on; ``back``: None where it did not come back in the span."""

    source: str
    lost: int
    back: int | None
    reason: str


def coverage(found: Gathered) -> Iterator[Block]:
    yield Heading("Coverage and data quality")
    seconds = found.states.seconds
    rows = tuple(
        (NAMES[state], lasted(seconds[state]), share(seconds[state] / found.length), MEANINGS[state])
        for state in STATES
        if seconds[state] or state in ("numbers", "few", "paused")
    )
    yield Table(("state", "time", "share", "what it means"), rows, f"The {lasted(found.length)} of this report.", (3,))
    yield Bullets(tuple(statements(found)))
    yield from cameras(found)


def statements(found: Gathered) -> Iterator[str]:
    known = found.known / found.length
    if not found.known:
        yield "No second has numbers."
    elif known < 0.5:
        yield f"**Less than half of the time has numbers** ({share(known)}): the averages are of those parts alone."
    else:
        yield f"Numbers exist for {share(known)} of the time; averages are over those seconds, each weighted equally."
    covered = found.whole.coverage
    if found.emotions and found.known and covered is not None:
        told = (
            f"Of the people who were seen, {share(covered)} on average are in the numbers; the others were too small, "
            "turned away or blurred."
        )
        yield told if covered >= 0.8 else f"**Of many who were seen nothing is known.** {told}"
    if found.known:
        yield "People outside of the cameras' view, and those who look away all the time, are in none of the numbers."


def cameras(found: Gathered) -> Iterator[Block]:
    yield Heading("Cameras", level=2)
    outages = outages_of(found.cameras)
    if not outages:
        sources = sorted({change.source for change in found.cameras})
        who = f" of {', '.join(f'“{name}”' for name in sources)}" if sources else ""
        yield Text(f"No camera{who} was lost in this time.")
        return
    away = sum((found.end if one.back is None else one.back) - one.lost for one in outages)
    often = {1: "once", 2: "twice"}.get(len(outages), f"{len(outages)} times")
    yield Text(f"A camera was lost {often}, for {lasted(away)} in all.")
    rows = tuple(
        (
            one.source,
            clock(one.lost, found.zone, seconds=True),
            "not in this time" if one.back is None else clock(one.back, found.zone, seconds=True),
            lasted((found.end if one.back is None else one.back) - one.lost),
            one.reason or "–",
        )
        for one in outages[:MOST_OUTAGES]
    )
    more = len(outages) - MOST_OUTAGES
    left = f"{counted(more, 'later one')} left out." if more > 0 else ""
    yield Table(("camera", "lost", "back", "away for", "reason"), rows, "Cameras that were lost.", (4,), source=left)


def outages_of(changes: tuple[CameraChange, ...]) -> list[Outage]:
    """In order of time. A camera that is stopped, or starts anew, is lost no more."""
    under_way: dict[str, Outage] = {}
    done: list[Outage] = []
    for change in changes:
        held = under_way.get(change.source)
        if change.state in LOST and held is None:
            under_way[change.source] = Outage(change.source, change.utc, None, change.reason)
        elif held is not None and change.state in ("online", "stopped"):
            done.append(Outage(held.source, held.lost, change.utc, held.reason))
            del under_way[change.source]
    return sorted([*done, *under_way.values()], key=lambda one: (one.lost, one.source))
