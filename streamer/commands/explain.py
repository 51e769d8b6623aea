"""``groupmood explain RESULTS.jsonl``: from whom, with what weight, a room's number at one moment of a run comes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from engines.cards import load_card
from streamer import analysing, build
from streamer.commands.setup import configured
from streamer.commands.terminal import console, rows, signed
from streamer.config import Config, Room
from streamer.errors import ConfigError
from streamer.explain import Explained, Share
from streamer.replay import Recording, Wanted, look, replay
from streamer.sinks.record import rounded
from streamer.sources.regular import check_regular, printable
from streamer.types import FrameResult

NEAR = 0.02
"""Valence by which a replay with the run's own settings may differ from what was recorded: far more than the rounding
of the records, and less than any setting of its own changes."""

CORRECTIONS = {
    "on": "corrected by the answers of {card}",
    "off": "correction switched off",
    "unknown": "not corrected, as the card {card} does not tell how the model answers",
}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: of which files, at which time (None: the end), for which source (None: the last in the last
    file), with which settings. ``card``: the classifier's, over that of the configuration."""

    paths: Sequence[Path]
    at: float | None = None
    source: str | None = None
    config: Path | None = None
    card: str | None = None
    as_json: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """The record that is explained, where its numbers come from, and what had to be assumed."""

    shown: FrameResult
    explained: Explained
    settings: Mapping[str, Any]
    notes: Sequence[str]


def explain(question: Question, environ: Mapping[str, str]) -> int:
    """Raises:
    SourceError: a file cannot be read, or is none of results. ConfigError: there is no such time, source or setting.
    ModelRejected: there is no such card.
    """
    answer = answered(question, environ)
    if question.as_json:
        console.print(json.dumps(as_record(answer), indent=2, ensure_ascii=False), markup=False, emoji=False)
        return 0
    rows(list(summary(answer)))
    console.print(table(answer.explained, corrected=answer.settings["correction"] == "on"))
    return 0


def answered(question: Question, environ: Mapping[str, str]) -> Answer:
    for path in question.paths:
        check_regular(path)
    config = configured(
        question.config,
        {"source": None if question.config else "recorded", "classifier.card": question.card},
        environ,
    )
    recordings = [look(path) for path in question.paths]
    source = question.source if question.source is not None else recordings[-1].last.source
    name, room = room_of(config, source)
    mood = build.room_mood(config, room)
    wanted = Wanted(source, question.at, lambda other: room_of(config, other)[0] == name)
    shown = replay(recordings, mood, wanted)
    explained = mood.explain()
    if explained is None:
        raise ConfigError(
            f"nobody was seen at {shown.pts:.1f} s, nor in the second before; name another time with --at"
        )
    notes = [*noted(recordings, room), *compared(shown, explained)]
    return Answer(shown, explained, settings(config, room), notes)


def room_of(config: Config, source: str) -> tuple[str, Room]:
    """Name and settings of the room that a recorded source belongs to.

    Where the configuration knows one source only, whatever else was analysed with it had that one's settings: so do
    the pictures of ``analyze``, each of which is a group of its own.
    """
    if source not in config.sources and len(config.sources) == 1:
        return source, config.room_of(next(iter(config.sources)))[1]
    return config.room_of(source)


def settings(config: Config, room: Room) -> dict[str, Any]:
    """What the replay took for granted; ``correction``: a key of CORRECTIONS."""
    card = config.classifier.card
    able = analysing.answers_of(load_card(card)) is not None
    correction = "off" if not room.correction else "on" if able else "unknown"
    return {"smoothing": room.smoothing, "weighting": room.weighting, "correction": correction, "card": card}


def noted(recordings: Sequence[Recording], room: Room) -> Iterator[str]:
    """What the recordings lack."""
    for recording in recordings:
        if recording.cut:
            yield f"the last line of {printable(recording.path)} is not complete (was the run killed?) and was left out"
    if room.weighting == "perceptual" and any(recording.first.size is None for recording in recordings):
        yield "records without the picture's size: nobody weighs more there for a larger or more central face"


def compared(shown: FrameResult, explained: Explained) -> Iterator[str]:
    """What to say where the recorded valence is not the one that is explained."""
    recorded, replayed = valence_of(shown), explained.mood.valence
    if (recorded is None) != (replayed is None) or abs((recorded or 0.0) - (replayed or 0.0)) > NEAR:
        yield f"the recorded value was {signed(recorded)}: other settings?"


