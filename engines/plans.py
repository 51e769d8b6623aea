"""The plans that were built on this machine, kept by what they are for."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import ValidationError

from engines.errors import EngineUnavailable
from engines.plan_files import Refused, foreign, own_folder, read, this_user, write
from engines.plan_key import Key, Sidecar
from engines.plan_lock import held
from engines.trt_build import Built

log = logging.getLogger(__name__)

WAIT = 600.0
"""Seconds for another process to build the same plan: classic TensorRT takes minutes."""

PLAN, SIDECAR, TIMINGS, LOCK = ".plan", ".json", ".timings", ".lock"


@dataclass(frozen=True, slots=True)
class Plan:
    """``data`` are the very bytes that were hashed."""

    path: Path
    data: bytes
    sidecar: Sidecar


@dataclass(frozen=True, slots=True)
class Checked:
    """``state`` is "ready", or why the plan is never loaded and will be built anew."""

    path: Path
    state: str
    sidecar: Sidecar | None


def plans_dir(folder: Path | None = None) -> Path:
    """Where the plans are kept: ``folder``, or the user's cache."""
    return folder or platformdirs.user_cache_path("groupmood", appauthor=False) / "engines"


class Plans:
    """A folder of plans, each with a sidecar that says what it is for and which bytes it has.

    Only what this user alone can have written is loaded. Any number of processes may use one folder.
    """

    def __init__(self, folder: Path | None = None, *, wait: float = WAIT) -> None:
        self.folder, self._wait = plans_dir(folder), wait

    def find(self, key: Key) -> Plan | None:
        """The plan of that key; None where there is none, or none that may be loaded, which is then logged.

        Raises:
            EngineUnavailable: others can write to the folder.
        """
        plan = self._look(key)
        if isinstance(plan, str):
            log.warning("%s is not loaded, and built anew: %s", self._path(key.digest, PLAN), plan)
            return None
        return plan

    def build(self, key: Key, name: str, make: Callable[[], Built]) -> Plan:
        """The plan of that key, made and kept unless it is there; one builder a key, the others wait for it.

        Raises:
            EngineUnavailable: others can write to the folder, it cannot be written, or another builds for too long.
        """
        plan = self.find(key)
        if plan is not None:
            return plan
        with self._writing():
            own_folder(self.folder)
        with held(self._path(key.digest, LOCK), self._wait, f"the plan of {name}"):
            seen = self._look(key)  # another may have built it meanwhile
            return seen if isinstance(seen, Plan) else self._keep(key, name, make())

    def judge(self, key: Key, gate: Mapping[str, Any]) -> Plan:
        """Write the verdict on a plan's accuracy beside it.

        Raises:
            EngineUnavailable: there is no such plan any more, or it cannot be written.
        """
        with held(self._path(key.digest, LOCK), self._wait, "a verdict"):
            plan = self._look(key)
            if not isinstance(plan, Plan):
                raise EngineUnavailable(f"no plan is there to judge: {plan or self._path(key.digest, PLAN)}")
            judged = Sidecar.model_validate(plan.sidecar.model_dump() | {"gate": dict(gate)})
            with self._writing():
                write(self._path(key.digest, SIDECAR), judged.model_dump_json(indent=1).encode())
        return Plan(plan.path, plan.data, judged)

    def timings(self, key: Key) -> bytes:
        """What classic TensorRT timed in earlier builds on this GPU; b"" where there is nothing that may be loaded."""
        path = self._path(key.machine, TIMINGS)
        try:
            self._trusted()
            digest, _, data = read(path).partition(b"\n")
        except FileNotFoundError:
            return b""
        except (OSError, Refused) as error:
            log.warning("%s is not loaded: %s", path, error)
            return b""
        if digest.decode(errors="replace") != hashlib.sha256(data).hexdigest():
            log.warning("%s is not loaded: it was altered", path)
            return b""
        return data

    def check(self) -> tuple[Checked, ...]:
        """Each plan's state, by reading every byte of it. A sidecar without a plan counts too.

        Raises:
            EngineUnavailable: others can write to the folder.
        """
        self._trusted()
        found = sorted({path.stem for kind in (PLAN, SIDECAR) for path in self.folder.glob(f"[0-9a-f]*{kind}")})
        return tuple(self._checked(digest) for digest in found)

    def list(self) -> tuple[Sidecar, ...]:
        """What the plans that may be loaded are for."""
        return tuple(found.sidecar for found in self.check() if found.sidecar is not None and found.state == "ready")

    def clear(self) -> int:
        """Delete all plans and what lies beside them, and say how many; locks stay with those who hold them.

        Raises:
            EngineUnavailable: others can write to the folder, or something cannot be deleted.
        """
        plans = self.check()
        beside = {path for found in plans for path in self.folder.glob(f"{found.path.stem}.*") if path.suffix != LOCK}
        with self._writing():
            for path in (*beside, *self.folder.glob(f"*{TIMINGS}"), *self.folder.glob(".part-*")):
                path.unlink(missing_ok=True)
        return len(plans)

    def _path(self, digest: str, kind: str) -> Path:
        return self.folder / f"{digest}{kind}"

    def _trusted(self) -> None:
        try:
            reason = foreign(self.folder.stat(), this_user())
        except FileNotFoundError:
            return
        except OSError as error:
            raise EngineUnavailable(f"the folder {self.folder} cannot be read: {error.strerror}") from error
        if reason:
            raise EngineUnavailable(
                f"no plan is taken from {self.folder}: {reason}, and engines built by others are refused, because they "
                "are native code; make the folder yours alone (chmod 700), or choose another"
            )

    def _look(self, key: Key) -> Plan | str | None:
        """The plan, or why it may not be loaded; None where there is none."""
        self._trusted()
        plan = self._read(key.digest)
        if isinstance(plan, Plan) and plan.sidecar.key != key:
            return "its sidecar is for something else"
        return plan

    def _read(self, digest: str) -> Plan | str | None:
        path = self._path(digest, PLAN)
        sidecar = self._sidecar(digest)
        try:
            data = read(path)
        except FileNotFoundError:
            return None if sidecar is None else "the plan is gone, only its sidecar is there"
        except (OSError, Refused) as error:
            return str(error)
        if sidecar is None:
            return "it has no sidecar: engines built by others are refused, because they are native code"
        if isinstance(sidecar, str):
            return sidecar
        if hashlib.sha256(data).hexdigest() != sidecar.sha256:
            return f"it was altered: its sha256 is not {sidecar.sha256}"
        return Plan(path, data, sidecar)

    def _sidecar(self, digest: str) -> Sidecar | str | None:
        try:
            return Sidecar.model_validate_json(read(self._path(digest, SIDECAR)))
        except FileNotFoundError:
            return None
        except ValidationError as error:
            first = error.errors()[0]
            return f"its sidecar cannot be read: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        except (OSError, Refused) as error:
            return f"its sidecar: {error}"

    def _checked(self, digest: str) -> Checked:
        plan, sidecar = self._read(digest), self._sidecar(digest)
        known = sidecar if isinstance(sidecar, Sidecar) else None
        if isinstance(plan, Plan) and plan.sidecar.key.digest != digest:
            plan = "its sidecar is for something else"
        state = "ready" if isinstance(plan, Plan) else plan or "it is gone"
        return Checked(self._path(digest, PLAN), state, known)

    def _keep(self, key: Key, name: str, built: Built) -> Plan:
        """The plan first: one without a sidecar is never loaded, so no half of a pair is either."""
        sidecar = Sidecar(
            name=name,
            key=key,
            sha256=hashlib.sha256(built.plan).hexdigest(),
            bytes=len(built.plan),
            builder=f"{key.backend} {key.version}",
            seconds=round(built.seconds, 3),
            warnings=built.warnings,
            gate=None,
            date=f"{datetime.datetime.now(datetime.UTC):%Y-%m-%dT%H:%M:%SZ}",
        )
        path = self._path(key.digest, PLAN)
        with self._writing():
            self._path(key.digest, SIDECAR).unlink(missing_ok=True)
            write(path, built.plan)
            write(self._path(key.digest, SIDECAR), sidecar.model_dump_json(indent=1).encode())
            if built.timing:
                digest = hashlib.sha256(built.timing).hexdigest().encode()
                write(self._path(key.machine, TIMINGS), digest + b"\n" + built.timing)
        return Plan(path, built.plan, sidecar)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EngineUnavailable(
                f"plans cannot be kept in {self.folder}: {error.strerror}; choose another folder"
            ) from error
