"""Secrets that a service manager hands over as files (systemd.exec(5), LoadCredential=)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from streamer.errors import ConfigError

LARGEST = 65_536
"""Bytes of a credential; a token or a password is far smaller."""


def with_credentials(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, and each file of $CREDENTIALS_DIRECTORY under its name: so ``${NAME}`` in a configuration is a
    credential where there is one. They are in this mapping alone, never in the process's environment.

    Raises:
        ConfigError: one cannot be read; it is named, not shown.
    """
    folder = environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        return dict(environ)
    try:
        paths = sorted(path for path in Path(folder).iterdir() if re.fullmatch(r"\w+", path.name) and path.is_file())
    except OSError as error:
        raise ConfigError(f"credentials: {folder} cannot be read: {error.strerror}") from None
    return {**environ, **{path.name: secret(path) for path in paths}}


def secret(path: Path) -> str:
    """What a credential says, without the line's end."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise ConfigError(f"credentials: {path.name} has more than {LARGEST} bytes")
        return data.decode("utf-8").rstrip("\r\n")
    except OSError as error:
        raise ConfigError(f"credentials: {path.name} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"credentials: {path.name} is not text in UTF-8") from None
