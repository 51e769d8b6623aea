"""DeepFace's emotion network, against its layers in plain numpy, with the kernels as Keras keeps them."""

from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

from engines.cards import load_card
from engines.convert_deepface import KERNELS, LAYERS, convert, read_weights
from engines.errors import ModelRejected
from tests.naive import Array, convolved, pooled, relu, softmax
from tests.stand_ins import DEEPFACE, deepface_file, deepface_weights
from tests.tiny_models import keras_file


def deepface(gray: Array) -> Array:
    """``gray`` (N, 1, 48, 48), 0…255. Layer by layer as the package's own file lists them."""
    weights = {name: tuple(np.asarray(a, np.float64) for a in pair) for name, pair in deepface_weights().items()}

    def conv(x: Array, name: str) -> Array:
        kernel, bias = weights[name]
        return relu(convolved(x, np.moveaxis(kernel, (3, 2), (0, 1)), bias))

    x = conv(gray / 255, "conv2d_1")
    x = pooled(x, 5, 2, np.max)
    x = conv(conv(x, "conv2d_2"), "conv2d_3")
    x = pooled(x, 3, 2, np.mean)
    x = conv(conv(x, "conv2d_4"), "conv2d_5")
    x = pooled(x, 3, 2, np.mean)
    assert x.shape[1:] == (128, 1, 1)
    flat = x.reshape(len(x), -1)
    for name in ("dense_1", "dense_2"):
        flat = relu(flat @ weights[name][0] + weights[name][1])
    return softmax(flat @ weights["dense_3"][0] + weights["dense_3"][1])


def test_it_computes_what_plain_numpy_does() -> None:
    gray = np.random.default_rng(8).uniform(0, 255, (3, 1, 48, 48)) * np.array([1, 0.5, 0.1])[:, None, None, None]
    expected = deepface(gray)
    assert np.ptp(expected, axis=0).max() > 0.01, "the pictures must not all look alike to the network"
    session = onnxruntime.InferenceSession(convert(deepface_file()), providers=["CPUExecutionProvider"])
    (given,) = session.run(["output"], {"input": gray.astype(np.float32)})
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_the_card_has_as_many_labels_as_the_network_numbers() -> None:
    card = load_card("deepface")
    assert len(card.labels) == KERNELS["dense3"][1]
    assert LAYERS[-1] == "softmax"
    assert card.output == "probabilities"


def test_a_whole_saved_model_will_do_as_well() -> None:
    assert len(read_weights(keras_file_of_a_model())) == 8


def keras_file_of_a_model() -> bytes:
    import io

    import h5py

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file, h5py.File(io.BytesIO(deepface_file()), "r") as weights:
        group = file.create_group("model_weights")
        for key, value in weights.attrs.items():
            group.attrs[key] = value
        for name, _ in DEEPFACE:
            weights.copy(name, group)
    return buffer.getvalue()


@pytest.mark.parametrize("source", [b"", b"no HDF5", deepface_file()[:3000]])
def test_what_is_no_keras_file_is_refused(source: bytes) -> None:
    with pytest.raises(ModelRejected, match="not a file of Keras weights"):
        convert(source)


def test_another_network_is_refused() -> None:
    with pytest.raises(ModelRejected):
        convert(keras_file())


def test_kernels_of_another_size_are_named() -> None:
    wider = (np.ones((3, 3, 64, 96), np.float32), np.ones(96, np.float32))
    with pytest.raises(
        ModelRejected, match=r"conv2 .* has weights \(3, 3, 64, 64\) and \(64,\), the file has \(3, 3, 64"
    ):
        convert(deepface_file({"conv2d_2": wider}))


def test_more_or_fewer_arrays_are_refused() -> None:
    kernel, bias = deepface_weights()["dense_3"]
    with pytest.raises(ModelRejected, match="not a file of Keras weights"):
        convert(deepface_file({"dense_3": (kernel, bias, bias)}))
    with pytest.raises(ModelRejected, match="has 8 layers with weights, the file 7"):
        convert(deepface_file({"dense_3": ()}))


def test_numbers_that_are_none_are_refused() -> None:
    kernel, bias = deepface_weights()["dense_3"]
    with pytest.raises(ModelRejected, match=r"dense3\.bias has numbers that are not finite"):
        convert(deepface_file({"dense_3": (kernel, bias * np.nan)}))


def test_kernels_written_for_theano_are_refused() -> None:
    with pytest.raises(ModelRejected, match="wrote over TensorFlow are wanted, these are over theano"):
        convert(deepface_file(backend="theano"))
