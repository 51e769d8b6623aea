"""How a detector's box relates to the square around a face: ``python -m tools.box_fit [NAME …] [--every K]``.

On dlib's example photographs and each K-th picture of the clips in the data folder, each box is compared with that of
YuNet which shows the same face, whose longer side the classifiers' crops were tuned on. The medians are what a
detector's ``Fit`` (see streamer.types) should say: ``scale``, by which the longer side is to be multiplied, and
``shift``, the share of the height by which the centre is to be lowered.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from engines.errors import EngineError
from streamer import build
from streamer.errors import ConfigError, StreamerError
from streamer.registry import DETECTORS
from streamer.sources.file import FileSource
from streamer.stages import Detector
from streamer.types import Box, Face, Image
from tools.evaluate.asked import Asked, configuration
from tools.machine import machine
from tools.places import DATA

RESULTS = Path(__file__).parent / "results"
REFERENCE = "yunet"
NAMES = ("centerface", "mediapipe", "haar", "dlib_hog", "dlib_cnn")
SLOW = {"dlib_cnn": 24}
"""They look at each so many-th picture of those of the clips."""

SAME = 0.3
"""Intersection over union from which on two boxes show the same face."""


@dataclass(frozen=True, slots=True)
class BoxFit:
    """``faces`` that were found by both; medians of what they ask for."""

    faces: int
    scale: float
    shift: float


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"default: {', '.join(NAMES)}")
    parser.add_argument("--every", type=int, default=1, metavar="K", help="look at each K-th picture of a clip")
    parser.add_argument("--data", type=Path, default=DATA, help="folder with faces/20*.jpg and videos/*.mp4, *.mov")
    parser.add_argument("--out", type=Path, help="default: printed only where a NAME is given, else the results")
    given = parser.parse_args(words)
    try:
        fits = measured(tuple(given.names) or NAMES, given.data, max(1, given.every))
    except (StreamerError, EngineError) as error:
        parser.error(str(error))
    for name, fit in fits.items():
        print(f"{name}: scale {fit.scale:.3f}, shift {fit.shift:+.3f} of the height, {fit.faces} faces")
    if (out := given.out or (None if given.names else RESULTS / "box_fit.json")) is not None:
        every = [] if given.every == 1 else [f"--every {given.every}"]
        command = " ".join(["python -m tools.box_fit", *given.names, *every])
        told = {"command": command, "data": "photographs and clips", "machine": machine()}
        made = told | {"fits": {name: asdict(fit) for name, fit in fits.items()}}
        out.write_text(json.dumps(made, indent=1, allow_nan=False) + "\n", "utf-8")
        print(f"written: {out}")


def measured(names: Sequence[str], data: Path, every: int) -> dict[str, BoxFit]:
    """
    Raises:
        ConfigError: an unknown detector, nothing to look at, or a detector and YuNet find no face in common.
        EngineError: weights cannot be had, or a model fails.
    """
    if faults := list(build.unknown("detector", names, DETECTORS, DETECTORS)):
        raise ConfigError("\n".join(faults))
    pairs: dict[str, list[tuple[Box, Box]]] = {name: [] for name in names}
    with ExitStack() as stack:
        reference = stack.enter_context(detector(REFERENCE))
        rivals = {name: stack.enter_context(detector(name)) for name in names}
        looks = track(pictures(data, every), "looking", console=Console(stderr=True), transient=True)
        for number, image in looks:
            known = reference.detect(image)
            for name, rival in rivals.items():
                if number % SLOW.get(name, 1) == 0:
                    pairs[name] += matched(known, rival.detect(image))
    if not any(pairs.values()):
        raise ConfigError(f"{data} holds no faces/20*.jpg and no videos with faces; name another folder with --data")
    if blind := [name for name, found in pairs.items() if not found]:
        raise ConfigError(f"{', '.join(blind)} and {REFERENCE} find no face in common")
    return {name: fit_of(found) for name, found in pairs.items()}


def detector(name: str) -> Detector:
    config = configuration(Asked(name))
    build.fetch_weights(config, offline=False)
    return build.detector(config, build.engines_of(config))


def pictures(data: Path, every: int) -> Iterator[tuple[int, Image]]:
    """Photographs, with 0, then each so many-th picture of the clips, with its number among these."""
    for path in sorted((data / "faces").glob("20*.jpg")):
        read: Any = cv2.imread(str(path))
        if read is not None:
            yield 0, read
    for path in sorted((data / "videos").glob("*.m*")):
        with FileSource(path, name=path.stem) as source:
            for frame in source.frames():
                if frame.index % every == 0:
                    yield frame.index // every, frame.image


def matched(known: Sequence[Face], found: Sequence[Face]) -> Iterator[tuple[Box, Box]]:
    """The reference's box and the other's of each face that both see, the best pairs first, each box once."""
    free, left = {face.box for face in known}, {face.box for face in found}
    ways = sorted(((one.iou(other), one, other) for one in free for other in left), key=lambda way: -way[0])
    for share, one, other in ways:
        if share > SAME and one in free and other in left:
            free.remove(one)
            left.remove(other)
            yield one, other


def fit_of(pairs: Sequence[tuple[Box, Box]]) -> BoxFit:
    scales = [max(one.width, one.height) / max(other.width, other.height) for one, other in pairs]
    shifts = [(one.center[1] - other.center[1]) / other.height for one, other in pairs]
    return BoxFit(len(pairs), round(float(np.median(scales)), 4), round(float(np.median(shifts)), 4))


if __name__ == "__main__":
    main()
