"""Which models there are and by what right, what runs them, and what they are put between: from the code at run "
"time."""

from __future__ import annotations

from collections.abc import Iterator

from engines.cards import Card, card_names, load_card
from streamer.config import Classifier
from streamer.paper.blocks import Block, Bullets, Heading, Table, Text
from streamer.registry import DETECTORS, ENGINES, GPU_ENGINES, WITHOUT_MODEL
from tools.machine import installed
from tools.report.given import Given
from tools.report.words import SURE, counted, listed, score


def models(given: Given) -> Iterator[Block]:
    cards = [load_card(name) for name in card_names()]
    yield Heading("Models and integration")
    yield Text(
        f"With the program come {counted(len(cards), 'card')}, one for each model. A card holds every fact about a "
        "model: where its file can be had, its digest, its licence, what it was trained on, what it is fed, and what "
        "is known of its mistakes. Weights are compared with the digest and loaded from the very bytes that were "
        "hashed; nothing is fetched during a run."
    )
    yield registered(cards, "detection")
    yield registered(cards, "emotion")
    yield Text(
        f"Without a card, as their package brings the model along: {listed([f'`{one}`' for one in WITHOUT_MODEL])}."
    )
    yield Heading("What an expression model is fed", level=2)
    yield fed([card for card in cards if card.task == "emotion"])
    yield from own_scores()
    yield Heading("Engines", level=2)
    yield Text(
        "An engine knows tensors, not faces. They are tried in the order of the configuration; one that cannot run "
        "here is passed over with its reason. On an NVIDIA GPU a run begins on the processor, builds the network in "
        "half precision beside it, and changes over between two frames once it has passed an accuracy gate on real "
        "faces."
    )
    yield engines(given)
    yield Heading("Integration", level=2)
    yield Bullets(tuple(integration()))


def registered(cards: list[Card], task: str) -> Table:
    """The models for one task."""
    chosen = [card for card in cards if card.task == task]
    rows = [
        (
            f"**{card.title}**",
            f"`{card.name}`",
            card.licence,
            card.training_data,
            "yes" if card.verified else "no",
        )
        for card in chosen
    ]
    what = "Detectors" if task == "detection" else "Expression models"
    return Table(
        ("model", "card", "licence", "trained on", "run here"),
        tuple(rows),
        f"{what}, as their cards tell. Run here: “no” where the published file could not be had, so that only a "
        "stand-in of the same form was run.",
        left=(1, 2, 3, 4),
    )


def fed(cards: list[Card]) -> Table:
    rows = [
        (
            card.title,
            f"{card.input.side} × {card.input.side}",
            card.input.colour,
            "–" if card.crop is None else f"{card.crop.scale:g}",
            f"{len(card.labels)}",
            card.convert or "as published",
        )
        for card in cards
    ]
    head = ("model", "pixels", "colours", "square ÷ face", "labels", "file")
    return Table(head, tuple(rows), "What each expression model wants of a face, and what it knows.", left=(5,))


def own_scores() -> Iterator[Block]:
    """What the card of the default model says of itself."""
    card = load_card(Classifier().card)
    if card.scores is None:
        return
    scores = card.scores
    low, high = scores.accuracy_interval
    yield Text(
        f"The card of **{card.title}**, the default, tells an accuracy of {score(scores.accuracy)} ({SURE} interval "
        f"{score(low)}–{score(high)}) on {scores.faces} faces ({scores.data}). {card.note} {card.limits}"
    )


def engines(given: Given) -> Table:
    rows = []
    for name in (*ENGINES, *GPU_ENGINES):
        version = installed(name.replace("_", "-"))
        where = "NVIDIA GPU" if name in GPU_ENGINES else "processor"
        rows.append((f"`{name}`", where, version or "not installed"))
    gpu = given.results.get("gpu")
    state = ""
    if gpu is not None:
        ran = "never run on a GPU" if gpu["gpu"] is None else f"run on {gpu['gpu']['gpu']}"
        state = f"The GPU engines: {ran} ({gpu['machine']['date']}, `{gpu['command']}`)"
    return Table(("engine", "runs on", "here"), tuple(rows), "Engines, and what is installed here.", (1, 2), state)


def integration() -> Iterator[str]:
    yield (
        f"**In:** {listed(['webcams', 'files', 'folders of pictures', 'the screen', 'RTSP and HTTP cameras'])}, "
        "browsers."
    )
    yield (
        "**Out:** a window, H.264 files, JSON lines by a versioned schema, HLS, RTSP, a virtual camera, MJPEG, WebRTC."
    )
    yield "**Pages:** one for the room, one for a meeting, one for many cameras; an overlay for broadcasting software."
    yield "**Programs:** a WebSocket and an HTTP API with an OpenAPI document, Prometheus metrics, health endpoints."
    yield (
        "**Your own parts:** a detector is one class with one method; an expression model is a file with a card. "
        f"Detectors by name: {listed([f'`{name}`' for name in DETECTORS])}."
    )
