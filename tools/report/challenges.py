"""What is hard about it, what the code does about that, and what that gains: every effect as it was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import engines
from engines.cards import load_card
from streamer.chips import MIN_QUALITY
from streamer.config import Classifier
from streamer.labels import LabelRules
from streamer.paper.blocks import Block, Heading, Picture, Table, Text
from tools.report.drawn import pairs_of_bars
from tools.report.given import Given
from tools.report.words import ROOM_SURE, SURE, counted, left_out, made, score, share, signed, spread

Document = Mapping[str, Any]
RELIABILITY = Path(engines.__file__).parent / "weights" / "reliability.png"


def challenges(given: Given) -> Iterator[Block]:
    yield Heading("Challenges and solutions", page=True)
    yield Text("Each section: what is hard, what the code does about it, and what that gains or costs, as measured.")
    yield from section("Labels must not flicker", given, "rooms", flicker)
    yield from section("A classifier's mistakes add up in a crowd", given, "rooms", correction)
    yield from section("A model is surer than it is right", given, "accuracy", calibration)
    yield from section("Resting faces look unhappy", given, "accuracy", resting)
    yield from section("Small, blurred and badly cut faces", given, "accuracy", small)
    yield from section("Little time", given, "overload", governor)
    yield from section("Latency from end to end", given, "webrtc", meetings)
    yield from section("Cameras fail", given, "cameras", cameras)
    yield from section("Many engines, one behaviour", given, "engine_speed", overhead)


def section(title: str, given: Given, name: str, told: Callable[[Document], Iterator[Block]]) -> Iterator[Block]:
    """One challenge; where its figures are missing, the line that makes them."""
    yield Heading(title, level=2)
    if name in given.results:
        yield from told(given.results[name])
    else:
        yield left_out("what was measured of it", f"python -m tools.{name}")


def flicker(document: Document) -> Iterator[Block]:
    rules, settling, room = LabelRules(), document["settling"], document["rooms"][-1]
    yield Text(
        "The answer to one face jumps from picture to picture. Each person's probabilities are averaged over "
        f"{rules.tau:g} s of media time, whatever the frame rate; a new label must lead by {share(rules.margin)} for "
        f"{rules.hold:g} s, and one that falls behind by less than {share(rules.slack)} stays. In {room['rooms']} "
        f"simulated rooms of known truth a face's label changes {room['switches']:.1f} times a minute, and a true "
        f"smile is said {settling['median']:.1f} s ({SURE} of them: {settling['p95']:.1f} s) after the first reading "
        "that shows it."
    )
    yield Text(made(document), faint=True)


def correction(document: Document) -> Iterator[Block]:
    room = document["rooms"][-1]
    yield Text(
        "Counting what a classifier says is biased, however many faces there are. The room's shares are therefore "
        "estimated by expectation-maximisation from how the model answers to faces of known labels, as its card tells, "
        "and trusted the more the more people are seen. In rooms of known truth "
        f"{share(room['misassigned'])} of the people are counted under a wrong expression, instead of "
        f"{share(room['uncorrected'])}. It is not free: valence is off by {signed(room['valence_bias'])} on average, "
        f"and by {signed(room['uncorrected_bias'])} without. The {ROOM_SURE} interval holds the truth in "
        f"{share(room['coverage'])} of the rooms."
    )
    yield Picture(
        pairs_of_bars(
            "The correction helps in every kind of room" if better(document) else
            "What the correction gains, room by room",
            "Share of the people who are counted under a wrong expression.",
            {row["room"]: (row["uncorrected"], row["misassigned"]) for row in document["rooms"]},
            ("as read", "corrected"),
        ),
        "People counted under a wrong expression, in simulated rooms whose truth is known.",
        wide=0.9,
        source=made(document),
    )  # fmt: skip


def better(document: Document) -> bool:
    return all(row["misassigned"] < row["uncorrected"] for row in document["rooms"])


def calibration(document: Document) -> Iterator[Block]:
    card, (ours, *others) = load_card(Classifier().card), document["models"]
    errors = "; ".join(f"`{row['model']}` {spread(row['scores']['calibration_error'])}" for row in (ours, *others))
    temperature = "" if card.baked_temperature is None else f" of {card.baked_temperature:g}"
    yield Text(
        "A room's mood is made of probabilities, so these must mean what they say. A temperature"
        f"{temperature}, fitted on faces that were not trained on, is part of the model's file. Calibration error: "
        f"{errors}."
    )
    if RELIABILITY.is_file():
        says = (
            "How often our model is right when it says how sure it is, on the validation split and on faces kept aside."
        )
        yield Picture(RELIABILITY.read_bytes(), says, wide=0.9, source="`python -m tools.train.ship`")


def resting(document: Document) -> Iterator[Block]:
    misread = "; ".join(
        f"`{row['model']}` {share(row['scores']['neutral_misread']['value'])}" for row in document["models"]
    )
    yield Text(
        "Most people in most rooms show nothing in particular, and many models call that sad or angry. Training on the "
        "votes of many annotators instead of one label, and weighing rare labels, is what helps most; beyond that a "
        "key takes each person's expression of now as that person's resting face. Neutral faces read as unpleasant: "
        f"{misread}."
    )
    yield Text(made(document), faint=True)


def small(document: Document) -> Iterator[Block]:
    row = document["models"][0]
    sizes = row["altered"]["sizes"]
    told = ", ".join(f"{score(sizes[side]['value'])} at {side} px" for side in sorted(sizes, key=int, reverse=True))
    moved = row["altered"]["changes"]
    least = min(moved, key=lambda name: moved[name])
    yield Text(
        "A face in a room is often a few pixels wide, out of focus or cut a little off. Training shrinks, blurs, "
        f"shifts and scales its faces; and a face whose quality is below {MIN_QUALITY:g} is not read at all. "
        f"Accuracy of `{row['model']}`: {told}. The likeliest label stays in "
        f"{share(row['altered']['steady']['value'])} of the faces when the crop is moved or scaled a little, and in "
        f"{share(moved[least])} in the worst case ({least})."
    )
    yield Text(made(document), faint=True)


def governor(document: Document) -> Iterator[Block]:
    yield Text(
        "On a small machine there is not always time for everything. Nothing queues: whoever comes late takes the "
        "newest picture, and a governor decides how much is done with it. It looks for faces less often, then reads "
        f"them less often, so that results stay within {1000 * document['target']:.0f} ms of their capture, and "
        "takes it back when there is time again. What is reduced is written on the picture."
    )
    rows = [cells for row in document["rows"] for cells in (load(row, "unloaded"), load(row, "overloaded"))]
    yield Table(
        ("video", "needs", "age, median", f"age, {SURE}", "dropped", "reduced"),
        tuple(rows),
        "Two videos with time enough, and slowed until there was far too little. Needs: the time that "
        "everything would take, of the time there is. Ages in ms.",
        left=(5,),
        source=made({"data": "two videos, there and back", **document}),
    )
    offs = [row["valence"] for row in document["rows"]]
    worst = max(one["greatest"] for one in offs)
    yield Text(f"Valence differs from that of an unhurried run by {signed(worst).lstrip('+')} at most.")


def load(row: Document, which: str) -> tuple[str, ...]:
    run = row[which]
    name = f"`{row['video']}`" if which == "unloaded" else "the same, slowed"
    dropped = f"{run['dropped']} of {run['frames']}"
    return name, share(run["demand"]), f"{run['p50']:.0f}", f"{run['p95']:.0f}", dropped, run["note"] or "nothing"


def meetings(document: Document) -> Iterator[Block]:
    yield Text(
        "In a meeting the picture goes from a browser to the program and back. Pictures are encoded once for all who "
        "watch; where only the user is seen, results alone are sent and the browser draws them over its own picture."
    )
    rows = [
        (
            f"by the {row['mode']}",
            f"{row['seconds']:.0f} s",
            f"{row['p50']:.0f}",
            f"{row['p95']:.0f}",
            f"{row['target']:.0f}",
            f"{row['fps']:.0f}",
        )
        for row in document["rows"]
    ]
    yield Table(
        ("results drawn", "measured for", "median, ms", f"{SURE}, ms", "wanted, ms", "drawn a second"),
        tuple(rows),
        "From the camera's picture in the browser to its result drawn in the browser.",
        source=made(document),
    )


def cameras(document: Document) -> Iterator[Block]:
    back, frozen = document["killed and back: seconds to the first picture"], document["frozen: seconds to stalled"]
    others = document["the other cameras: pictures a second"]
    yield Text(
        "A network camera is unplugged, freezes, or comes back with other settings. Each has a thread of its own and "
        f"one wrapper that opens it again, ever more patiently. Killed and back {counted(back['times'], 'time')}: "
        f"the first new picture after {back['p50']:.1f} s in the median, {back['max']:.1f} s at most. A frozen one "
        f"is shown as stalled after {frozen['max']:.1f} s at most. Meanwhile the others gave "
        f"{others['meanwhile']:.1f} pictures a second, {others['before']:.1f} before."
    )
    yield Text(made(document), faint=True)


def overhead(document: Document) -> Iterator[Block]:
    rows = document["rows"]
    worst, best = max(rows, key=lambda row: row["overhead"]), min(rows, key=lambda row: row["overhead"])
    yield Text(
        "The same model must answer the same on each engine: when it is opened, every engine is compared with the "
        "answers that the card gives, and half precision is used only where it passes a gate on real faces. That "
        f"costs little: against the library's own call ours takes {part(worst)} in the worst of "
        f"{counted(len(rows), 'case')} and {part(best)} in the best."
    )
    yield Text(made(document), faint=True)


def part(row: Document) -> str:
    more = f"{row['overhead']:+.1%}".replace("-", "−")
    return f"{more} ({row['engine']}, {counted(row['batch'], 'face')} at once)"
