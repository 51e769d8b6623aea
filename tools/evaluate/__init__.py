"""How right detectors and classifiers are on labelled pictures and videos."""
