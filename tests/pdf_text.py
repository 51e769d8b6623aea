"""The text of a PDF that reportlab wrote, page by page: enough of the format to read what our own reports say."""

from __future__ import annotations

import base64
import re
import zlib

OBJECT = re.compile(rb"(\d+) 0 obj\r?\n(.*?)endobj", re.DOTALL)
PIECE = re.compile(rb"/(F\d+(?:\+\d+)?) [\d.]+ Tf|\(((?:\\.|[^\\()])*)\) Tj|(T\*)", re.DOTALL)
ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
NAMED = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def pages(data: bytes) -> list[str]:
    """What is written on each page, in the order in which it was; lines as they stand in a cell or paragraph."""
    objects = {int(number): body for number, body in OBJECT.findall(data)}
    fonts = {name: codes for body in objects.values() if (found := font(body, objects)) for name, codes in [found]}
    order = next(body for body in objects.values() if b"/Type /Pages" in body)
    kids = re.search(rb"/Kids \[(.*?)\]", order, re.DOTALL)
    assert kids is not None
    return [page(objects[int(number)], objects, fonts) for number in re.findall(rb"(\d+) 0 R", kids[1])]


def outline(data: bytes) -> list[str]:
    """The titles of the bookmarks, in order."""
    return [string(one) for one in re.findall(rb"/Title (\((?:\\.|[^\\()])*\))[^>]*?>>", data, re.DOTALL)]


def information(data: bytes) -> dict[str, str]:
    """Title, author and subject, as file managers show them."""
    body = next(body for _, body in OBJECT.findall(data) if b"/Producer" in body)
    found = re.findall(rb"/(Author|Title|Subject) (\((?:\\.|[^\\()])*\))", body, re.DOTALL)
    return {name.decode(): string(text) for name, text in found}


def links(data: bytes) -> list[str]:
    return [string(one) for one in re.findall(rb"/URI (\((?:\\.|[^\\()])*\))", data, re.DOTALL)]


def string(literal: bytes) -> str:
    raw = unescaped(literal[1:-1])
    return raw.decode("utf-16") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")


def font(body: bytes, objects: dict[int, bytes]) -> tuple[bytes, dict[int, str]] | None:
    """The name of a font, and what its codes stand for."""
    name, table = re.search(rb"/Name /(\S+)", body), re.search(rb"/ToUnicode (\d+) 0 R", body)
    if not name or not table:
        return None
    codes = re.findall(rb"<(\w{2})> <(\w{4})>", stream(objects[int(table[1])]))
    return name[1], {int(code, 16): chr(int(sign, 16)) for code, sign in codes}


def page(body: bytes, objects: dict[int, bytes], fonts: dict[bytes, dict[int, str]]) -> str:
    contents = re.search(rb"/Contents (\d+) 0 R", body)
    assert contents is not None
    codes, text = dict[int, str](), ""
    for name, letters, line in PIECE.findall(stream(objects[int(contents[1])])):
        if name:
            codes = fonts.get(name, {})
        elif line:
            text += "\n"
        else:
            text += "".join(codes.get(code, "?") for code in unescaped(letters))
    return text


def stream(body: bytes) -> bytes:
    head, _, rest = body.partition(b"stream\n")
    raw = rest.rsplit(b"endstream", 1)[0].strip()
    if b"ASCII85Decode" in head:
        raw = base64.a85decode(b"<~" + raw, adobe=True)
    return zlib.decompress(raw) if b"FlateDecode" in head else raw


def unescaped(raw: bytes) -> bytes:
    def one(found: re.Match[bytes]) -> bytes:
        text = found[1]
        return bytes([int(text, 8)]) if len(text) == 3 else NAMED.get(text, text)

    return ESCAPE.sub(one, raw)
