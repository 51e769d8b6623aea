"""Where data for development is: ``GROUPMOOD_DATA``, or ``shared/data`` beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

DATA = Path(os.environ.get("GROUPMOOD_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