def valence_of(result: FrameResult) -> float | None:
    return None if result.mood is None else result.mood.valence


def summary(answer: Answer) -> Iterator[tuple[str, str]]:
    """Everything but the people."""
    shown, explained, mood = answer.shown, answer.explained, answer.explained.mood
    yield "time", f"{shown.pts:.1f} s of {shown.source}, frame {shown.index}"
    yield "valence", told(mood.valence, mood.interval)
    if answer.settings["correction"] == "on":
        yield "uncorrected", told(explained.before, explained.before_interval)
    yield "people", f"{mood.used} used of {mood.people} seen" if mood.people else "all have left within the last second"
    camps = f"{mood.positive} pleasant, {mood.negative} unpleasant"
    yield "camps", camps if mood.polarisation is None else f"{camps}, polarisation {mood.polarisation:.2f}"
    yield "assumed", assumed(answer.settings)
    for note in answer.notes:
        yield "note", note


def told(valence: float | None, interval: tuple[float, float] | None) -> str:
    if valence is None or interval is None:
        return "not enough evidence"
    return f"{signed(valence)}, 80 % interval {signed(interval[0])} to {signed(interval[1])}"


def assumed(settings: Mapping[str, Any]) -> str:
    correction = CORRECTIONS[settings["correction"]].format(card=settings["card"])
    return f"smoothing {settings['smoothing']:g} s, {settings['weighting']} weights, {correction}"


def table(explained: Explained, *, corrected: bool) -> Table:
    """A row for each person, those with the greatest part first; where readings are ``corrected``, before and after."""
    several = len({share.source for share in explained.shares}) > 1
    made = Table(box=None, pad_edge=False, header_style="dim", padding=(0, 2, 0, 0))
    for title in (*(["source"] if several else []), "id"):
        made.add_column(title, no_wrap=True)
    for title in ("weight", "valence", "age", "quality"):
        made.add_column(title, no_wrap=True, justify="right")
    made.add_column("left out", overflow="fold")
    for share in ordered(explained.shares):
        made.add_row(*([escape(share.source)] if several else []), *cells(share, corrected))
    return made


def ordered(shares: Sequence[Share]) -> list[Share]:
    return sorted(shares, key=lambda share: (-share.weight, share.source, share.track))


def cells(share: Share, corrected: bool) -> Iterator[str]:
    yield str(share.track)
    yield f"{share.weight:.0%}"
    before = f"{signed(share.before)} → " if corrected else ""
    yield "" if share.after is None else before + signed(share.after)
    yield "" if share.age is None else f"{share.age:.1f} s"
    yield f"{share.quality:.2f}"
    yield f"{share.reason}; fading" if share.reason and share.weight else share.reason


def as_record(answer: Answer) -> dict[str, Any]:
    """The same for a program, by the schema groupmood.explanation/1."""
    shown, explained, mood = answer.shown, answer.explained, answer.explained.mood
    return {
        "schema": "groupmood.explanation/1",
        "source": shown.source,
        "index": shown.index,
        "pts": shown.pts,
        "valence": rounded(mood.valence, 4),
        "interval": bounds(mood.interval),
        "uncorrected": rounded(explained.before, 4),
        "uncorrected_interval": bounds(explained.before_interval),
        "recorded": rounded(valence_of(shown), 4),
        "people": mood.people,
        "used": mood.used,
        "positive": mood.positive,
        "negative": mood.negative,
        "polarisation": rounded(mood.polarisation, 4),
        "shares": [share_record(share) for share in ordered(explained.shares)],
        "settings": dict(answer.settings),
        "notes": list(answer.notes),
    }


def share_record(share: Share) -> dict[str, Any]:
    return {
        "source": share.source,
        "id": share.track,
        "weight": rounded(share.weight, 4),
        "uncorrected": rounded(share.before, 4),
        "valence": rounded(share.after, 4),
        "age": rounded(share.age, 3),
        "quality": rounded(share.quality, 3),
        "reason": share.reason,
    }


def bounds(interval: tuple[float, float] | None) -> list[float | None] | None:
    return None if interval is None else [rounded(bound, 4) for bound in interval]
