"""Label faces in pictures and videos by hand, on a page of this computer: ``python -m tools.label PATH…``."""
