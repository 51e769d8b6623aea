"""A picture that was drawn already, once more without its faces: for a snapshot of what the window shows."""

from __future__ import annotations

from streamer.overlay.canvas import Canvas
from streamer.overlay.shapes import Shapes
from streamer.overlay.veil import veil
from streamer.types import Box, Frame, FrameResult


def faceless(picture: Frame, result: FrameResult) -> Frame:
    """Veils everybody in ``result`` and whoever was found; the whole picture where nobody looked for faces in it, which
    a result without a size says."""
    canvas, shapes = Canvas(picture.image.copy()), Shapes()
    people, found = (one.track.face.box for one in result.people), (face.box for face in result.faces)
    boxes = (Box(0, 0, *canvas.size),) if result.size is None else dict.fromkeys((*people, *found))
    for box in boxes:
        veil(canvas, shapes, box)
    return Frame(picture.source, picture.index, picture.pts, picture.captured, canvas.pixels)
