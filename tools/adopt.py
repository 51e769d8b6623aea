"""Make a card for weights of your own, of a network that a card here describes.

    python -m tools.adopt emotion_cnn.pth --like emotion_cnn --out my.yaml
    groupmood run 0 --classifier my.yaml

The file is hashed, converted if need be, loaded, and shown drawn faces. Only where it answers with probabilities is a
card written: with the digest, so that no other bytes are ever taken for it, and with these answers, so that every
engine is compared with them. Nothing is overwritten. How right it is, only labelled faces can say.

--like takes a card's name, or the path of a card: copy one and change it where your preprocessing is another.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import ValidationError

from engines.cache import fetch, weights_dir
from engines.cards import Card, load_card
from engines.converting import convert
from engines.errors import EngineError
from engines.ort import OnnxRuntimeEngine
from engines.places import from_path
from engines.prepared import prepared
from engines.reference import reference_input
from streamer.classifiers.carded import CardedClassifier
from streamer.emotions import order_of
from streamer.errors import ConfigError, StreamerError
from streamer.registry import DETECTORS, find
from streamer.stages import Detector
from streamer.types import read_only

MOST = 1 << 30
"""Bytes of a file that is adopted."""

PICTURES = 3
"""Drawn faces that the card keeps the answers to; see ``engines.reference.drawn``."""

SUMS = 1e-3
"""How far from 1 the probabilities of a face may sum."""

VARIES = 1e-3
"""By this much some probability must differ between the drawn faces, or the network does not see them."""

DIGITS = 6
OF_OTHERS = (
    "places", "sha256", "size", "converted_sha256", "reference", "scores", "confusion", "answers", "temperature",
    "baked_temperature", "limits",
)  # fmt: skip
"""What a card says of its own file and of no other."""


def adopted(file: Path, like: Card, out: Path, changes: Mapping[str, Any]) -> Card:
    """The card of ``file``, yet to be written to ``out``; ``changes`` to the keys of ``like``.

    Raises:
        ConfigError: it cannot be a card, or its answers are no probabilities.
        EngineError: the file cannot be read, converted or run.
    """
    data = from_path(file, MOST)
    digest = hashlib.sha256(data).hexdigest()
    if digest in like.sha256:
        known = f"groupmood models fetch {like.name} --from {file}"
        raise ConfigError(f"{file} is the very file that the card {like.name} means: `{known}` takes it")
    card = described(file, like, out, {"sha256": [digest], "size": len(data), **changes})
    model = prepared(convert(data, card), card)
    answers = answered(card, model)
    rows = tuple(tuple(round(float(p), DIGITS) for p in row) for row in answers)
    return card.model_validate(card.model_dump() | {"reference": {"pattern": "drawn", "expected": rows}})


def detecting(file: Path, like: Card, out: Path, changes: Mapping[str, Any]) -> Card:
    """The card of a detector's ``file``, once it has looked at a picture.

    Raises:
        ConfigError: it cannot be a card, or there is no detector for it.
        EngineError: the file cannot be read or run, or has another layout.
    """
    if like.name not in DETECTORS or changes:
        raise ConfigError(f"--like takes the card of a detector ({', '.join(DETECTORS)}), without labels and layers")
    data = from_path(file, MOST)
    card = described(file, like, out, {"sha256": [hashlib.sha256(data).hexdigest()], "size": len(data)})
    maker = find(DETECTORS, like.name)
    made: Detector = maker.of(data, lambda model: partial(OnnxRuntimeEngine, model, name=card.name))
    try:
        with made as detector:
            detector.detect(read_only(np.full((480, 640, 3), 127, np.uint8)))
    except (ValueError, KeyError, IndexError) as error:  # of a network that takes or gives something else
        raise ConfigError(f"{file} does not have the layout of {like.title}: {error}") from None
    return card


def described(file: Path, like: Card, out: Path, facts: Mapping[str, Any]) -> Card:
    """The card without its reference answers.

    Raises:
        ConfigError: these are not the facts of a card.
    """
    place = file.resolve()
    beside = place.is_relative_to(out.parent.resolve())
    own = {
        "name": out.stem,
        "title": out.stem,
        "file": re.sub(r"[^A-Za-z0-9._-]+", "-", file.name).lstrip("._-") or "weights",
        "places": [{"path": place.relative_to(out.parent.resolve()) if beside else place}],
        "licence": "that of your own file",
        "source": f"a file of one's own, adopted with the layout of {like.name}",
        "training_data": "not known here",
        "verified": False,
        "note": f"Adopted with the layout of {like.name}. How right it is has not been measured.",
    }
    kept = {key: value for key, value in like.model_dump().items() if key not in OF_OTHERS}
    try:
        card = Card.model_validate({**kept, **own, **facts})
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise ConfigError(f"no card can be made of {file}: {faults}") from error
    order_of(card.labels)
    return card


def answered(card: Card, model: bytes) -> NDArray[np.float64]:
    """The network's probabilities (PICTURES, labels) of the drawn faces.

    Raises:
        ConfigError: they are none, or the same for every face.
        ModelRejected: the network is not the one that the card describes.
    """
    with CardedClassifier(card, lambda: OnnxRuntimeEngine(model, name=card.name)):
        pass  # whether the network takes and gives what the card says
    with OnnxRuntimeEngine(model, name=card.name) as engine:
        feeds = {engine.inputs[0].name: reference_input(card, PICTURES)}
        rows = np.asarray(engine.run(feeds)[engine.outputs[0].name], np.float64)
    if not np.isfinite(rows).all() or rows.min() < 0 or np.abs(rows.sum(axis=1) - 1).max() > SUMS:
        raise ConfigError(
            f"{card.name} answers with what are no probabilities ({rows.min():.3g} … {rows.max():.3g}, sums of "
            f"{rows.sum(axis=1).round(3).tolist()}): if these are logits, adopt it like a card with output: logits"
        )
    if np.ptp(rows, axis=0).max() < VARIES:
        raise ConfigError(
            f"{card.name} gives the same answer to every face: are mean and std those that it was trained with? "
            f"They are {card.input.mean} and {card.input.std}, for values 0…255"
        )
    return rows


def write(card: Card, out: Path) -> None:
    """Raises:
    ConfigError: there is a file of that name already, or it cannot be written.
    """
    facts = card.model_dump(mode="json", exclude_defaults=True) | {"input": card.input.model_dump(mode="json")}
    text = yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    try:
        with out.open("x", encoding="utf-8") as file:
            file.write(f"# Written by `python -m tools.adopt`; note, licence and title are yours to fill in.\n{text}")
    except FileExistsError:
        raise ConfigError(there(out)) from None
    except OSError as error:
        raise ConfigError(f"{out} cannot be written: {error.strerror}") from error


def there(out: Path) -> str:
    return f"{out} is there already and is not overwritten; name another file with --out"


def listed(word: str) -> list[str]:
    return [part.strip() for part in word.split(",") if part.strip()]


def parsed(words: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="your weights: .pth, .h5 or .onnx, as the card's own are")
    parser.add_argument("--like", required=True, metavar="CARD", help="name or path of the card that describes them")
    parser.add_argument("--out", type=Path, required=True, help="the card to write, a .yaml")
    parser.add_argument(
        "--labels",
        type=listed,
        help="the classes in the order of the outputs, with commas; further outputs are left out",
    )
    parser.add_argument("--layers", type=listed, help="of a .pth, with commas between; see engines/layered.py")
    return parser.parse_args(words)


def run(arguments: argparse.Namespace) -> Card:
    """Raises:
    StreamerError, EngineError: the file cannot be adopted; nothing is written then.
    """
    like = load_card(arguments.like)
    if arguments.out.suffix not in (".yaml", ".yml"):
        raise ConfigError(f"a card is a .yaml, got {arguments.out}; name another file with --out")
    if arguments.out.exists():
        raise ConfigError(there(arguments.out))
    given = {"labels": arguments.labels, "layers": arguments.layers}
    changes = {key: value for key, value in given.items() if value}
    if like.task == "detection":
        card = detecting(arguments.file, like, arguments.out, changes)
    else:
        card = adopted(arguments.file, like, arguments.out, changes)
    write(card, arguments.out)
    fetch(load_card(arguments.out), weights_dir(), local=arguments.file)
    return card


def main(words: Sequence[str]) -> int:
    arguments = parsed(words)
    try:
        card = run(arguments)
    except (StreamerError, EngineError) as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{arguments.out} is written.")
    if card.task == "detection":
        print(f"use it: groupmood run 0 --detector {arguments.like} --detector-card {arguments.out}")
        return 0
    print(f"To {PICTURES} drawn faces it says:")
    for row in card.reference.expected if card.reference else ():
        print("  " + ", ".join(f"{label} {p:.2f}" for label, p in zip(card.labels, row, strict=True)))
    print(f"use it: groupmood run 0 --classifier {arguments.out}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
