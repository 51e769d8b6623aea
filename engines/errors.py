"""Errors of the engines.

* EngineError
  + EngineUnavailable   this machine cannot run it: package, driver or device is missing; the next engine may do
    - NotInstalled      its package or driver is not installed; the message says how it would be
    - OutOfMemory       the device has not enough memory left; a smaller batch or the next engine may do
  + ModelMissing        the weights are not on this machine yet
  + DeviceLost          the device failed while it ran; nothing that was on it can be used any more
  + ModelRejected       the file is altered, has the wrong shape or is not supported; no engine may guess around it
"""

from __future__ import annotations


class EngineError(Exception):
    """Base of every error this package raises on purpose."""


class EngineUnavailable(EngineError):
    """This kind of engine cannot run on this machine."""


class NotInstalled(EngineUnavailable):
    """The engine's package or its device's driver is not installed: nothing is broken, somebody did not want it."""


class OutOfMemory(EngineUnavailable):
    """The device, or its pinned part of the host's memory, has not enough left."""


class DeviceLost(EngineError):
    """The device failed while it ran: its context is gone, and with it every engine on it."""


class ModelMissing(EngineError):
    """The weights are not on this machine; fetching them helps."""


class ModelRejected(EngineError):
    """This model file is altered, or not what its card says, or not supported by the engine."""
