"""``groupmood doctor``: what this machine has, what it lacks, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from rich.markup import escape
from rich.table import Table

from engines.cache import weights_dir
from streamer.commands.terminal import console
from streamer.doctor import Finding, Machine, examine
from streamer.sinks.display import display_available

SIGNS = {"ok": "[green]ok[/]", "warn": "[yellow]note[/]", "fault": "[red]fault[/]"}


def doctor() -> int:
    """0, or 1 where something is missing that nothing works without."""
    findings = examine(Machine(seen_cameras, display_available, weights_dir(), weights, gpus))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for finding in findings:
        text = escape(finding.text) + (f"\n[dim]→ {escape(finding.fix)}[/]" if finding.fix else "")
        table.add_row(SIGNS[finding.state], finding.topic, text)
    console.print(table)
    return int(any(finding.state == "fault" for finding in findings))


# What may be missing itself is imported where it is asked for: the doctor says what is wrong with it.


def seen_cameras() -> Sequence[tuple[str, str]]:
    from streamer.sources.cameras import cameras

    return [(f"{camera.index} {camera.name}", camera.fault) for camera in cameras()]


def gpus() -> Sequence[Finding]:
    from streamer.commands.accelerators import accelerators

    return accelerators()


def weights() -> Mapping[str, str]:
    from engines.cache import status
    from engines.cards import card_names, load_card

    cards = (load_card(name) for name in card_names())
    return {card.name: status(card, weights_dir()) for card in cards if card.sha256}
