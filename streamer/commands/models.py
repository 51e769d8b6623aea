"""``groupmood models list | fetch | check``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from engines.cache import fetch, read_verified, status, weights_dir
from engines.cards import Card, card_names, load_card
from engines.errors import ModelMissing
from engines.ort import OnnxRuntimeEngine
from engines.reference import check_reference
from streamer.build import cards
from streamer.commands.terminal import console, fetching
from streamer.config import check
from streamer.errors import ConfigError


def list_models() -> int:
    """A row for each card; the weights are hashed, so "ready" means the right bytes."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("name", "task", "weights"):
        table.add_column(title, no_wrap=True)
    table.add_column("licence", overflow="fold")
    for card in map(load_card, card_names()):
        table.add_row(card.name, card.task, state(card), escape(card.licence))
    console.print(table)
    console.print(f"kept in {weights_dir()}", style="dim")
    console.print("adopt a file of your own: python -m tools.adopt FILE --like NAME --out my.yaml", style="dim")
    return 0


def state(card: Card) -> str:
    if not card.sha256:
        return "no published digest: adopt a file"
    said = status(card, weights_dir())
    return said if card.verified else f"{said}, not verified here"


def fetch_models(names: Sequence[str], weights: Path | None, *, offline: bool) -> int:
    """Raises:
    ConfigError: --from with several models. EngineError: something cannot be had.
    """
    if weights is not None and len(names) != 1:
        raise ConfigError(f"--from takes one model, got {len(names)}; name the one whose file it is")
    wanted = [load_card(name) for name in names] or list(cards(check({"sources": {"any": {"address": 0}}}, {})))
    for card in wanted:
        with fetching() as progress:
            path = fetch(card, weights_dir(), offline=offline, local=weights, progress=progress)
        console.print(f"{card.name} is ready: {escape(str(path))}")
    return 0


def check_models(names: Sequence[str]) -> int:
    """Digest of each model, and its answer to a known picture where its card has one.

    Raises:
        EngineError: the first that is not right.
    """
    checked = 0
    for card in map(load_card, names or card_names()):
        try:
            model = read_verified(card, weights_dir())
        except ModelMissing:
            if names:
                raise
            continue
        console.print(f"{card.name}: digest right{answer(card, model)}")
        checked += 1
    if not checked:
        console.print("no weights are here yet; 'groupmood models fetch' brings those that the defaults need")
    return 0


def answer(card: Card, model: bytes) -> str:
    if card.reference is None:
        return ""
    with OnnxRuntimeEngine(model, name=card.name) as engine:
        error = check_reference(card, engine)
    return f", answer to the reference picture within {error:.1e}"
