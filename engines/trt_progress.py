"""How far a build of TensorRT is: its nested phases as one share, and the way to stop it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeAlias

Progress: TypeAlias = Callable[[float, str], None]
"""Called with the share done, 0…1, never falling, and what is being done. What it raises ends the build."""


@dataclass(slots=True)
class _Phase:
    parent: str | None
    steps: int
    done: int = 0


class Phases:
    """Told of phases and steps in any thread; ``error`` is what the callback raised, if it did.

    An error must not run through TensorRT's own code: it is kept, the build is asked to stop, and whoever builds
    raises it.
    """

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._lock = threading.Lock()
        self._phases: dict[str, _Phase] = {}
        self._share = 0.0
        self.error: BaseException | None = None

    def start(self, name: str, parent: str | None, steps: int) -> None:
        with self._lock:
            self._phases[name] = _Phase(parent, max(steps, 1))
            self._tell(name)

    def step(self, name: str, number: int) -> bool:
        """Whether the build shall go on."""
        with self._lock:
            if name in self._phases:
                self._phases[name].done = number + 1
            self._tell(name)
            return self.error is None

    def finish(self, name: str) -> None:
        with self._lock:
            self._phases.pop(name, None)

    def complete(self) -> None:
        """The plan is there: TensorRT itself leaves its last steps out."""
        with self._lock:
            self._share = 1.0
            self._tell("done")

    def _tell(self, name: str) -> None:
        self._share = max(self._share, min(1.0, self._done(name)))
        if self._progress is not None and self.error is None:
            with _Keeping(self):
                self._progress(self._share, name)

    def _done(self, name: str) -> float:
        """The share of the whole that is done, seen from one phase: each phase is one step of its parent."""
        share, phase = 0.0, self._phases.get(name)
        while phase is not None:
            share = (phase.done + share) / phase.steps
            phase = self._phases.get(phase.parent) if phase.parent is not None else None
        return share


class _Keeping:
    """Keeps what is raised inside, whatever it is, for the builder to raise again."""

    def __init__(self, phases: Phases) -> None:
        self._phases = phases

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._phases.error = error
        return True


def monitor(module: Any, phases: Phases) -> Any:
    """An IProgressMonitor of that TensorRT which tells the phases."""

    class Monitor(module.IProgressMonitor):  # type: ignore[misc]  # TensorRT has no types
        def __init__(self) -> None:
            super().__init__()

        def phase_start(self, name: str, parent: str | None, steps: int) -> None:
            phases.start(name, parent, steps)

        def step_complete(self, name: str, number: int) -> bool:
            return phases.step(name, number)

        def phase_finish(self, name: str) -> None:
            phases.finish(name)

    return Monitor()
