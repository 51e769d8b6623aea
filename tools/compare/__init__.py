"""Detectors × classifiers on the same labelled pictures, and a card corrected by them: ``python -m tools.compare``."""
