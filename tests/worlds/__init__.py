"""Generated worlds: vessels with true tracks, planted events, decoys, and a score for findings.

An oracle that knows nothing of the detectors. `make_world` builds a few days of traffic from a
seed, `write_nmea`, `write_marinecadastre` and `write_dma` put it into files, and `score` compares
the events that were found with what was planted. Whatever was not planted counts as false.
"""

from tests.worlds.csv_files import write_dma, write_marinecadastre
from tests.worlds.model import Rows, Truth, World
from tests.worlds.nmea import write_nmea
from tests.worlds.scoring import Score, load_events, pool, score
from tests.worlds.world import make_world

__all__ = [
    "Rows",
    "Score",
    "Truth",
    "World",
    "load_events",
    "make_world",
    "pool",
    "score",
    "write_dma",
    "write_marinecadastre",
    "write_nmea",
]
