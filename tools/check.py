"""All checks, as the continuous integration runs them: ``python -m tools.check [ARGUMENTS FOR PYTEST]``.

Every check runs, whatever the ones before it said. pytest comes last and names each skipped test with its reason, so
its summary is the last line, unless another check failed: then that is the last line.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
CHECKS = {
    "ruff check": ("ruff", "check", "."),
    "ruff format": ("ruff", "format", "--check", "."),
    "mypy": ("mypy",),
    "pytest": ("pytest", "-rs"),
}


def passes(name: str, command: tuple[str, ...]) -> bool:
    print(f"\n=== {name}", flush=True)
    return subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=False).returncode == 0


def main(arguments: list[str]) -> int:
    """0 where all passed, 1 otherwise."""
    commands = {**CHECKS, "pytest": (*CHECKS["pytest"], *arguments)}
    failed = [name for name, command in commands.items() if not passes(name, command)]
    if failed and failed != ["pytest"]:
        print(f"failed: {', '.join(failed)} (above)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
