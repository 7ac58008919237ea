"""Names of receiving stations: found by hash in the kernel, read once each, shared by all rows."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from feeds.nmea.layout import Array, Bytes, Record
from feeds.words import njit
from vessels.text import clean_text

SATELLITE_PREFIX, TERRESTRIAL_PREFIX = "rORB", "rTER"
"""Station names that tell the kind of receiver: Orbcomm's satellites, and its terrestrial network
as Global Fishing Watch's feeds name them. Any other name tells nothing."""
MOST_STATIONS = 1 << 15
"""With more names than this the list begins anew with the next table: memory is bounded."""
_SLOTS = 1 << 17
_KINDS = pa.array(["satellite", "terrestrial"])


class Stations(NamedTuple):
    """A hash table from the hash of a name to its number, 1 and up; 0 is no name."""

    keys: Array  # (slots,) uint64, 0 where free
    numbers: Array  # (slots,) int32
    at: Array  # (slots,) int64: where the name of each number stands in its buffer
    length: Array  # (slots,) int32
    used: Array  # (1,) int64: how many numbers are given


@njit
def station_number(stations: Stations, message: Record) -> int:
    """Return the number of a message's station; a new name is given the next one."""
    key = message.station
    if key == 0:
        return 0
    mask = np.uint64(stations.keys.shape[0] - 1)
    slot = key & mask
    while stations.keys[slot] != key:
        if stations.keys[slot] == 0:
            stations.used[0] += 1
            number = stations.used[0]
            stations.keys[slot] = key
            stations.numbers[slot] = number
            stations.at[number] = message.station_at
            stations.length[number] = message.station_length
            break
        slot = (slot + np.uint64(1)) & mask
    return stations.numbers[slot]


class StationNames:
    """The names behind the numbers, cleaned, with the kind of receiver that they tell."""

    def __init__(self) -> None:
        self.table = Stations(
            np.zeros(_SLOTS, np.uint64),
            np.empty(_SLOTS, np.int32),
            np.empty(_SLOTS, np.int64),
            np.empty(_SLOTS, np.int32),
            np.zeros(1, np.int64),
        )
        self._index: dict[str, int] = {}
        self._places: list[int] = [-1]  # of each number in `_index`; -1 where nothing is left
        self._kinds: list[int] = [-1]

    @property
    def full(self) -> bool:
        """Tell whether a new list is due."""
        return len(self._places) > MOST_STATIONS

    def learn(self, buffer: Bytes) -> None:
        """Read the names that the last step met first; `buffer` is what it decoded."""
        for number in range(len(self._places), int(self.table.used[0]) + 1):
            at, length = int(self.table.at[number]), int(self.table.length[number])
            name = clean_text(buffer[at : at + length].tobytes().decode("utf-8", "replace"))
            place = -1 if name is None else self._index.setdefault(name, len(self._index))
            self._places.append(place)
            self._kinds.append(_receiver(name))

    def columns(self, numbers: Array) -> tuple[pa.DictionaryArray, pa.DictionaryArray]:
        """Return the columns station and receiver of rows of these numbers."""
        places = np.array(self._places, np.int32)[numbers]
        kinds = np.array(self._kinds, np.int32)[numbers]
        return (
            _words(places, pa.array(list(self._index), pa.string())),
            _words(kinds, _KINDS),
        )


def _words(indices: Array, words: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(indices, mask=indices < 0), words)


def _receiver(station: str | None) -> int:
    """Return 0 for a satellite, 1 for a terrestrial station, -1 where the name does not tell."""
    if station is None:
        return -1
    if station.startswith(SATELLITE_PREFIX):
        return 0
    return 1 if station.startswith(TERRESTRIAL_PREFIX) else -1
