"""The labels that are worked on: every change is checked, saved, and only then it counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from streamer.errors import ConfigError, SinkError
from tools.label.detecting import Found
from tools.label.tracks import unknown
from tools.labelled.document import LabelFile, Medium
from tools.labelled.edits import Edit, added, edited, medium_at
from tools.labelled.history import History, first_difference


class Stale(ConfigError):
    """Asked for by a page that has not seen the newest state."""


class Nothing(ConfigError):
    """There is nothing to undo or redo."""


class Unsaved(SinkError):
    """The change could not be saved, so it was not made."""


class Desk:
    """For one thread. ``save`` writes a state down, whole or not at all. ``faults``: by index, of media that are
    missing or not what was labelled; nothing is changed of these. ``revision`` rises with every change."""

    def __init__(
        self, labels: LabelFile, save: Callable[[LabelFile], object], annotator: str, faults: Mapping[int, str]
    ) -> None:
        self.annotator, self.faults, self.revision = annotator, faults, 0
        self._history, self._save = History(labels), save

    @property
    def labels(self) -> LabelFile:
        return self._history.now

    @property
    def can_undo(self) -> bool:
        return self._history.can_undo

    @property
    def can_redo(self) -> bool:
        return self._history.can_redo

    def medium(self, index: int) -> Medium:
        """One that may be looked at and changed.

        Raises:
            ConfigError: it is missing, not what was labelled, or there is none.
        """
        medium = medium_at(self.labels, index)
        if index in self.faults:
            raise ConfigError(f"{self.faults[index]}; its labels are left as they are")
        return medium

    def edit(self, revision: int, index: int, edit: Edit) -> Medium:
        """The medium after the edit.

        Raises:
            Stale, Unsaved: see there.
            ConfigError: it cannot be done.
        """
        self._check(revision)
        self.medium(index)
        self._do(edited(self.labels, index, edit, self.annotator))
        return self.labels.media[index]

    def add(self, index: int, found: Found) -> None:
        """Faces that were found, where there is none yet, as one change.

        Raises:
            ConfigError, Unsaved: see edit().
        """
        new = unknown(found, self.medium(index))
        self._do(added(self.labels, index, new))

    def undo(self, revision: int) -> int:
        """The index of the medium that is as it was before.

        Raises:
            Stale, Nothing, Unsaved: see there.
        """
        return self._step(revision, self._history.undo, self._history.redo)

    def redo(self, revision: int) -> int:
        """The same for what was undone last."""
        return self._step(revision, self._history.redo, self._history.undo)

    def _step(self, revision: int, go: Callable[[], LabelFile], back: Callable[[], LabelFile]) -> int:
        self._check(revision)
        before = self.labels
        try:
            after = go()
        except ConfigError as error:
            raise Nothing(str(error)) from None
        try:
            self._keep(after)
        except Unsaved:
            back()
            raise
        self.revision += 1
        return first_difference(before, after) or 0

    def _do(self, labels: LabelFile) -> None:
        if labels == self.labels:
            return
        self._keep(labels)
        self._history.do(labels)
        self.revision += 1

    def _keep(self, labels: LabelFile) -> None:
        try:
            self._save(labels)
        except (ConfigError, SinkError) as error:
            raise Unsaved(f"not saved, and so not done: {error}") from None

    def _check(self, revision: int) -> None:
        if revision != self.revision:
            raise Stale(f"the labels have changed since (revision {self.revision}, not {revision}); look at them first")
