"""Labels as COCO detection JSON (https://cocodataset.org/#format-data), the form that most tools for boxes read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from streamer.emotions import LABELS
from streamer.types import UNSURE, Box
from tools.labelled.agreement import said_at
from tools.labelled.document import LabelFile, LabelledFace, Medium
from tools.labelled.sampling import told
from tools.labelled.truth import Truth, truths

UPRIGHT = "pixels of the upright picture"
"""Said in an export's ``info``, so that an import need not ask in which way a turned picture was labelled."""


def coco(labels: LabelFile) -> dict[str, Any]:
    """One category, "face"; the expression that most see is an attribute of it, "unsure" where they see none together,
    and left out where nobody said one. Ignored faces are crowds. ``said`` has the words of each annotator.

    Boxes are [x, y, width, height] in pixels, cut at the picture's edge; what lies outside is left out. Frames of a
    video on which somebody marked or said something are images called "FILE#FRAME", with all faces to be seen there.
    """
    images, annotations = list[dict[str, Any]](), list[dict[str, Any]]()
    for medium, frame in _frames(labels.media):
        image = len(images) + 1
        name = medium.file if medium.kind == "image" else f"{medium.file}#{frame}"
        about = {"file_name": name, "width": medium.width, "height": medium.height, "complete": medium.complete}
        images.append({"id": image, **about})
        faces = {face.id: face for face in medium.faces}
        for truth in truths(medium, frame):
            made = _annotation(truth, faces[truth.face], medium, frame)
            annotations += [{"id": len(annotations) + 1, "image_id": image, **made}] if made else []
    return {
        "info": {"description": labels.title or "Labelled with Groupmood", "coordinates": UPRIGHT},
        "licenses": [],
        "categories": [{"id": 1, "name": "face", "supercategory": "person"}],
        "images": images,
        "annotations": annotations,
    }


def _frames(media: Sequence[Medium]) -> Iterator[tuple[Medium, int]]:
    for medium in media:
        frames = (0,) if medium.kind == "image" else told(medium)
        yield from ((medium, frame) for frame in frames)


def _annotation(truth: Truth, face: LabelledFace, medium: Medium, frame: int) -> dict[str, Any] | None:
    """None where nothing of it is within the picture."""
    box = truth.box
    x1, y1 = max(0.0, box.x1), max(0.0, box.y1)
    cut = Box(x1, y1, min(box.x2, medium.width), min(box.y2, medium.height))
    if cut.area <= 0:
        return None
    said = dict(said_at(face, frame))
    seen = {"expression": UNSURE if truth.label is None else LABELS[truth.label]} if said else {}
    return {
        "category_id": 1,
        "bbox": [cut.x1, cut.y1, cut.width, cut.height],
        "area": cut.area,
        "iscrowd": int(truth.ignore),
        "segmentation": [],
        "attributes": {**face.attributes, **seen},
        "face": face.id,
        "said": said,
    }
