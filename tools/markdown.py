"""Tables and the line below them, as the README has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---" for _ in head], *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def made(document: Mapping[str, Any]) -> str:
    """The line that says where the figures come from: ``machine`` of ``tools.machine``, ``command`` and ``data``."""
    machine = document["machine"]
    return (
        f"*{machine['date']}, `{document['command']}` on {document['data']}; {machine['processor']}, "
        f"{machine['system']}; {machine['packages']}.*"
    )
