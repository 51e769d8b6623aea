"""The record of the notice: what those who could be seen were told, since when, and for what purpose."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from streamer.paper.blocks import Block, Heading, Table, Text
from streamer.purposes import MEANINGS, PURPOSES
from streamer.session_report.gathered import Gathered
from streamer.session_report.local_time import clock, day
from streamer.timeline.rows import RunBegan

MOST = 5
"""Starts that are told one by one."""


def told_people(found: Gathered) -> Iterator[Block]:
    yield Heading("Purpose, notice and consent")
    if not found.runs:
        yield Text("The timeline tells of no start of the program in this time, so the notice is not known.")
        return
    for notice, runs in by_notice(found.runs):
        rows = tuple(record(found, notice, runs))
        caption = "What those who could be seen were told."
        yield Table(("record", "entry"), rows, caption, (1,))
        for paragraph in notice.split("\n\n"):
            if paragraph.strip():
                yield Text(f"“{paragraph.strip()}”")
    yield Text(
        "Groupmood records that this notice was shown, by whose digest the audit log can be compared "
        "(`groupmood audit verify`). Whether each person consented is not recorded by it and is for whoever set it "
        "up to show.",
        faint=True,
    )


def by_notice(runs: tuple[RunBegan, ...]) -> list[tuple[str, list[RunBegan]]]:
    """Each text and purpose once, with its runs."""
    found: dict[tuple[str, str], list[RunBegan]] = {}
    for run in runs:
        found.setdefault((run.notice, run.purpose), []).append(run)
    return [(notice, some) for (notice, _), some in found.items()]


def record(found: Gathered, notice: str, runs: list[RunBegan]) -> Iterator[tuple[str, str]]:
    purpose = runs[0].purpose
    meaning = next((f": {MEANINGS[known]}" for known in PURPOSES if known == purpose), "")
    yield "purpose", f"{purpose}{meaning}" if purpose else "not recorded"
    since = [f"{day(run.utc, found.zone)}, {clock(run.utc, found.zone, seconds=True)}" for run in runs]
    yield (
        "shown since",
        "; again ".join(since[:MOST]) + (f"; and {len(since) - MOST} more times" if len(since) > MOST else ""),
    )
    yield "notice", "in full below" if notice.strip() else "no text was recorded"
    yield "SHA-256 of the notice", f"`{hashlib.sha256(notice.encode()).hexdigest()}`"
