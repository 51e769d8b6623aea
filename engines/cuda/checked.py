"""CUDA's driver through cuda-bindings, with the result of every call looked at."""

from __future__ import annotations

from typing import Any

from engines.cuda.failures import failure
from engines.errors import EngineUnavailable

INSTALL = "pip install 'groupmood[cuda]'"


def bindings() -> Any:
    """The module ``cuda.bindings.driver``; it loads the driver itself only at the first call.

    Raises:
        EngineUnavailable: it is not installed, or cannot be loaded.
    """
    try:
        from cuda.bindings import driver
    except ImportError as error:
        raise EngineUnavailable(f"cuda-bindings cannot be imported: {INSTALL} ({error})") from error
    return driver


def check(call: str, result: tuple[Any, ...]) -> Any:
    """What a call of the driver gives besides its error code: None, the value, or the values.

    Raises:
        OutOfMemory, DeviceLost, ModelRejected, EngineUnavailable, EngineError: the call failed; see ``failures``.
    """
    code, *values = result
    if int(code) != 0:
        raise failure(call, _name(code), _text(code))
    return values[0] if len(values) == 1 else tuple(values) or None


def _name(code: Any) -> str:
    """Newer drivers know errors that the bindings have no name for: those come as plain numbers."""
    return str(getattr(code, "name", f"CUDA error {int(code)}"))


def _text(code: Any) -> str:
    driver = bindings()
    if not isinstance(code, driver.CUresult):
        return "an error that cuda-bindings does not know"
    known, text = driver.cuGetErrorString(code)
    return text.decode(errors="replace") if int(known) == 0 and text else "no description"
