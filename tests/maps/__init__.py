"""Tests of the offline pages."""
