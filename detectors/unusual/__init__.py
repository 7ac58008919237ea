"""Behaviour unlike that of peers: features, directional tails, second opinions, explanations.

A number from here says how unlike its peers a vessel behaved in a window, in the directions that
are declared in `catalogue`. It is no probability and no evidence of a crime; `guard` holds the
text that goes with every score. Nothing here is part of the fold: it reads what a run wrote.
"""
