"""Benchmarks: JSON lines to stdout, with peers measured in the same run. Run one by name."""
