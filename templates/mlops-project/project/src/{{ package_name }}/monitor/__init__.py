"""Watching the champion: four checks of a period against the same season of earlier years.

Read in this order: `run.py` and `examine.py` (the use case), `seasons.py` (what is compared with
what), `chance.py` (what autocorrelated data does without drift), then the checks `drift.py`,
`concept.py` and `quality.py`, and last what is written: `page.py`, `gauges.py`.
"""

from .findings import Check, Finding
from .run import MonitorResult, monitor

__all__ = ["Check", "Finding", "MonitorResult", "monitor"]
