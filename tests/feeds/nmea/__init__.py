"""Tests of the raw-NMEA reader."""
