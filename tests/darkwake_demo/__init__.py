"""Tests of the demo and its shipped sentences."""
