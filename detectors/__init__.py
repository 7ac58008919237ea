"""Fixes in, events out.

Each detector is a fold over sorted fixes with an explicit, serialisable state, so that files, live
streams and several processes give the same events. May import feeds and vessels.
"""
