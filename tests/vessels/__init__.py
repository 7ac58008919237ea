"""Tests of what a vessel is and where it has been."""
