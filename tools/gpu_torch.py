"""The same network in torch, in half precision with CUDA graphs: what the engines are compared with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np

from engines.trt_buckets import SIZES
from streamer.commands.engines import model_of
from tools.gpu_sections import Given, Row, Skipped, attempt
from tools.gpu_timing import seconds_of, summary

MODEL = "groupmood"

AHEAD, WARM_UPS = 16, 3


def torch_reference(given: Given) -> Iterator[Row]:
    """A row for each batch: latency with the copies to and from the device, throughput with runs in the stream.

    Raises:
        Skipped: torch with CUDA is not here.
    """
    if find_spec("torch") is None:
        raise Skipped("torch is not installed: pip install torch")
    import torch

    if not torch.cuda.is_available():
        raise Skipped(f"torch {torch.__version__} has no CUDA here")
    torch.cuda.set_device(given.gpu)
    about = {"model": MODEL, "precision": "fp16", "version": torch.__version__}
    with torch.no_grad():
        network, note = network_of()
        for batch in SIZES:
            yield attempt({**about, "batch": batch, "note": note}, partial(_timed, network, batch))


def network_of() -> tuple[Any, str]:
    """The network on the device in half precision, normalisation folded into its convolutions; and what its weights
    are: chance, for they do not change the time.

    Raises:
        RuntimeError: the shipped model has another number of weights, so that a comparison would mislead.
    """
    import torch
    from torch import nn

    from tools.train.network import Network
    from tools.train.settings import Network as Shape

    shape = Shape()
    network = Network(shape).eval()
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    ours, shipped = sum(layer.weight.numel() for layer in layers), weights_of(model_of(MODEL)[1])
    if ours != shipped:
        raise RuntimeError(f"torch's network has {ours} weights, {MODEL} has {shipped}: they cannot be compared")
    _fold(network)
    whole = nn.Sequential(network, nn.Softmax(1)).cuda().half().to(memory_format=torch.channels_last)
    return whole, f"{MODEL}'s own layers with chance weights"


def weights_of(model: bytes) -> int:
    """Of the convolutions and the matrix of an ONNX model."""
    import onnx

    weights = onnx.load_model_from_string(model).graph.initializer
    return int(sum(np.prod(one.dims) for one in weights if len(one.dims) > 1))


def _fold(network: Any) -> None:
    from torch import nn
    from torch.nn.utils import fuse_conv_bn_eval

    for pair in list(network.modules()):  # a list, for pairs are changed
        if isinstance(pair, nn.Sequential) and len(pair) == 2 and isinstance(pair[1], nn.BatchNorm2d):
            pair[0], pair[1] = fuse_conv_bn_eval(pair[0], pair[1]), nn.Identity()


def _timed(network: Any, batch: int) -> Row:
    import torch

    stream = torch.cuda.Stream()
    host = torch.zeros(batch, 1, 48, 48).pin_memory()
    put = _recorded(network, host, stream)

    def once() -> None:
        put()
        stream.synchronize()

    def ahead() -> None:
        for _ in range(AHEAD):
            put()
        stream.synchronize()

    taken, many = seconds_of(once), seconds_of(ahead)
    return {**summary(taken), "faces_per_second": round(AHEAD * batch * len(many) / sum(many))}


def _recorded(network: Any, host: Any, stream: Any) -> Callable[[], None]:
    """Puts copy, network and copy back into the stream, as one graph."""
    import torch

    given = torch.empty(host.shape, device="cuda")
    answer = torch.empty(len(host), 8).pin_memory()

    def run() -> None:
        given.copy_(host, non_blocking=True)
        answer.copy_(network(given.half().contiguous(memory_format=torch.channels_last)).float(), non_blocking=True)

    with torch.cuda.stream(stream):
        for _ in range(WARM_UPS):
            run()
    stream.synchronize()
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, stream=stream):
        run()

    def put() -> None:
        with torch.cuda.stream(stream):
            graph.replay()

    return put
