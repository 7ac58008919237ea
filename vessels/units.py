"""Unit conversions used across the house. Names say the unit on both sides."""

M_PER_NM = 1852.0
"""Metres in one international nautical mile (exact, by definition of 1929)."""
KM_PER_NM = 1.852
MPS_PER_KNOT = M_PER_NM / 3600.0
US_PER_S = 1_000_000
US_PER_MIN = 60 * US_PER_S
US_PER_H = 3600 * US_PER_S
US_PER_DAY = 24 * US_PER_H
EARTH_RADIUS_M = 6_371_008.8
"""Mean Earth radius R1 (IUGG, GRS 80), metres. Great circles on it are within 0.56 % of WGS84."""
