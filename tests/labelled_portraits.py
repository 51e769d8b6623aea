"""Pictures and a video of the two public-domain portraits, with labels made by hand: nobody else is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from streamer.sources.portraits import Bust, busts
from streamer.types import Box, Image
from tests.media import video
from tools.labelled.document import LabelFile, LabelledFace, Mark, Medium, Said
from tools.labelled.media import medium_of
from tools.labelled.saving import bytes_for

ANNA, BELA = "Anna", "Bela"
WIDTH, HEIGHT = 640, 360


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits where: the number of a bust, the height of the face and its centre, in pixels."""

    who: int
    side: float
    x: float
    y: float


ROW = (Seat(0, 100, 120, 150), Seat(1, 80, 330, 160), Seat(2, 60, 520, 170))
BACK = (Seat(1, 120, 170, 160), Seat(0, 40, 420, 170), Seat(3, 30, 560, 180))


def scene(seats: Sequence[Seat]) -> tuple[Image, list[Box]]:
    """A picture of WIDTH × HEIGHT with people before a soft ground, and where their faces are."""
    shade = np.linspace(90, 190, HEIGHT)[:, None, None] + np.linspace(-20, 20, WIDTH)[None, :, None]
    picture = np.repeat(shade, 3, axis=2).clip(0, 255).astype(np.uint8)
    cast, boxes = busts(4), []
    for seat in seats:
        boxes.append(_seated(picture, cast[seat.who], seat))
    return picture, boxes


def _seated(picture: Image, bust: Bust, seat: Seat) -> Box:
    """Lays a bust down in place, shrunk; returns its face's box."""
    scale = seat.side / bust.face.height
    x, y = bust.face.center
    affine = np.array([[scale, 0, seat.x - scale * x], [0, scale, seat.y - scale * y]])
    soft = cv2.GaussianBlur(bust.image, (0, 0), max(0.1, 0.4 / scale))
    image = cv2.warpAffine(soft, affine, (WIDTH, HEIGHT))
    alpha = cv2.warpAffine(bust.alpha, affine, (WIDTH, HEIGHT))[..., None]
    picture[:] = (picture * (1 - alpha) + image * alpha).astype(np.uint8)
    half_width, half_height = scale * bust.face.width / 2, scale * bust.face.height / 2
    return Box(seat.x - half_width, seat.y - half_height, seat.x + half_width, seat.y + half_height)


def face(name: str, box: Box, said: Sequence[Said] = (), **more: object) -> LabelledFace:
    mark = Mark(x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2)
    return LabelledFace.model_validate({"id": name, "marks": (mark,), "said": tuple(said), **more})


def says(*labels: str) -> tuple[Said, ...]:
    """Anna's word, and Bela's if there is one."""
    return tuple(Said(annotator=who, label=label) for who, label in zip((ANNA, BELA), labels, strict=False))


def still(folder: Path, name: str, seats: Sequence[Seat], words: Sequence[Sequence[str]]) -> Medium:
    """A picture that is written into the folder, with what each annotator says of each face."""
    picture, boxes = scene(seats)
    cv2.imwrite(str(folder / name), picture)
    faces = tuple(
        face(f"f{number}", box, says(*said), attributes={"glasses": "yes" if seat.who in (0, 3) else "no"})
        for number, (seat, box, said) in enumerate(zip(seats, boxes, words, strict=True))
    )
    return medium_of(folder / name, folder).model_copy(update={"faces": faces, "complete": True})


def moving(folder: Path, name: str, frames: int = 12) -> Medium:
    """A video at 10 frames a second of two people, one of whom goes 60 pixels to the right."""
    pictures, first, last = [], None, None
    for number in range(frames):
        seats = (Seat(0, 90, 150 + 60 * number / (frames - 1), 150), Seat(1, 80, 460, 160))
        picture, boxes = scene(seats)
        pictures.append(picture)
        first, last = first or boxes, boxes
    video(folder / name, pictures)
    assert first is not None
    assert last is not None
    marks = tuple(
        Mark(frame=at, x1=box.x1, y1=box.y1, x2=box.x2, y2=box.y2) for at, box in ((0, first[0]), (frames - 1, last[0]))
    )
    walker = LabelledFace(id="walker", marks=marks, said=says("neutral"))
    sitter = face("sitter", first[1], says("happiness"))
    return medium_of(folder / name, folder).model_copy(update={"faces": (walker, sitter), "complete": True})


def party(folder: Path) -> Path:
    """Two pictures and a video with labels of two annotators; returns the label file."""
    media = (
        still(folder, "row.png", ROW, (("neutral", "neutral"), ("happiness", "happiness"), ("happiness", "surprise"))),
        still(folder, "back.png", BACK, (("happiness",), ("sadness", "sadness"), ("neutral", "neutral"))),
        moving(folder, "walk.mkv"),
    )
    return saved(folder / "party.json", media)


def saved(path: Path, media: Sequence[Medium]) -> Path:
    path.write_bytes(bytes_for(LabelFile(annotators=(ANNA, BELA), media=tuple(media))))
    return path
