"""Errors of the engines.

* EngineError
  + EngineUnavailable   this machine cannot run it: package, driver or device is missing; the next engine may do
  + ModelMissing        the weights are not on this machine yet
  + ModelRejected       the file is altered, has the wrong shape or is not supported; no engine may guess around it
"""

from __future__ import annotations


class EngineError(Exception):
    """Base of every error this package raises on purpose."""


class EngineUnavailable(EngineError):
    """This kind of engine cannot run on this machine."""


class ModelMissing(EngineError):
    """The weights are not on this machine; fetching them helps."""


class ModelRejected(EngineError):
    """This model file is altered, or not what its card says, or not supported by the engine."""
