"""What was done with the analysis, line by line, so that it shows when somebody changed it afterwards."""

from streamer.audit.entries import Entry as Entry
from streamer.audit.entries import Fact as Fact
from streamer.audit.log import Audit as Audit
from streamer.audit.verifying import Verified as Verified
from streamer.audit.verifying import head as head
from streamer.audit.verifying import verify as verify

NAME = "audit.jsonl"
"""Of the log in the state folder."""
