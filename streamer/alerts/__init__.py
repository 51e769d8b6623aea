"""Rules that are told when they have held for a while: what is written, what it means, whether it holds."""

from streamer.alerts.quantities import QUANTITIES as QUANTITIES
from streamer.alerts.rules import Rule as Rule
from streamer.alerts.rules import never_told as never_told
from streamer.alerts.rules import rules_of as rules_of
from streamer.alerts.watcher import Watcher as Watcher
from streamer.alerts.writing import alert_of as alert_of
