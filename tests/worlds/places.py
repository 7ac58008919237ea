"""Where things can be planted: open ocean, points off straight coasts, ports.

All were checked once against Natural Earth 1:10m and the World Port Index (both public domain):
ocean cells lie more than 100 nm from any shore, coast points within 1 nm of the distance told and
more than 25 km from any port.
"""

import numpy as np

from tests.worlds.sphere import NM_M, destination, wrap_lon

OCEANS = {
    "south_atlantic": (-32, -24, -23, -12),
    "north_west_pacific": (30, 40, 157, 175),
    "south_indian": (-33, -24, 70, 95),
    "east_pacific": (-15, -2, -120, -98),
    "north_atlantic": (33, 45, -52, -39),
}
"""South, north, west, east edges, degrees."""

ANTIMERIDIAN = ((-26.0, 180.0), (15.0, 180.0), (40.0, 180.0))
BARENTS = ((75.0, 34.0), (75.0, 39.5))

COASTS = {
    # latitude: longitude 5, 14, 27 and 35 nm off the beach
    "namibia": (-24.2, (14.394, 14.223, 13.980, 13.830)),
    "chile": (-21.2, (-70.194, -70.366, -70.614, -70.764)),
    "western_sahara": (24.8, (-14.970, -15.166, -15.539, -15.736)),
    "brazil": (-31.6, (-51.165, -50.906, -50.568, -50.366)),
    "west_australia": (-30.6, (114.991, 114.808, 114.544, 114.387)),
    "mauritania": (19.0, (-16.306, -16.488, -16.858, -17.022)),
    "new_zealand": (-38.4, (174.549, 174.355, 174.074, 173.903)),
    "angola": (-10.3, (13.422, 13.241, 12.983, 12.825)),
}
COAST_NM = (5, 14, 27, 35)

PORTS = {
    # latitude, longitude, bearing to open water
    "SUVA": (-18.1333, 178.4167, 195.0),
    "LAS PALMAS": (28.15, -15.4167, 100.0),
    "HONOLULU": (21.3, -157.8667, 200.0),
    "KAOHSIUNG": (22.6167, 120.2667, 255.0),
    "WALVIS BAY": (-22.95, 14.5, 345.0),
    "CALLAO": (-12.05, -77.15, 290.0),
    "DAKAR": (14.6833, -17.4333, 110.0),
    "CAPE TOWN": (-33.9167, 18.4167, 340.0),
    "PONTA DELGADA": (37.7333, -25.6667, 190.0),
    "PAPEETE": (-17.5333, -149.5833, 330.0),
}


class Atlas:
    """Hands out places, none of them twice, in an order that the seed decides."""

    def __init__(self, rng: np.random.Generator) -> None:
        cells = [
            (float(lat), float(wrap_lon(lon)))
            for south, north, west, east in OCEANS.values()
            for lat in np.arange(south + 1.0, north, 2.5)
            for lon in np.arange(west + 1.0, east, 3.0)
        ]
        self._open = [cells[i] for i in rng.permutation(len(cells))]
        self._rng = rng
        self._coasts = {nm: list(rng.permutation(list(COASTS))) for nm in COAST_NM}
        self._ports = list(rng.permutation(list(PORTS)))
        self._antimeridian = [ANTIMERIDIAN[i] for i in rng.permutation(len(ANTIMERIDIAN))]
        self._polar = [BARENTS[i] for i in rng.permutation(len(BARENTS))]

    def open_sea(self) -> tuple[float, float]:
        """Return a point with more than 75 nm of sea to itself, far from any shore."""
        return self._open.pop()

    def antimeridian(self) -> tuple[float, float]:
        """Return a point at 180 degrees, far from any shore."""
        return self._antimeridian.pop()

    def polar(self) -> tuple[float, float]:
        """Return a point at 75 N in the Barents Sea, more than 100 nm from any shore."""
        return self._polar.pop()

    def off_coast(self, nm: int) -> tuple[float, float]:
        """Return a point `nm` (of COAST_NM) off a straight coast."""
        lat, lons = COASTS[self._coasts[nm].pop()]
        return lat, lons[COAST_NM.index(nm)]

    def port(self) -> tuple[float, float, float]:
        """Return a port: latitude, longitude, bearing to open water."""
        return PORTS[self._ports.pop()]

    def near_port(
        self, port: tuple[float, float, float], km: float, spread_deg: float = 25.0
    ) -> tuple[float, float]:
        """Return a point `km` out of a port, to seaward."""
        lat, lon, out = port
        angle = out + self._rng.uniform(-spread_deg, spread_deg)
        to_lat, to_lon = destination(lat, lon, angle, km * 1000.0)
        return float(to_lat), float(to_lon)


def nm_from(place: tuple[float, float], bearing_deg: float, nm: float) -> tuple[float, float]:
    """Return the point `nm` from a place along a bearing."""
    lat, lon = destination(place[0], place[1], bearing_deg, nm * NM_M)
    return float(lat), float(lon)
