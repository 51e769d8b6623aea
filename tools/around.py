"""A detector or a classifier by another one: what those have in common that measure it or slow it down."""

from __future__ import annotations

from types import TracebackType
from typing import Generic, Self, TypeVar

from streamer.stages import Classifier, Detector

Part = TypeVar("Part", bound=Detector | Classifier)


class Around(Generic[Part]):
    """Opens, closes and names the other one."""

    def __init__(self, inner: Part) -> None:
        self._inner = inner

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner.__exit__(kind, error, trace)

    @property
    def about(self) -> str:
        return self._inner.about
