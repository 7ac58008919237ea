"""Tests of the application: command line, configuration, result files."""
