"""By what the numbers were made: settings, program, models with what is known of their mistakes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from streamer.paper.blocks import Block, Heading, Table, Text
from streamer.session_report.about import Measured, Score
from streamer.session_report.gathered import Gathered
from streamer.session_report.guard import direct, part, settings_of
from streamer.session_report.local_time import clock, day
from streamer.session_report.words import counted
from streamer.timeline.rows import RunBegan

NOT_KNOWN = "not recorded"

MOST_RUNS, MOST_COLUMNS = 20, 3
"""That are told, the last ones."""


def made_by(found: Gathered) -> Iterator[Block]:
    yield Heading("How it was made")
    if not found.runs:
        yield Text("The timeline tells of no start of the program in this time, so its settings are not known.")
        return
    if len(found.runs) > 1:
        yield runs_table(found)
    yield settings_table(found)
    yield from models(found)


def runs_table(found: Gathered) -> Table:
    rows = tuple(
        (
            f"{number}",
            f"{day(run.utc, found.zone)}, {clock(run.utc, found.zone, seconds=True)}",
            ended(found, run),
            run.purpose or NOT_KNOWN,
            run.program or NOT_KNOWN,
        )
        for number, run in list(enumerate(found.runs, 1))[-MOST_RUNS:]
    )
    caption = f"The program was started {counted(len(found.runs), 'time')}."
    return Table(("run", "began", "ended", "purpose", "program"), rows, caption, (1, 2, 3, 4))


def ended(found: Gathered, run: RunBegan) -> str:
    end = found.ends.get(run.run, found.end)
    return "after this time" if end >= found.end else clock(end, found.zone, seconds=True)


def settings_table(found: Gathered) -> Table:
    """A column for each run that differs from the one before it."""
    columns: list[dict[str, str]] = []
    names: list[str] = []
    for number, run in enumerate(found.runs, 1):
        told = dict(settings(found, run))
        if not columns or told != columns[-1]:
            columns.append(told)
            names.append("" if len(found.runs) == 1 else f"run {number}")
    keys = list(dict.fromkeys(key for column in columns for key in column))
    columns, names = columns[-MOST_COLUMNS:], names[-MOST_COLUMNS:]
    rows = tuple((key, *(column.get(key, NOT_KNOWN) for column in columns)) for key in keys)
    head = ("setting", *(name or "value" for name in names))
    caption = "Settings that matter for the numbers."
    if len(names) > 1:
        caption += " A run that is not named had those of the one before it."
    return Table(head, rows, caption, tuple(range(1, len(head))))


def settings(found: Gathered, run: RunBegan) -> Iterator[tuple[str, str]]:
    """Chosen one by one, so that nothing is told that may be secret."""
    given = settings_of(run)
    room = part(given, "rooms", found.room)
    yield "program", run.program if not run.program[:1].isdigit() else f"groupmood {run.program}"
    yield "models (detector + expressions)", run.models or NOT_KNOWN
    yield "published", "as it is" if direct(run) else guarded_words(room)
    yield from cameras(given, found.room, room)
    if room or given:
        yield "time constant of the meter", f"{room.get('smoothing', 5.0):g} s"
        perceptual = room.get("weighting") == "perceptual"
        yield "weight of a person", "more for larger, more central faces" if perceptual else "one vote each"
        if found.emotions:
            yield "known mistakes taken out", "no" if room.get("correction") is False else "where the card tells them"
    if given:
        yield "pictures recorded", "yes" if recorded(part(given, "output")) else "no"
        yield (
            "rows of single people kept",
            "yes, none is in this report" if part(given, "timeline").get("people") else "no",
        )
        days = part(given, "timeline").get("retention_days")
        if isinstance(days, int):
            yield "kept for", counted(days, "day")


def guarded_words(room: Mapping[str, Any]) -> str:
    return f"of {room.get('least', 5)} people or more, rounded, smoothed, with noise"


def cameras(given: Mapping[str, Any], name: str, room: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Their names, never their addresses."""
    sources = part(given, "sources")
    listed = room.get("sources")
    names = [str(one) for one in listed] if isinstance(listed, list) else [name] if name in sources else []
    if names:
        yield "cameras", ", ".join(names)
    zones = sum(len(part(sources, one).get("zones") or ()) for one in names)
    if zones:
        yield "parts of the pictures never looked at", f"{zones}"


def recorded(output: Mapping[str, Any]) -> bool:
    return any(output.get(name) for name in ("video", "hls", "push", "virtual_camera"))


def models(found: Gathered) -> Iterator[Block]:
    """What was measured of each model of the runs, as far as its card tells."""
    cards = [found.about.measured[name] for name in models_of(found.runs) if name in found.about.measured]
    yield Heading("The models, and how right they are", level=2)
    if not found.emotions:
        yield Text(
            "No emotion was inferred. Signs are read from the shape of faces and the movement of heads; no model card "
            "tells how right they are."
        )
        return
    if not cards:
        yield Text("Nothing is known here of how right these models are: no card of theirs is at hand.")
    for card in cards:
        yield from measured(card)


def models_of(runs: Sequence[RunBegan]) -> tuple[str, ...]:
    """The names of the runs' models as the configuration has them, without what is told of their engines."""
    named = [run.models.partition(":")[0].replace(",", " ").split() for run in runs]
    return tuple(dict.fromkeys(name for names in named for name in names if name != "+"))


def measured(card: Measured) -> Iterator[Block]:
    if card.scores is not None:
        scores = card.scores
        rows = (
            ("accuracy", *scored(scores.accuracy, as_share=True)),
            ("mean recall of the labels", *scored(scores.macro_recall, as_share=True)),
            ("expected calibration error", *scored(scores.calibration_error, as_share=False)),
        )
        caption = f"{card.title}, expressions of single faces."
        source = f"{scores.faces} faces of {scores.data}, one look each."
        yield Table(("figure", "measured", "95 % interval"), rows, caption, source=source)
        recall = ", ".join(f"{label} {100 * value:.0f} %" for label, value in scores.recall.items())
        yield Text(f"Recall by label: {recall}.", faint=True)
    elif not card.verified:
        yield Text(f"**{card.title}** has not been verified by this project.")
    if card.limits:
        yield Text(f"**Limits of {card.title}.** {card.limits}")


def scored(score: Score, *, as_share: bool) -> tuple[str, str]:
    if as_share:
        return f"{100 * score.value:.1f} %", f"{100 * score.low:.1f} to {100 * score.high:.1f} %"
    return f"{score.value:.3f}", f"{score.low:.3f} to {score.high:.3f}"
