"""Puts the measured tables into README.md: ``python -m tools.readme [--check]``.

Between ``<!-- NAME -->`` and ``<!-- /NAME -->`` stands what ``tables()`` makes of the files in tools/results, so that
no figure is typed by hand. ``--check`` changes nothing and exits with 1 where the README is not up to date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "tools" / "results"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def made(document: Mapping[str, Any]) -> str:
    """The line that says where the figures come from."""
    machine = document["machine"]
    return (
        f"*{machine['date']}, `{document['command']}` on {document['data']}; {machine['processor']}, "
        f"{machine['system']}; {machine['packages']}.*"
    )


def accuracy(document: Mapping[str, Any]) -> str:
    rows = [
        (
            f"`{row['model']}`",
            f"{row['accuracy']:.3f} ± {row['half']:.3f}",
            f"{row['macro_recall']:.3f}",
            f"{row['cross_entropy']:.2f}",
            f"{row['calibration_error']:.3f}",
            f"{row['neutral_misread']:.0%}",
        )
        for row in document["models"]
    ]
    head = ("model", "accuracy (95 %)", "mean recall", "cross-entropy", "ECE", "neutral faces read as negative")
    faces = f"{document['models'][0]['faces']} faces on which most of ten annotators agree."
    return f"{table(head, rows)}\n\n{faces} {made(document)}"


def files(document: Mapping[str, Any]) -> str:
    rows = [
        (
            f"{row['people']:.1f}",
            f"{row['height']}p",
            f"{row['every']}",
            f"**{row['fps']:.0f}**",
            f"{row['bound']:.0f}",
            f"{row['fps'] / row['bound']:.0%}",
            f"{row['age_p50']:.0f} / {row['age_p95']:.0f}",
            *(f"{row['stages'][stage]:.1f}" for stage in ("capture", "detect", "classify", "draw", "encode")),
        )
        for row in document["files"]
    ]
    head = (
        "people",
        "size",
        "k",
        "fps",
        "bound",
        "of it",
        "age p50 / p95",
        "decode",
        "detect",
        "classify",
        "draw",
        "encode",
    )
    models = document["files"][0]["models"]
    note = (
        "Decode → analysis → overlay → H.264 file. People: seen a frame, on average. k: detection on each k-th frame. "
        "Bound: frames a second if every core did nothing but this work (cores ÷ CPU time of a frame). Age in ms from "
        "decoding to the result, boxes included. Stages: median ms, waiting for a core included; detection and "
        f"classification on the frames that have them. Models: {models}."
    )
    return f"{table(head, rows)}\n\n{note} {made(document)}"


def live(document: Mapping[str, Any]) -> str:
    rows = [
        (
            f"{row['faces']}",
            f"{row['height']}p",
            f"{row['seconds']:.0f}",
            f"{row['fps']:.1f}",
            f"{row['dropped']}",
            f"{row['age_p50']:.0f}",
            f"**{row['age_p95']:.0f}**",
            f"{row['first_p95']:.0f} → {row['last_p95']:.0f}",
            f"{row['memory'][0]:.0f} → {row['memory'][1]:.0f}",
        )
        for row in document["live"]
    ]
    head = ("faces", "size", "seconds", "fps", "dropped", "age p50", "p95", "p95 first → last quarter", "memory MB")
    start = ", ".join(f"`{what}` {ms:.0f} ms" for what, ms in document["start"].items())
    note = (
        "A camera of 30 frames a second, with overlay and H.264 file; age in ms from capture to the drawn picture, "
        f"k follows the load. Start: {start}."
    )
    return f"{table(head, rows)}\n\n{note} {made(document)}"


def tables() -> dict[str, str]:
    """Every block by its name."""
    speed = json.loads((RESULTS / "benchmark.json").read_text("utf-8"))
    right = json.loads((RESULTS / "accuracy.json").read_text("utf-8"))
    return {"accuracy": accuracy(right), "live": live(speed), "files": files(speed)}


def filled(text: str, blocks: Mapping[str, str]) -> str:
    """The text with every block in its place.

    Raises:
        ValueError: the text lacks a block's marks.
    """
    for name, block in blocks.items():
        marks = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        if not marks.search(text):
            raise ValueError(f"README.md must have <!-- {name} --> and <!-- /{name} --> on lines of their own")
        text = marks.sub(lambda found, block=block: f"{found[1]}{block}\n{found[2]}", text)  # type: ignore[misc]  # bound now
    return text


def main() -> int:
    path = ROOT / "README.md"
    text = path.read_text("utf-8")
    new = filled(text, tables())
    if "--check" in sys.argv[1:]:
        print("README.md is up to date" if new == text else "README.md is not up to date: run python -m tools.readme")
        return int(new != text)
    path.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
