"""Text with its few marks, cut into spans that are safe to write: nothing invisible, nothing that no file can hold."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

MARKS = re.compile(
    r"\*\*(?P<bold>.+?)\*\*"
    r"|`(?P<code>[^`]+)`"
    r"|(?P<link>https?://[^\s<>\"`]*[^\s<>\"`.,;:!?)\]])"
)

UNKNOWN = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of text; a "link" is an address and leads there."""

    kind: Literal["plain", "bold", "code", "link"]
    text: str


def spans(text: str) -> Iterator[Span]:
    """The text in order; marks do not nest."""
    text, done = clean(text), 0
    for found in MARKS.finditer(text):
        if found.start() > done:
            yield Span("plain", text[done : found.start()])
        if found["bold"]:
            yield Span("bold", found["bold"])
        elif found["code"]:
            yield Span("code", found["code"])
        else:
            yield Span("link", found["link"])
        done = found.end()
    if done < len(text):
        yield Span("plain", text[done:])


def plain(text: str) -> str:
    """The text without its marks, in one line."""
    return " ".join("".join(span.text for span in spans(text)).split())


def clean(text: str) -> str:
    """Without signs that steer rather than show (a reversed direction of writing, joiners); what is no character at
    all, as in names that were not decoded, becomes U+FFFD."""
    return "".join(map(_clean, text))


def _clean(sign: str) -> str:
    if sign in "\n\t":
        return " "
    category = unicodedata.category(sign)
    if category == "Cf":
        return ""
    return UNKNOWN if category.startswith("C") else sign
