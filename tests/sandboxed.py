"""The part of a systemd unit's sandbox that a process can put on itself: its system calls, and no new privileges.

``python -m tests.sandboxed UNIT [--mdwe] -- COMMAND …`` runs a command under it, as systemd would (systemd.exec(5)).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import errno
import functools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

NO_NEW_PRIVS, MDWE = 38, 65
"""prctl(2): PR_SET_NO_NEW_PRIVS, PR_SET_MDWE."""

ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | errno.EPERM
"""seccomp(2): SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO with EPERM."""


def lacking() -> str:
    """Why it cannot be done here, or ''."""
    if sys.platform != "linux" or shutil.which("systemd-analyze") is None:
        return "needs systemd-analyze, which Debian's systemd package has"
    return "" if ctypes.util.find_library("seccomp") else "needs libseccomp"


def settings(unit: Path, key: str) -> list[str]:
    return re.findall(rf"^{key}=(.*)$", unit.read_text(), re.MULTILINE)


@functools.cache
def groups() -> dict[str, list[str]]:
    """The members of each group of system calls, which may be groups; what follows the last one is in none."""
    said = subprocess.run(
        ["systemd-analyze", "--no-pager", "syscall-filter"], capture_output=True, text=True, check=True
    )
    found: dict[str, list[str]] = {}
    for line in said.stdout.splitlines():
        if line.startswith("@"):
            found[line] = []
        elif found and line.startswith("    ") and not line.strip().startswith("#"):
            found[list(found)[-1]].append(line.strip())
    return found


def calls_of(word: str) -> set[str]:
    """The system calls of a group such as @file-system, or the one of that name."""
    return set().union(*map(calls_of, groups()[word])) if word.startswith("@") else {word}


def allowed(unit: Path) -> set[str]:
    """What its SystemCallFilter= lines leave: the first says what is allowed, ~ takes away."""
    found = calls_of("@default")
    for line in settings(unit, "SystemCallFilter"):
        each = set().union(*(calls_of(word) for word in line.lstrip("~").split()))
        found = found - each if line.startswith("~") else found | each
    return found


def confine(names: Iterable[str]) -> None:
    """Refuse this process, and all it will start, every other call."""
    libc, seccomp = ctypes.CDLL(None, use_errno=True), ctypes.CDLL(ctypes.util.find_library("seccomp"))
    if libc.prctl(NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "PR_SET_NO_NEW_PRIVS")
    seccomp.seccomp_init.restype = ctypes.c_void_p
    context = ctypes.c_void_p(seccomp.seccomp_init(ctypes.c_uint32(REFUSE)))
    for name in sorted(names):
        number = seccomp.seccomp_syscall_resolve_name(name.encode())
        if number >= 0:
            seccomp.seccomp_rule_add(context, ctypes.c_uint32(ALLOW), number, 0)
    if seccomp.seccomp_load(context):
        raise OSError("the filter cannot be loaded")


def main(words: list[str]) -> None:
    unit, rest = Path(words[0]), words[words.index("--") + 1 :]
    names = allowed(unit)
    if "--mdwe" in words[: words.index("--")] and ctypes.CDLL(None).prctl(MDWE, 1, 0, 0, 0):
        raise OSError("this kernel has no PR_SET_MDWE")
    confine(names)
    os.execv(rest[0], rest)


if __name__ == "__main__":
    main(sys.argv[1:])
