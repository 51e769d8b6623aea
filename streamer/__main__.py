"""``python -m streamer`` and the command ``groupmood``."""

from __future__ import annotations

from streamer.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    main()
