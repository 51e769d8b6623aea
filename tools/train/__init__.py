"""Training of the project's own emotion model: ``python -m tools.train``."""
