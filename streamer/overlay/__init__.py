"""Labels, the meter and the info line, drawn onto a copy of a frame.

``overlay`` puts the parts together; ``people``, ``meter``, ``status`` and ``help`` draw them; ``canvas``, ``text`` and
``shapes`` know how to draw; ``placement``, ``berth``, ``history`` and ``easing`` remember so that nothing jumps.
"""

from streamer.overlay.overlay import Overlay

__all__ = ["Overlay"]
