"""A sitting of a room as a report to hand on: what was to be seen, how sure that is, and what it cannot say.

It is made of what was published of the room and of nothing else: no row of it is about a single person.
"""

from streamer.session_report.about import About as About
from streamer.session_report.about import Measured as Measured
from streamer.session_report.about import Score as Score
from streamer.session_report.about import Scores as Scores
from streamer.session_report.local_time import SystemZone as SystemZone
from streamer.session_report.made_by import models_of as models_of
from streamer.session_report.writing import session_report as session_report
