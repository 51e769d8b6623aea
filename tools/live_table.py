"""The README's tables of what is live: meetings and browsers, overload, network cameras, peers that never connect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools.markdown import made, table

DRAWN = {"browser": "by the browser over its own picture", "server": "by the server, and sent back"}


def meetings(document: Mapping[str, Any], peers: Mapping[str, Any]) -> str:
    """A row for each way of drawing, and a line for the peers that never connect."""
    head = ("results drawn", "seconds", "p50", "p95", "wanted", "p95 of the minutes", "drawn a second", "server's CPU")
    rows = [
        (
            DRAWN.get(row["mode"], row["mode"]),
            f"{row['seconds']:.0f}",
            f"{row['p50']:.0f}",
            f"**{row['p95']:.0f}**",
            f"{row['target']:.0f}",
            f"{min(minutes):.0f}–{max(minutes):.0f}",
            f"{row['fps']:.0f}",
            f"{sum(one['server_cpu'] for one in row['minutes']) / len(row['minutes']):.0%} of a core",
        )
        for row in document["rows"]
        if (minutes := [one["p95"] for one in row["minutes"]])
    ]
    note = "Milliseconds from the camera's picture in the browser to its result drawn in the browser."
    return f"{table(head, rows)}\n\n{note} {made(document)}\n\n{forgotten(peers)}"


def forgotten(document: Mapping[str, Any]) -> str:
    row = document["row"]
    return (
        f"Of {row['peers']} peers that offer and never connect all {row['before']['files']} → {row['most']['files']} → "
        f"{row['after']['files']} open files are given back {row['seconds until given back']} s after the last offer. "
        f"{made(document)}"
    )


def overload(document: Mapping[str, Any]) -> str:
    """Two rows for each video: with time enough, and with three times too little."""
    head = (
        "video",
        "needs",
        "age p50",
        "p95",
        "p95 by quarter",
        "dropped",
        "valence is off by (mean, most)",
        "reduced",
    )
    rows = [
        cells
        for row in document["rows"]
        for cells in (
            (f"`{row['video']}`", *ages(row["unloaded"]), "", row["unloaded"]["note"] or "nothing"),
            ("the same, slowed", *ages(row["overloaded"]), off(row["valence"]), row["overloaded"]["note"]),
        )
    ]
    note = (
        f"Needs: the time that looking at each picture and reading each face as configured would take, of the time "
        f"there is. Ages in ms from capture to result; wanted: {1000 * document['target']:.0f}. Nothing reduces what a "
        "single look takes."
    )
    return f"{table(head, rows)}\n\n{note} {made({'data': 'the two videos, forth and back', **document})}"


def ages(run: Mapping[str, Any]) -> tuple[str, ...]:
    quarters = " → ".join(f"{value:.0f}" for value in run["quarters"])
    dropped = f"{run['dropped']} of {run['frames']}"
    return f"{run['demand']:.0%}", f"{run['p50']:.0f}", f"**{run['p95']:.0f}**", quarters, dropped


def off(valence: Mapping[str, float]) -> str:
    return f"{valence['mean']:.2f}, {valence['greatest']:.2f}"


def cameras(document: Mapping[str, Any]) -> str:
    """A row for each promise."""
    back, frozen = document["killed and back: seconds to the first picture"], document["frozen: seconds to stalled"]
    others, stops = document["the other cameras: pictures a second"], dict(document["stop"])
    promise = stops.pop("promise")
    slowest = max(stop["seconds"] for stop in stops.values())
    rows = [
        (
            "camera killed and back: first new picture",
            f"{back['p50']} s, at most **{back['max']} s**",
            f"{back['promise']:g} s",
        ),
        ("camera frozen: shown as stalled", f"at most **{frozen['max']} s**", f"{frozen['promise']:g} s"),
        (
            "meanwhile, the other cameras",
            f"{others['before']} → **{others['meanwhile']}** pictures a second",
            f"−{others['promise']:.0%}",
        ),
        (f"stop ({', '.join(stops)})", f"at most **{slowest} s**", f"{promise:g} s"),
    ]
    note = f"{back['times']} times each; {document['cameras']}."
    source = {"command": "python -m tools.cameras", "data": "servers of our own"}
    return f"{table(('what happens', 'takes', 'promised'), rows)}\n\n{note} {made(source | dict(document))}"
