"""Label files read, with one clear error for everything that is wrong in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from streamer.config_faults import told as worth_telling
from streamer.emotions import LABELS, SYNONYMS
from streamer.errors import ConfigError, SourceError, did_you_mean
from streamer.sources.regular import check_regular, printable
from streamer.types import UNSURE
from tools.labelled.document import FORMAT, VERSION, LabelFile

MAX_BYTES = 200_000_000
MAX_FAULTS = 20
"""That are told of one file."""


def read(path: Path | str) -> LabelFile:
    """
    Raises:
        ConfigError: it is no label file that this program can use; everything that is wrong is told in one message.
    """
    return parsed(bytes_of(Path(path)), printable(Path(path)))


def parsed(data: bytes, name: str) -> LabelFile:
    """The labels in the bytes of a file that is called ``name`` in messages.

    Raises:
        ConfigError: as read().
    """
    raw = json_of(data, name)
    _check_kind(raw, name)
    _check_words(raw, name)
    try:
        return LabelFile.model_validate_json(data.removeprefix(b"\xef\xbb\xbf"), strict=True)
    except ValidationError as error:
        raise ConfigError(
            f"{name} cannot be used:{_listed([_told(one, raw) for one in worth_telling(error, ())])}"
        ) from None


def bytes_of(path: Path) -> bytes:
    """
    Raises:
        ConfigError: it is no file that can be read, is empty or larger than MAX_BYTES.
    """
    name = printable(path)
    if path.is_dir():
        raise ConfigError(f"{name} is a folder; name the file in it")
    try:
        size = check_regular(path)
        if size > MAX_BYTES:
            raise ConfigError(f"{name} has {size / 1e6:.0f} MB, at most {MAX_BYTES // 1_000_000} are read")
        return path.read_bytes()
    except SourceError as error:
        raise ConfigError(str(error)) from None
    except OSError as error:
        raise ConfigError(f"{name} cannot be read: {error.strerror}") from None


def json_of(data: bytes, name: str) -> Any:
    """
    Raises:
        ConfigError: it is not JSON in UTF-8, or a key stands twice in an object.
    """
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_unique)
    except RecursionError:
        raise ConfigError(f"{name} is nested too deeply to be a label file") from None
    except ValueError as error:  # of decoding, of JSON, of numbers with thousands of digits
        raise ConfigError(f"{name} is not JSON: {error}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"{twice!r} stands twice in one object")
    return dict(pairs)


def _check_kind(raw: Any, name: str) -> None:
    """
    Raises:
        ConfigError: it is something else than a label file, or of another version.
    """
    if not isinstance(raw, dict):
        raise ConfigError(f"{name} is no label file: an object was expected, got {type(raw).__name__}")
    if "images" in raw and "annotations" in raw:
        raise ConfigError(f"{name} is COCO, no label file; make one with 'python -m tools.labelled import {name}'")
    if raw.get("format") != FORMAT:
        raise ConfigError(f"{name} is no label file: 'format' should be {FORMAT!r}, got {raw.get('format')!r}")
    version = raw.get("version")
    if type(version) is not int:
        raise ConfigError(f"{name}: 'version' should be {VERSION}, got {version!r}")
    if version != VERSION:
        what = "a newer program wrote it; update this one" if version > VERSION else "write it anew"
        raise ConfigError(f"{name} has version {version}, this program reads {VERSION}: {what}")


def _check_words(raw: dict[str, Any], name: str) -> None:
    """
    Raises:
        ConfigError: somebody says an expression that is not known; all such words are named.
    """
    known, places = (*LABELS, UNSURE), dict[str, list[str]]()
    for place, word in _words(raw):
        if word not in known:
            places.setdefault(word, []).append(place)
    if places:
        lines = [f"{word!r}{_meant(word)} at {_some(found)}" for word, found in places.items()]
        raise ConfigError(f"{name} has unknown expressions:{_listed(lines)}\n  known: {', '.join(known)}")


def _meant(word: str) -> str:
    other = SYNONYMS.get(word.strip().lower())
    return f" (did you mean {other!r}?)" if other else did_you_mean(word, (*LABELS, UNSURE))


def _words(raw: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Each word that was said and its place, of whatever in the file has the right form."""
    for m, medium in enumerate(_list(raw, "media")):
        for f, face in enumerate(_list(medium, "faces")):
            for said in _list(face, "said"):
                word = said.get("label") if isinstance(said, dict) else None
                if isinstance(word, str):
                    yield _place(("media", m, "faces", f), raw), word


def _list(part: Any, key: str) -> list[Any]:
    value = part.get(key) if isinstance(part, dict) else None
    return value if isinstance(value, list) else []


def _told(fault: Any, raw: Any) -> str:
    """A fault of pydantic with its place in words."""
    place, loc = _place(fault["loc"], raw), fault["loc"]
    if fault["type"] == "extra_forbidden":
        return f"{place}: unknown key; leave it out"
    text = str(fault["msg"]).removeprefix("Value error, ")
    return f"{place}: {text}" if loc else text


def _place(loc: tuple[int | str, ...], raw: Any) -> str:
    """Such as 'media[3] crowd.jpg, face f2, marks[0].x1' of ("media", 3, "faces", 1, "marks", 0, "x1")."""
    words, part = list[str](), raw
    for at, key in enumerate(loc):
        part = part[key] if _has(part, key) else None
        before = loc[at - 1] if at else None
        if isinstance(key, int) and before == "media":
            words.append(f"[{key}] {_named(part, 'file')}".rstrip() + ", ")
        elif isinstance(key, int) and before == "faces":
            words[-1] = f"face {_named(part, 'id') or key}, "
        elif isinstance(key, int):
            words.append(f"[{key}]")
        else:
            words.append(key if not words or words[-1].endswith(", ") else f".{key}")
    return "".join(words).removesuffix(", ")


def _has(part: Any, key: int | str) -> bool:
    if isinstance(part, dict):
        return key in part
    return isinstance(part, list) and isinstance(key, int) and key < len(part)


def _named(part: Any, key: str) -> str:
    name = part.get(key) if isinstance(part, dict) else None
    return printable(Path(name)) if isinstance(name, str) and name else ""


def _some(places: list[str]) -> str:
    return "; ".join(places[:3]) + (f" and {len(places) - 3} more" if len(places) > 3 else "")


def _listed(lines: list[str]) -> str:
    more = [f"and {len(lines) - MAX_FAULTS} more"] if len(lines) > MAX_FAULTS else []
    return "".join(f"\n  {line}" for line in [*lines[:MAX_FAULTS], *more])
