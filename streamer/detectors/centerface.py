"""CenterFace: faces down to 20 pixels in rooms and crowds.

Xu et al., "CenterFace: Joint Face Detection and Alignment Using Face as Point", https://arxiv.org/abs/1911.03599;
MIT, https://github.com/Star-Clouds/CenterFace.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import onnx
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]  # ships no types

from engines.base import Array, Engine
from engines.errors import ModelRejected
from streamer.detectors.blob import blob
from streamer.detectors.network import Network, Opening
from streamer.detectors.nms import Candidates
from streamer.types import Face, Fit, Image

STRIDE = 4
"""Input pixels per cell of the output maps."""

HEATMAP, SCALE, OFFSET, LANDMARKS = "537", "538", "539", "540"
"""The published graph's output names."""


MIN_SCORE = 0.35
"""Score from which on something counts as a face, 0…1."""


class CenterFace:
    """``opener`` makes the engine over ``dynamic(model)``; ``long_side`` of the network's input in pixels."""

    def __init__(self, opener: Callable[[], Engine], *, min_score: float = MIN_SCORE, long_side: int = 640) -> None:
        self._network = Network("CenterFace", opener)
        self._min_score, self._long_side = min_score, long_side

    @classmethod
    def of(cls, model: bytes, opening: Opening, min_score: float = MIN_SCORE) -> CenterFace:
        """From the bytes of the published file."""
        return cls(opening(dynamic(model)), min_score=min_score)

    def __enter__(self) -> CenterFace:
        self._network.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._network.close()

    @property
    def about(self) -> str:
        return self._network.about

    @property
    def news(self) -> str:
        """What the engine is busy with besides running; "" for nothing."""
        return self._network.news

    @property
    def fit(self) -> Fit:
        """The box as it is; ``python -m tools.box_fit`` finds next to nothing to change."""
        return Fit()

    def detect(self, image: Image) -> tuple[Face, ...]:
        given = blob(image, self._long_side, rgb=True)
        maps = self._network.run(given.tensor)
        return decode(maps, self._min_score).faces(given.scale)


def decode(maps: Mapping[str, Array], min_score: float) -> Candidates:
    """The faces in the four output maps, each 1 × channels × H × W, one cell every ``STRIDE`` input pixels.

    A cell's heat is the score of a face whose centre is in it. The offset (y, x) refines the centre in cells; the
    scale (y, x) is the logarithm of height and width in cells; a landmark (y, x) is a share of the height and width
    from the box's top left corner. As in the authors' ``prj-python/centerface.py``.
    """
    rows, columns = np.nonzero(maps[HEATMAP][0, 0] > min_score)
    scores, logs, offsets, points = (maps[name][0][:, rows, columns] for name in (HEATMAP, SCALE, OFFSET, LANDMARKS))
    sizes = np.exp(logs).T[:, ::-1] * STRIDE
    centers = (np.stack([columns, rows], 1) + offsets.T[:, ::-1] + 0.5) * STRIDE
    corners = centers - sizes / 2
    landmarks = corners[:, None] + points.T.reshape(-1, 5, 2)[:, :, ::-1] * sizes[:, None]
    boxes = np.concatenate([corners, corners + sizes], 1)
    return Candidates(boxes.astype(np.float32), scores[0].astype(np.float32), landmarks.astype(np.float32))


def dynamic(model: bytes) -> bytes:
    """The published graph, whose input is fixed at 10 × 3 × 32 × 32, for one picture of any multiple of 32.

    Every layer is a convolution, an addition or an activation, so only the declared shapes change, no weight does.
    Weights stop being inputs too: the file's old format lists them there, which keeps engines from folding them.

    Raises:
        ModelRejected: it is not the published graph.
    """
    try:
        parsed = onnx.load_model_from_string(model)
    except DecodeError as error:
        raise ModelRejected(f"CenterFace cannot read its model: {error}") from error
    graph = parsed.graph
    found = {output.name for output in graph.output}
    if not found >= {HEATMAP, SCALE, OFFSET, LANDMARKS}:
        raise ModelRejected(f"CenterFace cannot read its model: wanted outputs 537 to 540, got {sorted(found)}")
    weights = {weight.name for weight in graph.initializer}
    for value in [value for value in graph.input if value.name in weights]:
        graph.input.remove(value)
    for value, sides in [(graph.input[0], ("height", "width")), *((output, ("h", "w")) for output in graph.output)]:
        batch, _, *spatial = value.type.tensor_type.shape.dim
        batch.dim_value = 1
        for dim, name in zip(spatial, sides, strict=True):
            dim.dim_param = name
    return bytes(parsed.SerializeToString())
