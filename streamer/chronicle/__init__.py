"""What is heard of rooms and cameras, as rows for the timeline and for whoever is told of it."""

from streamer.chronicle.chronicle import Chronicle as Chronicle
from streamer.chronicle.people import Ephemeral as Ephemeral
from streamer.chronicle.people import PeopleToTimeline as PeopleToTimeline
from streamer.chronicle.people import people_rows as people_rows
