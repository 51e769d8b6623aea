"""What cannot be said, what could be done next, and how every figure was made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engines.cards import card_names, load_card
from streamer.paper.blocks import Block, Bullets, Heading, Table, Text
from tools.report.given import Given
from tools.report.words import capital, listed, sentence

Document = Mapping[str, Any]


def limits(given: Given) -> Iterator[Block]:
    yield Heading("Limits", page=True)
    yield Bullets(tuple(told(given)))


def told(given: Given) -> Iterator[str]:
    yield (
        "**Expressions are not feelings.** The labels are what annotators call a picture of a face. People show less, "
        "more or something else than they feel, and differently by culture, person and situation."
    )
    if given.evaluation is not None:
        yield from (f"**These labels.** {sentence(note)}" for note in given.evaluation.notes)
    else:
        yield "**No pictures of your own.** Nothing was labelled for this report; accuracy there may be another."
    for card in (load_card(name) for name in card_names()):
        if card.limits:
            yield f"**{card.title}.** {card.limits}"
    unseen = [card.title for card in map(load_card, card_names()) if not card.verified]
    if unseen:
        yield (
            f"**Not verified here:** {listed(unseen)}. Their cards are complete, but their published files were not "
            "run."
        )
    yield (
        "**Rooms of known truth are simulated.** There is no film of groups whose true expressions are known; the "
        "simulation draws from real readings, but people in it have no reason to smile."
    )
    yield (
        "**The scene is a made-up one.** It shows that the program follows and counts; how right it reads real "
        "groups it does not show."
    )
    yield (
        "**Who may be analysed.** In the European Union emotions of people at work or in education must not be "
        "inferred; the program refuses these purposes, and offers to count smiles and nods instead."
    )


def future(_: Given) -> Iterator[Block]:
    yield Heading("Future work")
    yield Bullets(
        (
            "Labelled groups on film, of many kinds of people, to measure what is only simulated now, and to measure "
            "how right the models are by age, sex, skin and culture.",
            "More faces of the rare expressions: contempt, disgust and fear are recalled least.",
            "Valence and arousal read directly, where a model with a free licence can be had, beside those from "
            "labels.",
            "Runs on GPUs of several generations, with the checks that are ready for them.",
            "Smiles, frowns and nods marked in real clips, in place of the stand-ins.",
            "People who are seen by two cameras at once counted once, without recognising anybody.",
        )
    )


def origins(given: Given) -> Iterator[Block]:
    """By which command each figure can be had again, on what it was measured, and where."""
    yield Heading("How every figure was made", page=True)
    yield Text(
        "No figure of this report was typed: each was read from the files that these commands write, or computed while "
        "the report was made."
    )
    documents = sorted(dict(sources(given)).items())
    yield Table(
        ("figures", "command", "date"),
        tuple((name, f"`{command}`", date) for name, (command, date, _) in documents),
        "Commands and dates.",
        left=(1, 2),
    )
    machines: dict[str, list[str]] = {}
    for name, (_, _, machine) in documents:
        machines.setdefault(machine, []).append(name)
    yield Bullets(tuple(f"{capital(listed(names))}: {machine}." for machine, names in machines.items()))


def sources(given: Given) -> Iterator[tuple[str, tuple[str, str, str]]]:
    """Name → command, date, machine."""
    yield "this report", (given.command, given.machine.get("date", ""), machine_of(given.machine))
    for name, document in given.results.items():
        if "machine" in document:
            command = str(document.get("command", ""))
            yield name, (command, document["machine"]["date"], machine_of(document["machine"]))
    for name, made in (("evaluation", given.evaluation), ("comparison", given.league)):
        if made is not None:
            yield name, (made.command, made.machine.get("date", ""), machine_of(made.machine))


def machine_of(machine: Document) -> str:
    return "; ".join(str(machine[key]) for key in ("processor", "system", "packages") if machine.get(key))
