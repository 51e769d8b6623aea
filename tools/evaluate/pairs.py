"""Pictures with what was labelled on the left, and what the program found and says of it on the right."""

from __future__ import annotations

from pathlib import PurePosixPath

import cv2
import numpy as np
from PIL import Image as Pictures

from streamer.emotions import LABELS
from streamer.overlay import Overlay
from streamer.sinks.target import file_word
from streamer.types import UNSURE, Emotion, Face, Frame, FrameResult, Image, Person, Track, View
from tools.evaluate.seen import Look
from tools.evaluate.sheet import Pen
from tools.labelled.truth import Truth

MOST, WIDE = 8, 900
"""Pictures that are drawn, and the pixels that each half is wide at most."""

BAR = 34
EVEN = tuple(1 / len(LABELS) for _ in LABELS)


def chosen(looks: tuple[Look, ...]) -> tuple[Look, ...]:
    """MOST looks with a face at most: the first of each medium, then evenly spread ones."""
    shown = [look for look in looks if look.truths or look.faces]
    first = {look.medium: look for look in reversed(shown)}
    heads = [look for look in shown if first[look.medium] is look]
    rest = [look for look in shown if first[look.medium] is not look]
    wanted = max(0, MOST - len(heads))
    more = [rest[int((number + 0.5) * len(rest) / wanted)] for number in range(min(wanted, len(rest)))] if rest else []
    return tuple((heads + more)[:MOST])


def drawn(look: Look, picture: Image) -> Pictures.Image:
    """Both drawings of one look, side by side under their titles."""
    shown = (labelled(look), look.people)
    halves = [_drawing(picture, look, people) for people in shown]
    height, width = halves[0].shape[:2]
    page = Pictures.new("RGB", (2 * width + 8, height + BAR), "white")
    pen = Pen(page)
    there = sum(not truth.ignore for truth in look.truths)
    for x, words in ((10, f"labelled: {faces(there)}"), (width + 18, f"found: {faces(len(look.faces))}")):
        pen.text(x, 23, words, 17, weight="Semibold")
    for number, half in enumerate(halves):
        page.paste(Pictures.fromarray(np.ascontiguousarray(half[:, :, ::-1])), (number * (width + 8), BAR))
    return page


def name(look: Look) -> str:
    stem = file_word(PurePosixPath(look.medium).stem)
    return f"{stem}-{look.frame}.jpg" if look.frame else f"{stem}.jpg"


def labelled(look: Look) -> tuple[Person, ...]:
    """The labelled faces, drawn as people whose expression is known; what is to be ignored, as not seen."""
    return tuple(_person(number, truth) for number, truth in enumerate(look.truths))


def _person(number: int, truth: Truth) -> Person:
    track = Track(number, Face(truth.box, 1.0), 0.0, not truth.ignore)
    if truth.ignore:
        return Person(track, None)
    told = UNSURE if truth.label is None else LABELS[truth.label]
    return Person(track, Emotion(EVEN, "labels", 0.0), told, 1.0, 1.0)


def faces(number: int) -> str:
    return "1 face" if number == 1 else f"{number} faces"


def _drawing(picture: Image, look: Look, people: tuple[Person, ...]) -> Image:
    """By the product's own overlay; labels that it hides by default are written here."""
    frame = Frame(look.medium, look.frame, 0.0, 0.0, picture.copy())
    result = FrameResult(look.medium, look.frame, 0.0, 0.0, people, None, faces=look.faces, size=frame.size)
    made = Overlay(hidden=(), trend=False).draw(frame, result, View(meter=False), None).image
    return _narrowed(made)


def _narrowed(image: Image) -> Image:
    height, width = image.shape[:2]
    if width <= WIDE:
        return image
    size = WIDE, round(height * WIDE / width)
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
