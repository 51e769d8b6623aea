"""From the analysis to the Hub: of each room what may leave the machine, and nothing else.

FrameResults of a round → the room's newest mood and who votes in it → Aggregate → RoomResult → Hub. Where no emotion is
inferred the room's signs take that way instead. Where only the local user is seen and only he can connect, the mood is
published as it is. ``rooms`` says what is published of, ``desks`` make what is, ``publisher`` minds time and threads.
``lasting`` keeps the key of that part of a room's noise which outlasts a run.
"""

from streamer.publish.lasting import lasting_secret
from streamer.publish.publisher import Publisher
from streamer.publish.rooms import PublishedRoom, aggregate_of, overlap_warning, rules_of

__all__ = ["PublishedRoom", "Publisher", "aggregate_of", "lasting_secret", "overlap_warning", "rules_of"]
