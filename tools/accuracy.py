"""How right the emotion models are: ``python -m tools.accuracy [CARD …] [--weights CARD=FILE] [--no-speed]``.

On the validation split of FER+ (48 × 48 grey faces, ten annotators each): single votes are dropped; a face counts where
more than half of the remaining votes agree on one of the eight labels. Each face is classified once, as the product
does it: nothing is averaged over flips or crops. A card is the name of one, or its file; none given, the default
classifier is measured, and mini-XCEPTION beside it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table

from engines.cache import fetch, read_verified, weights_dir
from engines.cards import Card, load_card
from engines.errors import EngineError
from streamer import build
from streamer.config import Classifier as ClassifierSettings
from streamer.config import Config, check
from streamer.emotions import LABELS, canonical
from streamer.errors import ConfigError
from streamer.stages import Classifier
from tools.ferplus import CHANGES, Faces, faces, probabilities, shrunk
from tools.machine import machine
from tools.places import DATA
from tools.scores import Estimate, Scores, interval, scores, share_measure
from tools.speed import Speed, speed

COMPARISON = "mini_xception"
SIZES = (48, 32, 24, 16)
TIMED = {"openvino": "OpenVINO", "openvino_16": "16 at once", "onnxruntime": "ONNX Runtime"}
PASSES = 1 + len(SIZES) + len(CHANGES)

Done = Callable[[int], object]
"""Told how many more faces were classified."""


@dataclass(frozen=True, slots=True)
class Altered:
    """``sizes``: accuracy by the side in pixels that the faces are shrunk to. ``changes``: share of the faces whose
    likeliest label stays as it is under each of ``CHANGES``; ``steady``: the mean of them."""

    sizes: Mapping[str, Estimate]
    steady: Estimate
    changes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Row:
    """One model. ``size`` in bytes of the file that runs; ``unknown``: labels it does not have, whose faces count as
    wrong; ``speed`` None where it was not measured."""

    model: str
    engine: str
    size: int
    unknown: tuple[str, ...]
    scores: Scores
    altered: Altered
    speed: Speed | None = None


def default_cards() -> list[str]:
    return list(dict.fromkeys([ClassifierSettings().card, COMPARISON]))


def altered(classifier: Classifier, data: Faces, said: NDArray[np.int64], done: Done) -> Altered:
    """``said``: the likeliest labels of the faces as they are."""
    count = len(data.labels)
    small = {side: probabilities(classifier, shrunk(data.images, side), done=done).argmax(axis=1) for side in SIZES}
    kept = {
        name: probabilities(classifier, data.images, square, done).argmax(axis=1) == said
        for name, square in CHANGES.items()
    }
    return Altered(
        {str(side): interval(share_measure(told == data.labels), count) for side, told in small.items()},
        interval(share_measure(np.mean(list(kept.values()), axis=0)), count),
        {name: float(same.mean()) for name, same in kept.items()},
    )


def row(card: Card, model: bytes, classifier: Classifier, data: Faces, done: Done) -> Row:
    """Everything but the speed, of an open classifier; ``model`` is the file that it runs."""
    given = probabilities(classifier, data.images, done=done)
    known = {canonical(name) for name in card.labels}
    unknown = tuple(name for name in LABELS if name not in known)
    changed = altered(classifier, data, given.argmax(axis=1), done)
    return Row(card.name, classifier.about, len(model), unknown, scores(given, data.labels), changed)


def ready(name: str, local: Path | None) -> tuple[Config, Card, bytes]:
    """A card's model, fetched; ``local`` is a file of it, for a model that cannot be fetched.

    Raises:
        EngineError, ConfigError: the card or its weights cannot be used.
    """
    config = check({"sources": {"any": {"address": 0}}, "classifier": {"card": name}}, {})
    card, cache = load_card(name), weights_dir(config.cache_dir)
    fetch(card, cache, local=local)
    return config, card, read_verified(card, cache)


def measure(
    models: Sequence[tuple[Config, Card, bytes]], data: Faces, progress: Progress, timed: bool
) -> Iterator[Row]:
    """One model after another.

    Raises:
        EngineError, ConfigError: one cannot be run.
    """
    for config, card, model in models:
        task = progress.add_task(card.name, total=PASSES * len(data.labels))
        with build.classifier(config, build.engines_of(config)) as classifier:
            made = row(card, model, classifier, data, partial(progress.advance, task))
        yield replace(made, speed=timing(card, model, progress)) if timed else made


def timing(card: Card, model: bytes, progress: Progress) -> Speed:
    """The speed; what cannot be measured here is said with its reason."""
    progress.update(progress.add_task(f"{card.name}, speed", total=None))
    taken, refusals = speed(card, model)
    for refusal in refusals:
        progress.console.print(f"{card.name}: no time for {refusal.engine}: {escape(refusal.reason)}")
    return taken


def overview(rows: Sequence[Row]) -> Table:
    """A line for each measure, a column for each model."""
    table = Table("", *(made.model for made in rows), title="With 95 % intervals over resampled faces", box=SIMPLE_HEAD)
    for name in ("accuracy", "macro_recall", "cross_entropy", "calibration_error", "neutral_misread"):
        table.add_row(name.replace("_", " "), *(spread(getattr(made.scores, name)) for made in rows))
    for side in map(str, SIZES):
        table.add_row(f"accuracy at {side} px", *(spread(made.altered.sizes[side]) for made in rows))
    table.add_row("steady", *(spread(made.altered.steady) for made in rows))
    for name in CHANGES:
        table.add_row(f"  {name}", *(f"{made.altered.changes[name]:.3f}" for made in rows))
    for field, name in TIMED.items():
        times = [getattr(made.speed, field, None) for made in rows]
        table.add_row(f"ms a face, {name}", *("–" if ms is None else f"{ms:.2f}" for ms in times))
    table.add_row("MB of file", *(f"{made.size / 1e6:.2f}" for made in rows))
    table.add_row("labels it lacks", *(", ".join(made.unknown) or "none" for made in rows))
    table.add_row("measured with", *(made.engine for made in rows))
    return table


def spread(of: Estimate) -> str:
    return f"{of.value:.3f} ({of.low:.3f}–{of.high:.3f})"


def confusions(made: Row) -> Table:
    """What was said (columns) of the faces of each label (lines)."""
    table = Table(title=f"{made.model}: what it said", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("label", no_wrap=True)
    for head in ("faces", "recall", *(name[:4] for name in LABELS)):
        table.add_column(head, justify="right", no_wrap=True)
    for of in made.scores.recalls:
        counts = made.scores.confusion[LABELS.index(of.label)]
        table.add_row(of.label, str(of.faces), f"{of.recall:.3f}", *map(str, counts))
    return table


def document(rows: Sequence[Row], words: Sequence[str]) -> dict[str, Any]:
    """What is written; ``words`` of the command line, without folders of this machine."""
    command = " ".join(["python -m tools.accuracy", *map(shown, words)])
    made = {"command": command, "machine": machine(), "data": "FER+ validation split"}
    return made | {"models": [rounded(asdict(row)) for row in rows]}


def shown(word: str) -> str:
    """A word of the command line without folders."""
    return "=".join(Path(part).name for part in word.split("="))


def rounded(value: Any) -> Any:
    """To four digits behind the point, wherever there are numbers with one."""
    if isinstance(value, Mapping):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value


def weights_of(word: str) -> tuple[str, Path]:
    """Raises:
    ArgumentTypeError: it is not CARD=FILE with a file that exists.
    """
    card, _, file = word.partition("=")
    if not card or not Path(file).is_file():
        raise argparse.ArgumentTypeError(f"expected CARD=FILE with a file that exists, got {word!r}")
    return card, Path(file)


def parsed(words: Sequence[str]) -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """The arguments, after a look at what would only fail after minutes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cards", nargs="*", metavar="CARD", default=default_cards())
    parser.add_argument("--weights", action="append", type=weights_of, default=[], metavar="CARD=FILE")
    parser.add_argument("--no-speed", action="store_true", help="leave the milliseconds a face out")
    parser.add_argument("--data", type=Path, default=DATA / "ferplus" / "valid.npz")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "accuracy.json")
    arguments = parser.parse_intermixed_args(words)
    for card, _ in arguments.weights:
        if card not in arguments.cards:
            parser.error(f"--weights names {card!r}, which is not measured; measured: {', '.join(arguments.cards)}")
    if not arguments.data.is_file():
        parser.error(f"{arguments.data} is not a file; name FER+ as .npz with --data")
    if not arguments.out.parent.is_dir():
        parser.error(f"{arguments.out.parent} is not a folder; name another file with --out")
    return parser, arguments


def main(words: Sequence[str]) -> None:
    parser, arguments = parsed(words)
    console = Console()
    files = dict(arguments.weights)
    try:
        data = faces(arguments.data)
        models = [ready(name, files.get(name)) for name in dict.fromkeys(arguments.cards)]
        with Progress(console=Console(stderr=True)) as progress:
            rows = list(measure(models, data, progress, not arguments.no_speed))
    except (ConfigError, EngineError) as error:
        parser.error(str(error))
    console.print(overview(rows), *map(confusions, rows))
    arguments.out.write_text(json.dumps(document(rows, words), indent=1) + "\n", "utf-8")
    console.print(f"written: {escape(str(arguments.out))}", highlight=False)


if __name__ == "__main__":
    main(sys.argv[1:])
