"""How single people are kept apart inside the group, and how they are kept from those who see only the group."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from streamer.aggregate import AggregateRules
from streamer.explain import Explained
from streamer.labels import LabelRules
from streamer.mood import LEAST_COVERAGE, LEAST_EFFECTIVE, MoodRules
from streamer.paper.blocks import Block, Bullets, Heading, Table, Text
from streamer.summing import CAMP
from tools.report.given import Given
from tools.report.words import capital, counted, left_out, made, share, signed


def individuals(given: Given) -> Iterator[Block]:
    yield Heading("How individuals are kept apart inside the group")
    yield Bullets(tuple(kept_apart()))
    seen = given.scene
    if seen is not None and seen.explained is not None:
        yield parts(seen.explained)
        yield dissent(seen.explained)
    yield from aggregate_only(given)


def kept_apart() -> Iterator[str]:
    rules, labels = MoodRules(), LabelRules()
    yield (
        "**An id for each.** Faces are followed, not recognised: ids count up, belong to one run, and say nothing of "
        "who."
    )
    yield (
        "**One person, one vote.** Not one detection, one vote: who is read often does not count more than who is read "
        "seldom. A large face counts more only where that is asked for."
    )
    yield (
        "**Unsure is an answer.** A face that is too small, blurred, turned away or not read for "
        f"{labels.stale:g} s has no label, and does not vote. With two or more people, less than "
        f"{share(LEAST_COVERAGE)} of them readable, or less than {LEAST_EFFECTIVE:g} votes' worth, is not enough "
        "evidence."
    )
    yield (
        "**Dissent is shown.** Valence beyond "
        f"{CAMP:g} to either side makes a camp; polarisation is highest for two equal ones. A mean alone would hide "
        "both."
    )
    yield (
        "**Who comes or goes moves the room gradually,** with the meter's "
        f"{rules.tau:g} s, so that no number jumps because somebody turned away."
    )
    yield (
        "**Pictures do not vote.** A face that neither moves nor changes for minutes is taken for a poster or an "
        "avatar."
    )


def parts(explained: Explained) -> Table:
    """What `groupmood explain` says, of the scene."""
    rows = [
        (
            f"{one.track}",
            share(one.weight),
            signed(one.before),
            signed(one.after),
            "–" if one.age is None else f"{one.age:.1f} s",
            f"{one.quality:.2f}",
            one.reason or "counts",
        )
        for one in explained.shares
    ]
    return Table(
        ("id", "weight", "valence as read", "corrected", "age", "quality", "vote"),
        tuple(rows),
        f"Where the number of the scene's frame comes from: {signed(explained.before)} as read, "
        f"{signed(explained.mood.valence)} corrected.",
        left=(6,),
        source="`groupmood explain RESULTS.jsonl --at SECONDS` says the same of any second of any run.",
    )


def dissent(explained: Explained) -> Text:
    told = explained.mood
    camps = f"{told.positive} pleasant and {told.negative} unpleasant"
    dispersion = "" if told.dispersion is None else f", valence differs by {told.dispersion:.2f} between people"
    polarisation = "" if told.polarisation is None else f", polarisation is {told.polarisation:.2f}"
    return Text(
        f"Behind that number stand {counted(told.used, 'person', 'people')}: {camps}{dispersion}{polarisation}."
    )


def aggregate_only(given: Given) -> Iterator[Block]:
    yield Heading("What leaves the machine", level=2)
    rules = AggregateRules()
    yield Text(
        "Per-person results stay on the screen of whoever runs the program, and in files that were asked for. Pages "
        f"and network get a room only: never of fewer than {counted(rules.least, 'person', 'people')}, in steps of "
        f"{rules.step:g}, smoothed over {rules.smoothing:g} s and standing still for as long when somebody comes or "
        "goes. Even so an exact mean before and after somebody leaves would give that person away; so noise of "
        f"{rules.noise:g} people is added, which stays the same as long as the same people are there."
    )
    if "attack" not in given.results:
        yield left_out("what an observer can find out about one person", "python -m tools.attack")
        return
    yield attack(given.results["attack"])


def attack(document: Mapping[str, Any]) -> Table:
    """With the noise and without."""
    bare = {(row["name"], row["people"]): row["ratio"] for row in document["rows"] if not row["noise"]}
    rows = [
        (
            capital(row["name"]),
            f"{row['people']}",
            f"{row['ratio']:.2f}",
            f"{bare[row['name'], row['people']]:.2f}",
            f"{row['error']:.2f}",
        )
        for row in document["rows"]
        if row["noise"]
    ]
    return Table(
        ("attack on one person", "people", "error ÷ blind guess", "without noise", "published valence is off by"),
        tuple(rows),
        "How well somebody who sees everything that is published, and knows who comes and goes, can guess one person's "
        "valence: the error of the best linear estimate over that of a guess from the room's mood alone.",
        source=made(document),
    )
