"""Hostile input for every parser of outside bytes: short in CI, long by `python -m tests.fuzz`.

Nothing may raise what it does not document, hang, or take memory without bound. An input is a
sound sample with a few edits; what comes out is checked against the house schema's promises.
"""
