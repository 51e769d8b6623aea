"""The README's table of a day in a quarter of an hour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tools import markdown
from tools.growth import SETTLED, SLOPE
from tools.soaking import SEATS


def table(document: Mapping[str, Any]) -> str:
    """A row for each thing counted: after the first hour, the most there ever was, and the end."""
    rows = document["rows"]
    names = {"memory": "memory, MB", "files": "open files", "threads": "threads", "tasks": "tasks"}
    cells = [
        (label, *(f"{value:.0f}" for value in (rows[0][name], max(row[name] for row in rows), rows[-1][name])))
        for name, label in names.items()
    ]
    head = ("in the program", f"after hour {rows[0]['hour']:g}", "at most", f"after hour {rows[-1]['hour']:g}")
    return f"{markdown.table(head, cells)}\n\n{note(document)} {markdown.made(document)}"


def note(document: Mapping[str, Any]) -> str:
    served, faults = document["served"], document["faults"]
    return (
        f"{document['hours']:g} hours of a camera with 5 pictures a second ({document['frames']} pictures) in "
        f"{document['seconds'] / 60:.0f} minutes: up to {SEATS} people who come and go, the camera is lost and found "
        f"{document['reconnects']} times, {served['viewers']} viewers of pages and {served['peers']} by WebRTC, "
        f"some of whom never connect, come and leave, {document['timeline rows']} rows go into the timeline, "
        "which forgets those of the day before. "
        f"{memory(document)}"
        f"What grows that must not: {'; '.join(faults) or 'nothing'}."
    )


def memory(document: Mapping[str, Any]) -> str:
    """'' for a day too short to tell."""
    grown = document["MB an hour"]
    if grown is None:
        return ""
    first = min(row["hour"] for row in document["rows"] if row["hour"] > SETTLED)
    return f"After hour {first:g} memory grows by **{grown:.2f} MB** an hour; less than {SLOPE:g} is wanted. "
