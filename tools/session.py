"""From labels to a corrected mood, all the way: ``python -m tools.session [--labels FILE] [--media FOLDER]``.

The labels were made with ``python -m tools.label``. The program is evaluated on them; then each picture's and video's
mood is made three times: as the model says it, corrected by the model's shipped card, and corrected by a card that was
told how the model reads the faces of all *other* media (``tools.compare.user_card``), so that nothing is corrected by
its own answer. Beside each stands the mood of the labels themselves.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean

import cv2
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from engines.cards import Card, load_card
from engines.errors import EngineError
from streamer import build
from streamer.analyzer import Models
from streamer.config import Config
from streamer.emotions import CIRCUMPLEX, LABELS
from streamer.errors import ConfigError, StreamerError
from streamer.trackers.still import StillTracker
from streamer.types import GroupMood
from tools.compare.user_card import user_card, write
from tools.evaluate.asked import Asked, configuration
from tools.evaluate.judging import summed
from tools.evaluate.looking import Material, Watch, looks
from tools.evaluate.result import Evaluation
from tools.evaluate.samples import reading_samples
from tools.evaluate.seen import Look
from tools.evaluate.written import rounded
from tools.labelled.document import Medium
from tools.labelled.media import MediaFolder
from tools.labelled.reading import read
from tools.labelled.sampling import RATE
from tools.labelled.truth import truths
from tools.machine import machine
from tools.places import DATA

RESULTS = Path(__file__).parent / "results"
LABELS_FILE, OUT = RESULTS / "session-labels.json", RESULTS / "session.json"


@dataclass(frozen=True, slots=True)
class Valence:
    """Of a room, −1…1, with its 80 % interval; None where the evidence is not enough."""

    value: float | None
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Corrected:
    """One medium at its end: ``people`` labelled there, the valence of their labels, and the room's by the model as it
    is, by its shipped card, and by one made from the other media."""

    medium: str
    people: int
    labelled: float
    plain: Valence
    shipped: Valence
    own: Valence


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, default=LABELS_FILE)
    parser.add_argument("--media", type=Path, default=DATA, help="the folder that the label file's names start from")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args(words)
    try:
        material = Material(read(arguments.labels), MediaFolder(arguments.media), RATE)
        evaluation, rows = session(material, arguments.labels)
    except (StreamerError, EngineError) as error:
        parser.error(str(error))
    console = Console()
    console.print(overview(rows))
    arguments.out.write_text(json.dumps(document(evaluation, rows), indent=1, allow_nan=False) + "\n", "utf-8")
    console.print(f"written: {arguments.out}", highlight=False)


def session(material: Material, labels: Path) -> tuple[Evaluation, list[Corrected]]:
    """
    Raises:
        ConfigError: a medium cannot be read, or nothing in the others is labelled.
        EngineError: a model cannot be had or run.
    """
    asked = Asked()
    config = configuration(asked)
    build.fetch_weights(config, offline=False)
    cv2.setNumThreads(1)
    with build.models(config) as models:
        watch = Watch()
        seen = tuple(looks(material, config, models, watch))
        if watch.failed:
            raise ConfigError("; ".join(watch.failed.values()))
        evaluation = replace(summed(labels, asked, material.labels, models, seen), command="python -m tools.session")
        return evaluation, list(corrections(material, config, models, seen))


def corrections(material: Material, config: Config, models: Models, seen: Sequence[Look]) -> Iterator[Corrected]:
    base = load_card(config.classifier.card)
    for medium in material.labels.media:
        last = medium.frames - 1
        labels = [truth.label for truth in truths(medium, last) if truth.label is not None and not truth.ignore]
        if not labels:
            continue
        valence = mean(CIRCUMPLEX[LABELS[label]][0] for label in labels)
        card = made_without(base, medium, seen)
        plain, shipped, own = (of(mood) for mood in moods(material, medium, config, models, card))
        yield Corrected(medium.file, len(labels), valence, plain, shipped, own)


def made_without(base: Card, medium: Medium, seen: Sequence[Look]) -> Card:
    """A card told of the faces of all other media."""
    others = [look for look in seen if look.medium != medium.file]
    return user_card(base, reading_samples(others), Path("labels.json"))


def moods(material: Material, medium: Medium, config: Config, models: Models, card: Card) -> Iterator[GroupMood | None]:
    """The last mood of a medium: uncorrected, by the shipped card, by ``card``."""
    uncorrected = config.model_copy(update={"rooms": {"room": room_of(config)}})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "own.yaml"
        write(card, path)
        owned = config.model_copy(update={"classifier": config.classifier.model_copy(update={"card": str(path)})})
        for setting in (uncorrected, config, owned):
            yield last_mood(material, medium, setting, models)


def room_of(config: Config) -> object:
    (name,) = config.sources
    return config.room_of(name)[1].model_copy(update={"correction": False})


def last_mood(material: Material, medium: Medium, config: Config, models: Models) -> GroupMood | None:
    (mood,) = build.moods(config).values()
    tracker = StillTracker() if medium.kind == "image" else None
    analysis = build.analyzer(config, models, mood, live=False, tracker=tracker)
    latest = None
    for frame in material.media.frames(medium):
        latest = analysis.process(frame).mood
    return latest


def of(mood: GroupMood | None) -> Valence:
    return Valence(None, None) if mood is None else Valence(mood.valence, mood.interval)


def document(evaluation: Evaluation, rows: Sequence[Corrected]) -> dict[str, object]:
    made = {"command": evaluation.command, "machine": machine(), "data": "the session's labelled pictures and video"}
    return made | {"evaluation": rounded(asdict(evaluation)), "moods": [rounded(asdict(row)) for row in rows]}


def overview(rows: Sequence[Corrected]) -> Table:
    table = Table("medium", "people", "labelled", "as it is", "shipped card", "own card", box=SIMPLE_HEAD)
    for row in rows:
        moods = (shown(one) for one in (row.plain, row.shipped, row.own))
        table.add_row(row.medium, str(row.people), f"{row.labelled:+.2f}", *moods)
    return table


def shown(valence: Valence) -> str:
    if valence.value is None or valence.interval is None:
        return "–"
    low, high = valence.interval
    return f"{valence.value:+.2f} ({low:+.2f}…{high:+.2f})"


if __name__ == "__main__":
    main()
