"""Detectors by definition, by boundary, and by the known faults of the reference code."""
