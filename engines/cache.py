"""Where weights live on this machine, how they come there, and how they are read: hashed first, always."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeAlias

import platformdirs

from engines.cards import Card
from engines.converting import convert, edition
from engines.errors import ModelMissing, ModelRejected
from engines.places import from_path, get, named
from engines.prepared import prepared

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with the model's name, the bytes done and the bytes in all (0: not known)."""

State: TypeAlias = Literal["ready", "missing", "corrupt"]


def weights_dir(directory: Path | None = None) -> Path:
    """Where the weights are kept: ``directory``, or the user's cache."""
    return directory or platformdirs.user_cache_path("groupmood", appauthor=False) / "weights"


def status(card: Card, cache: Path) -> State:
    """Whether the model can be read: "corrupt" says that a file of it is there, but not the one the card means."""
    try:
        _find(card, cache)
    except ModelMissing:
        return "missing"
    except ModelRejected:
        return "corrupt"
    return "ready"


def read_verified(card: Card, cache: Path) -> bytes:
    """The model's bytes, the very ones that were hashed; those of its ONNX file if the card has it converted, made to
    give probabilities if it gives logits.

    Raises:
        ModelMissing: it is not in the cache.
        ModelRejected: it is, but altered, or it is not the network that the card describes.
    """
    return prepared(_find(card, cache)[1], card)


def _find(card: Card, cache: Path) -> tuple[Path, bytes]:
    altered = None
    for digest in card.sha256:
        path = _path(card, cache, digest)
        try:
            data = path.read_bytes()
            _check(card, data, (_made_digest(card, path) if card.convert else digest,), path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise ModelMissing(f"{path} cannot be read: {error.strerror}") from error
        except ModelRejected as error:
            altered = error
            continue
        return path, data
    if altered is not None:
        raise altered
    if not card.sha256:
        raise ModelMissing(adopt(card))
    raise ModelMissing(f"the weights of {card.name} are not on this machine: run `groupmood models fetch {card.name}`")


def adopt(card: Card) -> str:
    """What to do where a card means no file in particular."""
    return (
        f"the card {card.name} describes a network but has no published digest, so no file can be taken for it: adopt "
        f"one of your own with `python -m tools.adopt FILE --like {card.name} --out my.yaml`, then use my.yaml"
    )


def fetch(
    card: Card, cache: Path, *, offline: bool = False, local: Path | None = None, progress: Progress | None = None
) -> Path:
    """Bring the model into the cache unless it is there, and say where it lies.

    ``local`` is a file of one's own that is taken in any case; otherwise the card's places are tried in order.
    ``offline`` forbids wheels and addresses.

    Raises:
        ModelMissing: it cannot be had; the message has each place's own reason.
        ModelRejected: what came is not what the card says.
    """
    if local is not None:
        return _keep(card, cache, from_path(local, card.size), str(local))
    if status(card, cache) == "ready":
        return _find(card, cache)[0]
    _private(cache)
    reasons = []
    for place in card.places:
        if offline and place.path is None and place.installed is None:
            reasons.append(f"{named(place)}: not asked, because offline")
            continue
        try:
            with tempfile.TemporaryDirectory(dir=cache, prefix=".fetch-") as folder:
                data = get(place, card.size, Path(folder), _report(card, progress))
        except ModelMissing as error:
            reasons.append(f"{named(place)}: {error}")
            continue
        return _keep(card, cache, data, named(place))
    raise ModelMissing(f"the weights of {card.name} cannot be had: {'; '.join(reasons) or _unpublished(card)}")


def _report(card: Card, progress: Progress | None) -> Callable[[int, int], None]:
    return lambda done, total: progress(card.name, done, total) if progress is not None else None


def _unpublished(card: Card) -> str:
    if not card.sha256:
        return adopt(card)
    return f"its card names no place: give the file with `groupmood models fetch {card.name} --from FILE`"


def _keep(card: Card, cache: Path, source: bytes, origin: str) -> Path:
    """Check what came, convert it if need be, and put it into the cache at once and whole."""
    if not card.sha256:
        raise ModelRejected(adopt(card))
    digest = _check(card, source, card.sha256, origin)
    path = _path(card, cache, digest)
    if not card.convert:
        return _write(path, source)
    _write(_source_path(card, cache, digest), source)
    made = convert(source, card)
    if card.converted_sha256:
        _check(card, made, (card.converted_sha256,), f"what {card.convert} converted it to")
    else:
        _write(_sidecar(path), hashlib.sha256(made).hexdigest().encode())
    return _write(path, made)


def _check(card: Card, data: bytes, accepted: tuple[str, ...], origin: object) -> str:
    digest = hashlib.sha256(data).hexdigest()
    if digest not in accepted:
        wanted = " or ".join(accepted)
        raise ModelRejected(
            f"{origin} is not the file that the card {card.name} means: its sha256 must be {wanted}, it is {digest}; "
            f"`groupmood models fetch {card.name}` brings it anew"
        )
    return digest


def _source_path(card: Card, cache: Path, digest: str) -> Path:
    return cache / f"{digest[:16]}-{card.file}"


def _path(card: Card, cache: Path, digest: str) -> Path:
    """The file to load, named after the digest of the published file so that two versions never mix."""
    source = _source_path(card, cache, digest)
    return source.with_name(f"{source.name}.{edition(card)}.onnx") if card.convert else source


def _sidecar(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _made_digest(card: Card, path: Path) -> str:
    return card.converted_sha256 or _sidecar(path).read_text("ascii").strip()


def _write(path: Path, data: bytes) -> Path:
    """Another process sees the whole file or none; the last of two writers wins, with the same bytes."""
    _private(path.parent)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise ModelMissing(
            f"{path} cannot be written: {error.strerror}; choose another folder for the cache"
        ) from error
    return path


def _private(folder: Path) -> None:
    """Make a folder and its parents for this user alone; those that exist stay as they are."""
    try:
        for parent in (*reversed(folder.parents), folder):
            if not parent.exists():
                parent.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ModelMissing(f"the folder {folder} cannot be made: {error.strerror}; choose another one") from error
