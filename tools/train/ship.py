"""Make the shipped model of a finished run: ``python -m tools.train.ship --run FOLDER [--data FOLDER] [--out FOLDER]``.

Calibrates, exports, compares the file with the trained network, measures the file, and writes it with its card, its
figures and MODEL_CARD.md. The same run gives the same file and the same card. torch comes with the extra ``train``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from engines.cards import Card
from engines.errors import EngineError
from engines.ort import OnnxRuntimeEngine
from engines.reference import check_reference, drawn
from streamer.errors import ConfigError
from tools.places import DATA
from tools.train import calibrate, card_file, curves, data, export, model_card, reliability
from tools.train.measured import Adjustment, Answered, Course, Measured, Model, measure
from tools.train.settings import Pretrained, Settings, SettingsError

WEIGHTS = Path(__file__).parent.parent.parent / "engines" / "weights"
PICTURES = 3
"""Reference pictures in the card."""

MOST_AT_ONCE = 64
"""Faces in one run of the file."""


@dataclass(frozen=True)
class Parts:
    """The faces of a run: those trained on, and of those kept aside and to validate on the ones with a clear label."""

    trained: data.Faces
    aside: data.Faces
    valid: data.Faces


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True, help="folder of a finished run of tools.train")
    parser.add_argument("--data", type=Path, default=DATA / "ferplus", help="folder of train.npz and valid.npz")
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="folder of the file; the card goes to ../cards")
    arguments = parser.parse_args(words)
    for name in ("train.npz", "valid.npz"):
        if not (arguments.data / name).is_file():
            parser.error(f"{arguments.data / name} is not there; name FER+ as .npz with --data")
    try:
        ship(arguments.run, arguments.data, arguments.out)
    except ModuleNotFoundError as error:
        parser.error(f"{error}; this needs the extra: pip install 'groupmood[train]'")
    except (
        SettingsError,
        ConfigError,
        calibrate.CannotCalibrate,
        export.CannotExport,
        curves.NoCurves,
        EngineError,
    ) as error:
        print(f"nothing was written: {error}", file=sys.stderr)
        return 1
    return 0


def ship(run: Path, folder: Path, out: Path) -> None:
    """Raises:
    SettingsError, NoCurves: the run has no network yet, or one that is for teaching only.
    CannotCalibrate, CannotExport, EngineError: the model is not fit to be shipped.
    """
    from tools.train.best import load_best  # torch

    network, settings = load_best(run)
    parts = parts_of(folder, settings)
    course = _course(run, settings, len(parts.trained))
    model = make(network, settings, parts)
    valid = Answered(answered(model.data, parts.valid.images), parts.valid.labels)
    aside = Answered(answered(model.data, parts.aside.images), parts.aside.labels)
    measured = measure(model, course, valid, aside)
    card = card_file.render(measured)
    check(card, model.data)
    _write(out, model.data, card, model_card.render(measured))
    curves.draw(run, out / curves.NAME)
    reliability.draw(
        {
            "FER+ validation split": (valid.given, valid.labels),
            "Tenth kept aside for T": (aside.given, aside.labels),
        },
        out / "reliability.png",
    )
    _tell(measured, out)


def parts_of(folder: Path, settings: Settings) -> Parts:
    valid = data.read(folder / "valid.npz")
    everything = data.without(data.read(folder / "train.npz"), valid)
    trained, aside = data.split(everything, settings.data.held_out, settings.data.split_seed)
    return Parts(trained, aside.at(aside.agreed), valid.at(valid.agreed))


def make(network: Any, settings: Settings, parts: Parts) -> Model:
    """The file, compared with the network it is made of; ``network`` is a tools.train.network.Network.

    Raises:
        SettingsError: the network is for teaching only.
        CannotCalibrate: the faces kept aside do not do for it.
        CannotExport: the file answers otherwise than the network.
    """
    from tools.train import twin  # torch

    shape = settings.network
    if isinstance(shape, Pretrained):
        raise SettingsError("this run is a teacher's, too slow to be shipped: name a run of a plain network")
    valid = calibrate.Known(twin.logits(network, parts.valid.images), parts.valid.labels)
    aside = calibrate.Known(twin.logits(network, parts.aside.images), parts.aside.labels)
    rows = calibrate.table(aside, valid, parts.trained.shares)
    chosen = calibrate.choose(rows)
    print("\n".join(calibrate.lines(rows, chosen)))
    adjustment = Adjustment(chosen.strength, round(chosen.temperature, 4))
    offset = calibrate.offsets(parts.trained.shares, adjustment.strength)
    calibration = calibrate.Calibration(adjustment.temperature, offset)
    file = export.build(twin.weights(network), shape, calibration)
    farthest = export.compare(answered(file, parts.valid.images), calibration(valid.logits))
    print(f"file and network: probabilities differ by {farthest:.5f} at most over {len(valid.labels)} faces")
    reference = twin.logits(twin.stored(network, calibration), drawn(PICTURES, shape.side))
    return Model(file, adjustment, calibrate.softmax(reference))


def answered(file: bytes, images: data.Images) -> NDArray[np.float64]:
    """(N, 8): what the file says of images (N, S, S), through ONNX Runtime."""
    with OnnxRuntimeEngine(file, name=card_file.NAME) as engine:
        batches = np.array_split(images[:, None].astype(np.float32), -(-len(images) // MOST_AT_ONCE))
        given = [engine.run({"faces": batch})["probabilities"] for batch in batches]
    return np.concatenate(given).astype(np.float64)


def check(card: str, file: bytes) -> None:
    """Raises:
    EngineError: ONNX Runtime's answer to the reference pictures is not the card's.
    """
    with OnnxRuntimeEngine(file, name=card_file.NAME) as engine:
        check_reference(Card.model_validate(yaml.safe_load(card)), engine)


def _course(run: Path, settings: Settings, faces: int) -> Course:
    epochs = curves.read(run)
    if len(epochs) < settings.fit.last():
        print(f"note: this run is not finished: {len(epochs)} of {settings.fit.last()} epochs are done")
    shown = tuple(_shown(settings))
    shape = settings.network
    mirrored = not isinstance(shape, Pretrained) and shape.mirrored
    return Course(faces, int(curves.best(epochs)["epoch"]), len(epochs), shape.side, shown, mirrored)


def _shown(settings: Settings, prefix: str = "", seen: dict[str, str] | None = None) -> Iterator[tuple[str, str]]:
    """Every part of the settings as a line; then those of its teachers and of the run before, each run once."""
    seen = {} if seen is None else seen
    known = seen.setdefault(settings.digest(), prefix)
    if known != prefix:
        yield prefix.removesuffix(": "), f"the same as {known.removesuffix(': ')}"
        return
    for name in ("network", "data", "augmentation", "fit"):
        values = getattr(settings, name).model_dump(mode="json")
        yield prefix + name, ", ".join(f"{key} {value}" for key, value in values.items())
    for number, one in enumerate(settings.teachers or (), 1):
        yield from _shown(one, f"{prefix}teacher {number}: ", seen)
    if settings.before:
        yield from _shown(settings.before, prefix + "before: ", seen)


def _write(out: Path, file: bytes, card: str, text: str) -> None:
    cards = out.parent / "cards"
    for folder in (out, cards):
        folder.mkdir(parents=True, exist_ok=True)
    (out / card_file.WEIGHTS).write_bytes(file)
    (cards / f"{card_file.NAME}.yaml").write_text(card, encoding="utf-8", newline="\n")
    (out / "MODEL_CARD.md").write_text(text, encoding="utf-8", newline="\n")


def _tell(measured: Measured, out: Path) -> None:
    scores = measured.scores
    for name in ("accuracy", "macro_recall", "cross_entropy", "calibration_error"):
        estimate = getattr(scores, name)
        print(f"{name.replace('_', ' ')}: {estimate.value:.4f} ({estimate.low:.4f} … {estimate.high:.4f})")
    print(f"calibration error on the tenth kept aside: {measured.aside_calibration_error:.4f}")
    print(f"written: {out / card_file.WEIGHTS} ({measured.size} bytes), its card, MODEL_CARD.md and two figures")


if __name__ == "__main__":
    sys.exit(main())
