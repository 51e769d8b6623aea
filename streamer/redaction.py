"""How to speak of an address without its secrets: on pages, in logs, errors, metrics and events. Rather too much is
masked than too little, since what came may be no well-formed address at all."""

from __future__ import annotations

import re

MASK = "***"

_NAMES = (
    "pass|pas|pwd|psw|psk|token|secret|key|auth|signature|sig|credential|jwt|session|sid|user|usr|login|account|otp"
    "|hmac|ticket|cookie|bearer"
)
"""What the names of secrets in a query have in them."""

_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # Between :// and the last @ of the same word: a password may itself hold @, : and /. One or three slashes also.
    (re.compile(r"(:/{1,3}|//)\S+@"), rf"\1{MASK}@"),
    # The same where a password holds spaces: up to the line's last @ that is not masked yet.
    (re.compile(rf"(://)(?!{re.escape(MASK)}@)(?:(?!{re.escape(MASK)}@)[^\n])*@"), rf"\1{MASK}@"),
    # The same where the whole is percent-encoded, once or more.
    (re.compile(r"(%(?:25)*3A(?:%(?:25)*2F){1,3})\S+%(?:25)*40", re.IGNORECASE), rf"\1{MASK}%40"),
    # Without a scheme, as in "admin:secret@10.0.0.2:554".
    (re.compile(r"(?<![\w*])[^\s:/@'\"]+:(?!/)\S+@(?=[\w\[])"), f"{MASK}@"),
    # Where the @ is missing or encoded: what should be a port is none.
    (re.compile(r"(://)(?![\[*])[^\s/@:]+:(?!\d+\b|PORT\b)[^\s/@]+"), rf"\1{MASK}"),
    # "name=value" in a query, a path or a text; name[]=value; either encoded.
    (
        re.compile(
            rf"((?:{_NAMES}|\bpw|\bpin)\w*(?:\[\w*\]|%5B\w*%5D)?(?:=|%(?:25)*3D)['\"]?)(?:[^&;\s'\"#]|['\"](?=\w))+",
            re.IGNORECASE,
        ),
        rf"\1{MASK}",
    ),
    # "name": "value", as in JSON and in printed mappings.
    (re.compile(rf"([\"'][\w-]*(?:{_NAMES})[\w-]*[\"']\s*:\s*([\"'])).*?(?=\2)", re.IGNORECASE), rf"\1{MASK}"),
    # Headers, to the end of the line.
    (re.compile(r"(authorization\s*:\s*\w+\s+)[^\n]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"((?:\bcookie|\bx-[\w-]*(?:token|key|auth)[\w-]*)\s*:\s*)[^\n]+", re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(r"(\b(?:bearer|basic)(?:\s+|%20))(?=\S*[\d=+/])[^\s'\"&]{6,}", re.IGNORECASE), rf"\1{MASK}"),
)


def redact(text: str) -> str:
    """The text with user names, passwords and tokens of every URL in it replaced by ***."""
    for pattern, masked in _RULES:
        text = pattern.sub(masked, text)
    return text


def redact_url(url: str) -> str:
    """The same for a text that is one URL and nothing else: then a password may also hold line breaks."""
    scheme, separator, rest = url.partition("://")
    if separator and "@" in rest:
        url = f"{scheme}://{MASK}@{rest.rpartition('@')[2]}"
    return redact(url)
