"""Satellite scenes for an event, chips cut from them, ships found in them and matched to AIS.

Nothing lives here yet: the room is kept so that imports can be checked one way from the start.
"""
