"""Names that a configuration or the command line may use, and where each is made. Imported when asked for."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

from streamer.errors import ConfigError, did_you_mean

DETECTORS = {
    "mediapipe": "streamer.detectors.mediapipe_face:MediaPipeFace",
    "centerface": "streamer.detectors.centerface:CenterFace",
    "yunet": "streamer.detectors.yunet:YuNet",
    "haar": "streamer.detectors.haar:Haar",
    "ssd": "streamer.detectors.ssd:Ssd",
    "yolo_face": "streamer.detectors.yolo_face:YoloFace",
    "dlib_hog": "streamer.detectors.dlib_hog:DlibHog",
    "dlib_cnn": "streamer.detectors.dlib_cnn:DlibCnn",
}

WITHOUT_MODEL = ("dlib_hog",)
"""Detectors whose package brings their model along: they have no card."""

CLASSIFIERS = {
    "carded": "streamer.classifiers.carded:CardedClassifier",
}

ENGINES = {
    "onnxruntime": "engines.ort:OnnxRuntimeEngine",
    "openvino": "engines.ov:OpenVinoEngine",
}

GPU_ENGINES = ("tensorrt", "tensorrt_rtx")
"""Engines that run a plan built for them beforehand: streamer.build makes them."""

INSTALL = {
    "aiohttp": "pip install 'groupmood[web]'",
    "prometheus_client": "pip install 'groupmood[web]'",
    "segno": "pip install 'groupmood[web]'",
    "aiortc": "pip install 'groupmood[web]'",
    "dlib": "pip install 'groupmood[dlib]'",
    "paho": "pip install 'groupmood[mqtt]'",
    "pyarrow": "pip install 'groupmood[parquet]'",
    "reportlab": "pip install 'groupmood[report]'",
    "openvino": "pip install 'groupmood[openvino]'",
    "tensorrt": "pip install 'groupmood[tensorrt]'",
    "tensorrt_rtx": "pip install 'groupmood[rtx]'",
}
"""The line that brings a package which is not installed with the core."""


def find(table: Mapping[str, str], name: str) -> Any:
    """What a name of the table, or any 'package.module:attribute', stands for.

    Raises:
        ConfigError: the name is unknown, its package is not installed, or the module lacks the attribute.
    """
    target = table.get(name, name)
    module, _, attribute = target.partition(":")
    if not attribute:
        raise ConfigError(f"unknown name {name!r}{did_you_mean(name, table)}; known: {', '.join(sorted(table))}")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        line = INSTALL.get(package, f"pip install {package}")
        raise ConfigError(f"{name!r} needs the package {package!r}, which is not installed: {line}") from error
    except AttributeError as error:
        raise ConfigError(f"{name!r}: the module {module!r} has no {attribute!r}") from error
