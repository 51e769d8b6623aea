"""How it works, step by step, on the demo's scene: every figure is made while the report is."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cards import load_card
from streamer.chips import MIN_QUALITY
from streamer.labels import LabelRules
from streamer.mood import MoodRules
from streamer.paper.blocks import Block, Heading, Picture, Table, Text
from streamer.sources.portraits import portrait_credits
from streamer.summing import CAMP
from streamer.trackers.norfair_tracker import LINGER
from streamer.types import FrameResult
from tools.report import drawn
from tools.report.given import Given
from tools.report.observed import Observed, configuration
from tools.report.words import ROOM_SURE, counted, share, signed

STAGES = {
    "detect": "find the faces",
    "track": "who is who",
    "cut": "cut faces out, judge them as pictures",
    "classify": "read expressions",
    "mood": "labels, and the room's mood",
}


def how(given: Given) -> Iterator[Block]:
    yield Heading("How it works, step by step")
    yield Text(
        "A picture goes from step to step: **capture ▸ detect ▸ track ▸ classify ▸ mood**. The figures of this chapter "
        "are the program's own: it analysed the demo's scene while this report was made. The scene is put together of "
        "portraits in the public domain, so its truth is known, and nobody else is shown."
    )
    seen = given.scene
    if seen is None:
        yield Text(f"Left out: the figures, because {given.scene_fault}.", faint=True)
    yield from capture()
    yield from detect(seen)
    yield from track(seen)
    yield from classify(seen)
    yield from mood(seen)
    if seen is not None:
        yield time_taken(seen)
        yield Text(f"Portraits: {'; '.join(portrait_credits())}.", faint=True)


def capture() -> Iterator[Block]:
    yield Heading("Capture", level=2)
    yield Text(
        "A webcam, a file, a folder of pictures, the screen, a network camera or a browser gives frames, each with a "
        "running number and the time of its capture. Between each two steps stands a box that holds a few frames at "
        "most: a file loses nothing, a live source always shows its newest frame, and every frame that was dropped is "
        "counted. So a slow machine shows less, never something old."
    )


def detect(seen: Observed | None) -> Iterator[Block]:
    yield Heading("Detect", level=2)
    yield Text(
        "A detector finds faces: a box, a score, and where it can the eyes, the nose and the corners of the mouth. "
        "Near a camera a small fast network is enough; in rooms, where faces are small, another one takes over by "
        "itself. Any detector can stand here that says how its boxes lie around a face."
    )
    if seen is None:
        return
    scores = [face.score for face in seen.faces]
    found = (
        f"{counted(len(scores), 'face')} with scores from {min(scores):.2f} to {max(scores):.2f}"
        if scores
        else "no face"
    )
    yield Picture(drawn.detections(seen), f"What {seen.detector.partition(',')[0]} gives of one frame: {found}.")


def track(seen: Observed | None) -> Iterator[Block]:
    yield Heading("Track", level=2)
    yield Text(
        "A face that is seen twice gets a number, and keeps it from frame to frame: by where it is and how large it "
        f"is, not by what it looks like. It keeps it for {LINGER:g} s out of sight; then the number ends and is "
        "never given again. Nothing is remembered by which somebody could be known again."
    )
    if seen is None:
        return
    ids = {person.track.id for result in seen.results for person in result.people}
    people = max(seen.truth)
    right = sum(drawn.seen(result) == true for result, true in zip(seen.results, seen.truth, strict=True))
    yield Picture(
        drawn.tracks(seen.results, seen.truth),
        f"The scene has {counted(people, 'person', 'people')}; {counted(len(ids), 'id')} were given. In "
        f"{share(right / len(seen.results))} of the frames as many faces were seen as could be; somebody walks past, "
        "one goes out of focus, one leaves.",
    )


def classify(seen: Observed | None) -> Iterator[Block]:
    yield Heading("Classify", level=2)
    card, rules = load_card(configuration().classifier.card), LabelRules()
    yield Text(
        f"Of each face a square of {card.input.side} × {card.input.side} pixels goes to the expression model, about "
        f"every {configuration().classifier.interval:g} s. Before that it is judged as a picture, by its size, "
        f"sharpness, pose and the detector's score: below {MIN_QUALITY:g} it is not read at all. The answers of one "
        f"person are averaged over {rules.tau:g} s; a new label must lead by {share(rules.margin)} for "
        f"{rules.hold:g} s, and where none does the label is “unsure”."
    )
    if seen is not None and seen.readings:
        yield Picture(
            drawn.readings(seen.readings),
            f"What {seen.classifier.partition(',')[0]} says of {counted(len(seen.readings), 'face')}, each read once. "
            "Hatched: labels that are too rare to be shown; they stay in the numbers.",
        )


def mood(seen: Observed | None) -> Iterator[Block]:
    yield Heading("Mood", level=2)
    yield Text(
        "Each person has one vote, as a mean over the meter's time; the model's known mistakes are taken out of the "
        "shares; the shares become one number, valence, from unpleasant to pleasant, with an interval that is wider "
        f"where the evidence is thin. Whoever lies beyond {CAMP:g} to either side belongs to a camp, so that a split "
        "room is not told as a lukewarm one. Nobody in view is “no data”, and too few readable faces are “not enough "
        f"evidence”: neither is ever shown as neutral. The meter's time constant is {MoodRules().tau:g} s."
    )
    if seen is None:
        return
    yield Picture(drawn.photo(seen.annotated), f"What the program shows of the same frame: {in_words(seen.shown)}.")
    yield Picture(drawn.course(seen.results), "The same scene as the room's valence over time.", wide=0.9)


def in_words(result: FrameResult) -> str:
    """The mood of a frame, as one would say it."""
    told = result.mood
    if told is None:
        return "nobody"
    if told.valence is None or told.interval is None:
        return "not enough evidence"
    low, high = told.interval
    return (
        f"{told.used} of {counted(told.people, 'person', 'people')}, valence {signed(told.valence)} with the "
        f"{ROOM_SURE} interval {signed(low)} to {signed(high)}, {told.positive} pleasant and {told.negative} unpleasant"
    )


def time_taken(seen: Observed) -> Table:
    rows = [(name, what, milliseconds(seen, name)) for name, what in STAGES.items()]
    return Table(
        ("step", "what it does", "ms"),
        tuple(rows),
        f"What a frame of the scene took, median over {len(seen.results)} frames, while this report was made.",
        left=(1,),
        source=f"{seen.detector} + {seen.classifier}",
    )


def milliseconds(seen: Observed, stage: str) -> str:
    seconds = seen.seconds(stage)
    return "–" if seconds is None else f"{1000 * seconds:.1f}"
