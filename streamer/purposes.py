"""What an analysis may be for. Whoever lets it see others than the local user must say so."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, TypeAlias, get_args

from streamer.errors import ConfigError, did_you_mean

Purpose: TypeAlias = Literal["self", "research", "audience", "medical_safety", "expressions_only"]
"""``self``: only the user is seen. ``research``: with consent. ``audience``: consenting, not at work.
``medical_safety``: for medical or safety reasons. ``expressions_only``: smiles, frowns and nods instead of emotions."""

PURPOSES: tuple[Purpose, ...] = get_args(Purpose)

REFUSED = ("workplace", "education")
"""Emotion inference there is prohibited in the European Union (Regulation (EU) 2024/1689, Art. 5(1)(f))."""

MEANINGS: Mapping[Purpose, str] = {
    "self": "only you are seen; your own values stay with you",
    "research": "people who take part in a study and have consented",
    "audience": "people who have consented and are not at work or in class: visitors, customers, friends",
    "medical_safety": "people watched for medical or safety reasons",
    "expressions_only": "no emotion is inferred: shares of smiles, frowns, nods and of who faces the camera",
}

OTHERS = frozenset({"url", "webrtc", "screen"})
"""Kinds of address behind which somebody else than the local user may be: network cameras, browsers, meeting windows.
"""

Place: TypeAlias = Literal["window", "file", "peer", "network"]
"""Where something is shown: the local window, a file named on the command line, the feed of the browser whose own
camera it is of, and everything else that leaves the process."""


def needs_purpose(kinds: Collection[str], serving: bool) -> bool:
    """Whether anybody but the local user can be seen. ``kinds`` of the sources' addresses; ``serving``: something
    listens on a network."""
    return serving or not OTHERS.isdisjoint(kinds)


def check_purpose(purpose: str | None, others: Sequence[str] = ()) -> Purpose | None:
    """The purpose, known to be one. ``others``: through what others than the local user may be seen, in words
    ("camera door", "groupmood serve"); none: then a run needs no purpose.

    Raises:
        ConfigError: it is missing, refused or unknown.
    """
    if purpose is None:
        if others:
            raise ConfigError(
                f"others than you may be seen ({', '.join(others)}), so say what for: --purpose WORD, or "
                f"'purpose:' in the configuration, with one of\n{listed()}\n  (not allowed: {', '.join(REFUSED)})"
            )
        return None
    for known in PURPOSES:
        if purpose == known:
            return known
    raise ConfigError(fault_of(purpose))


def required_purpose(purpose: str | None, others: Sequence[str]) -> Purpose:
    """The same where others can be seen in any case.

    Raises:
        ConfigError: as above.
    """
    checked = check_purpose(purpose, others)
    if checked is None:
        raise ConfigError("expected a purpose, got none")
    return checked


def purpose_of(value: object) -> object:
    """For a configuration's check: a purpose as it is, or nothing where none is given.

    Raises:
        ValueError: it is refused, with the reason, or unknown.
    """
    if value is None or value in PURPOSES:
        return value
    raise ValueError(fault_of(value) if isinstance(value, str) else f"expected a word, got {type(value).__name__}")


def fault_of(word: str) -> str:
    """Why this word is no purpose, and what to do."""
    if word in REFUSED:
        where = {"workplace": "at work", "education": "in education"}[word]
        return (
            f"purpose {word} is refused: inferring emotions of people {where} is prohibited in the European Union "
            "(Regulation (EU) 2024/1689, Art. 5(1)(f)); use expressions_only (smiles, frowns and nods; no emotion is "
            "inferred), or self where only you are seen"
        )
    return f"unknown purpose {word!r}{did_you_mean(word, (*PURPOSES, *REFUSED))}; choose one of\n{listed()}"


def listed() -> str:
    """The purposes with what each means, one a line."""
    width = max(map(len, PURPOSES))
    return "\n".join(f"  {purpose:<{width}}  {meaning}" for purpose, meaning in MEANINGS.items())


def may_show_people(purpose: Purpose | None, place: Place) -> bool:
    """Whether values of single people may be shown there: to the local user, and to a ``self`` peer of its own
    picture. Everywhere else only what the room shows together."""
    return place in ("window", "file") or (place == "peer" and purpose == "self")


def infers_emotion(purpose: Purpose | None) -> bool:
    """Whether emotions are read at all."""
    return purpose != "expressions_only"
