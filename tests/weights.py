"""Weights for tests, fetched once into the user's cache."""

from __future__ import annotations

import functools

import pytest

from engines.cache import fetch, read_verified, status, weights_dir
from engines.cards import load_card
from engines.errors import ModelMissing
from tests.data import data

LOCAL = {"demo48": "models/demo48.onnx", "yunet": "models/yunet_n_dynamic.onnx"}
"""Models that no package carries, and where the test data have them."""


def weights(card_name: str) -> bytes:
    """The verified bytes of a card's model; skips the test, with the reason, where they cannot be had."""
    reason_or_bytes = _weights(card_name)
    if isinstance(reason_or_bytes, str):
        pytest.skip(reason_or_bytes)
    return reason_or_bytes


@functools.cache
def _weights(card_name: str) -> bytes | str:
    """Kept for the run, the failure too: a machine without a network waits for it once."""
    card, cache = load_card(card_name), weights_dir()
    try:
        if status(card, cache) != "ready":
            fetch(card, cache, local=data(LOCAL[card_name]) if card_name in LOCAL else None)
        return read_verified(card, cache)
    except ModelMissing as error:
        return f"the weights of {card_name} cannot be had here: {error}"
