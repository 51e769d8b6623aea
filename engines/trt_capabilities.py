"""For which GPUs an installed TensorRT-RTX builds, found out by asking it: no list of ours would stay true."""

from __future__ import annotations

from typing import Any

from engines.errors import EngineUnavailable
from engines.trt_library import Library

ASKED = ("7.0", "7.2", "7.5", "8.0", "8.6", "8.7", "8.9", "9.0", "10.0", "10.3", "11.0", "12.0", "12.1")
"""Compute capabilities of NVIDIA's GPUs from Volta on, https://developer.nvidia.com/cuda-gpus."""


def target(config: Any, library: Library, capabilities: tuple[str, ...]) -> None:
    """Build for these compute capabilities ("8.6"); for the library's own choice where there is none.

    Raises:
        EngineUnavailable: the library does not build for one of them, or only for the GPU at hand.
    """
    if not capabilities:
        return
    if not hasattr(config, "num_compute_capabilities"):
        raise EngineUnavailable(f"{library.kind} builds only for the GPU at hand, not for {', '.join(capabilities)}")
    config.num_compute_capabilities = len(capabilities)
    for place, capability in enumerate(capabilities):
        with library.journal.listen() as heard:
            taken = config.set_compute_capability(_value(library, capability), place)
        if not taken:
            said = heard[0].text if heard else "it does not say why"
            raise EngineUnavailable(
                f"{library.kind} {library.version} does not build for compute capability {capability}, "
                f"only for {', '.join(_named(library))} ({said})"
            )


def accepted_capabilities(library: Library) -> dict[str, str]:
    """For each compute capability, "builds" or why it does not: one tiny network is built for each, 0.2 s in all.

    Empty where the library builds only for the GPU at hand, as classic TensorRT does.
    """
    module = library.module
    builder = module.Builder(library.log)
    if not hasattr(builder.create_builder_config(), "num_compute_capabilities"):
        return {}
    return {
        capability: _tried(builder, library, capability) for capability in dict.fromkeys((*_named(library), *ASKED))
    }


def _tried(builder: Any, library: Library, capability: str) -> str:
    network, config = builder.create_network(0), builder.create_builder_config()
    given = network.add_input("x", library.module.float32, (1, 4))
    network.mark_output(network.add_activation(given, library.module.ActivationType.RELU).get_output(0))
    try:
        target(config, library, (capability,))
    except EngineUnavailable as error:
        return str(error)
    with library.journal.listen() as heard:
        plan = builder.build_serialized_network(network, config)
    return "builds" if plan is not None else "; ".join(said.text for said in heard) or "gives nothing, and no reason"


def _named(library: Library) -> tuple[str, ...]:
    """Those that the library has a name for: SM86 is "8.6"."""
    names = library.module.ComputeCapability.__members__
    return tuple(f"{name[2:-1]}.{name[-1]}" for name in names if name.startswith("SM"))


def _value(library: Library, capability: str) -> Any:
    """The library's value; one that it has no name for is made from its number, so that it says itself no."""
    try:
        major, minor = map(int, capability.split("."))
    except ValueError as error:
        raise EngineUnavailable(f"a compute capability looks like '8.6', got {capability!r}") from error
    return library.module.ComputeCapability(major * 10 + minor)
