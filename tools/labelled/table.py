"""Labels as a table that any spreadsheet reads: CSV in UTF-8 with a line of names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from tools.labelled.agreement import said_at
from tools.labelled.document import LabelFile, LabelledFace, Medium
from tools.labelled.truth import box_at

COLUMNS = ("file", "frame", "seconds", "face", "x1", "y1", "x2", "y2", "ignore", "annotator", "label", "attributes")


def table(labels: LabelFile) -> str:
    """A line for each face, each frame on which it has a mark or something was said of it, and each annotator who said
    something until then; a face of which nobody did has a line without annotator and label. Boxes are empty where it
    is gone, ``attributes`` are "name=value" joined by ";", ``seconds`` is empty in pictures."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for medium in labels.media:
        for face in medium.faces:
            writer.writerows(_lines(medium, face))
    return text.getvalue()


def _lines(medium: Medium, face: LabelledFace) -> Iterator[list[str]]:
    attributes = ";".join(f"{name}={value}" for name, value in sorted(face.attributes.items()))
    for frame in sorted({mark.frame for mark in face.marks} | {one.frame for one in face.said}):
        seconds = f"{frame / medium.fps:.3f}" if medium.kind == "video" and medium.fps else ""
        box = box_at(face.marks, frame)
        sides = [""] * 4 if box is None else [f"{side:.10g}" for side in (box.x1, box.y1, box.x2, box.y2)]
        start = [medium.file, str(frame), seconds, face.id, *sides, "yes" if face.ignore else "no"]
        for annotator, label in sorted(said_at(face, frame).items()) or [("", "")]:
            yield [*start, annotator, label, attributes]
