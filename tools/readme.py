"""Puts the measured tables into README.md: ``python -m tools.readme [--check]``.

Between ``<!-- NAME -->`` and ``<!-- /NAME -->`` stands what ``tables()`` makes of the files in tools/results, so that
no figure is typed by hand. ``--check`` changes nothing and exits with 1 where the README is not up to date.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools import engine_speed, gpu_table, live_table, sign_table, soak_table, workshop_table
from tools.markdown import made, table

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "tools" / "results"


def accuracy(document: Mapping[str, Any]) -> str:
    """A row for each model, and what the first one, which is the default, recalls of each label."""
    head = (
        "model",
        "accuracy (95 %)",
        "macro-recall",
        "cross-entropy",
        "ECE",
        "at 24 px",
        "steady under ±10 % crop",
        "ms a face",
        "neutral faces read as negative",
    )
    models = document["models"]
    lacking = [f"`{row['model']}` lacks {', '.join(row['unknown'])}" for row in models if row["unknown"]]
    missing = f" {'; '.join(lacking)}: such faces count as wrong." if lacking else ""
    note = (
        f"{models[0]['scores']['faces']} faces on which most of ten annotators agree, each classified once. At 24 px: "
        "accuracy on the same faces shrunk to that side. Steady: how often the likeliest label stays when the crop is "
        "moved by 10 % of its side or is 10 % smaller or larger. Ms a face: the network alone, OpenVINO f32, one "
        f"thread, one face at once.{missing}"
    )
    return f"{table(head, [figures(row) for row in models])}\n\n{note} {made(document)}\n\n{recalls(models[0])}"


def figures(row: Mapping[str, Any]) -> tuple[str, ...]:
    scores, altered = row["scores"], row["altered"]
    return (
        f"`{row['model']}`",
        "{value:.3f} ({low:.3f}–{high:.3f})".format(**scores["accuracy"]),
        f"{scores['macro_recall']['value']:.3f}",
        f"{scores['cross_entropy']['value']:.3f}",
        f"{scores['calibration_error']['value']:.3f}",
        f"{altered['sizes']['24']['value']:.3f}",
        f"{altered['steady']['value']:.1%}",
        milliseconds(row["speed"]),
        f"{scores['neutral_misread']['value']:.0%}",
    )


def milliseconds(speed: Mapping[str, float | None] | None) -> str:
    taken = speed and speed["openvino"]
    return "–" if taken is None else f"{taken:.2f}"


def recalls(row: Mapping[str, Any]) -> str:
    labels = row["scores"]["recalls"]
    head = (f"`{row['model']}`", *(label["label"] for label in labels))
    return table(
        head,
        [
            ("recall", *(f"{label['recall']:.2f}" for label in labels)),
            ("of faces", *(f"{label['faces']}" for label in labels)),
        ],
    )


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
    start = ", ".join(f"`{what}` {max(0.0, ms):.0f} ms" for what, ms in document["start"].items())
    note = (
        "A camera of 30 frames a second, with overlay and H.264 file; age in ms from capture to the drawn picture, "
        f"k follows the load. Start: {start}."
    )
    return f"{table(head, rows)}\n\n{note} {made(document)}"


def rooms(document: Mapping[str, Any]) -> str:
    """A row for each kind of simulated room."""
    head = ("room", "misassigned", "uncorrected", "valence bias", "uncorrected", "80 % interval holds", "switches")
    rows = [
        (
            f"**{row['room']}**" if row["room"] == "all" else row["room"],
            f"{row['misassigned']:.0%}",
            f"{row['uncorrected']:.0%}",
            signed(row["valence_bias"]),
            signed(row["uncorrected_bias"]),
            f"{row['coverage']:.0%}",
            f"{row['switches']:.1f}",
        )
        for row in document["rooms"]
    ]
    settling = document["settling"]
    note = (
        f"{document['rooms'][-1]['rooms']} simulated rooms of 4, 8 and 12 people whose true expressions are known. "
        "Their readings are real ones of worsened validation faces, each person has a bias of an own, and the mood "
        "knows nothing of it. Misassigned: the share of people counted under a wrong expression. Switches: of a face's "
        f"label a minute. A true smile is said {settling['median']:.1f} s (95 %: {settling['p95']:.1f} s) after the "
        "first reading that shows it."
    )
    return f"{table(head, rows)}\n\n{note} {made(document)}"


def attack(document: Mapping[str, Any], published: Mapping[str, Any], api: Mapping[str, Any]) -> str:
    """A row for each way of finding out about one person, with the noise and without, from what pages are sent, and
    from that together with all that is stored and told."""
    head = (
        "attack on one person",
        "people",
        "error ÷ blind guess",
        "from the pages' events",
        "from all that is told",
        "without noise",
        "published valence is off by",
    )
    sent = {(row["name"], row["people"]): row["ratio"] for row in published["rows"] if row["cameras"] == 1}
    doubled = [row["ratio"] for row in published["rows"] if row["cameras"] > 1]
    plain = [row for row in api["rows"] if row["finer"] == 1 and not row["starts"]]
    everything = {(row["name"], row["people"]): f"**{row['ratio']:.2f}**" for row in plain}
    starts = {row["anew"]: row["ratio"] for row in api["rows"] if row["starts"]}
    bare = {(row["name"], row["people"]): row["ratio"] for row in document["rows"] if row["noise"] == 0}
    rows = [
        (
            row["name"],
            f"{row['people']}",
            f"**{row['ratio']:.2f}**",
            f"**{sent[row['name'], row['people']]:.2f}**",
            everything.get((row["name"], row["people"]), ""),
            f"{bare[row['name'], row['people']]:.2f}",
            f"{row['error']:.2f}",
        )
        for row in document["rows"]
        if row["noise"] > 0
    ]
    note = (
        f"{document['data']}; at least {document['rules']['least']} people. The observer sees everything that is "
        "published and knows who comes and goes when; the best linear estimate of that person's valence is compared "
        "with a guess from the room's mood alone. Rounding, smoothing and freezing alone are the column without noise."
        " From the pages' events: through faces, mood, publisher and hub, with what is explained; "
        f"{doubled[0]:.2f} where two cameras see the same people. From all that is told: with the rows, the timeline "
        "by the second, ten seconds and minute, moments and alerts as well; where the program is started anew ten "
        f"times **{starts[False]:.2f}**, which without the key that is kept of the noise would be {starts[True]:.2f}."
    )
    return f"{table(head, rows)}\n\n{note} {made(document)} {made(published)} {made(api)}"


def signed(value: float) -> str:
    """Two decimals with their sign; 0 has none."""
    text = f"{value:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text


def tables() -> dict[str, str]:
    """Every block by its name."""
    speed = of("benchmark")
    return {
        "accuracy": accuracy(of("accuracy")),
        "rooms": rooms(of("rooms")),
        "attack": attack(of("attack"), of("attack_published"), of("attack_api")),
        "live": live(speed),
        "files": files(speed),
        "engine_speed": engine_speed.table(of("engine_speed")),
        "gpu": gpu_table.table(of("gpu")),
        "meetings": live_table.meetings(of("webrtc"), of("peers")),
        "cameras": live_table.cameras(of("cameras")),
        "overload": live_table.overload(of("overload")),
        "soak": soak_table.table(of("soak")),
        "signs": sign_table.tables(of("signs")),
        "detectors": workshop_table.detectors(of("detectors")),
        "session": workshop_table.session(of("session")),
    }


def of(name: str) -> Any:
    """What was measured under this name."""
    return json.loads((RESULTS / f"{name}.json").read_text("utf-8"))


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
