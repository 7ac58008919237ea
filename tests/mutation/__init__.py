"""Moves one threshold at a time and sees whether a test fails: `python -m tests.mutation`."""
