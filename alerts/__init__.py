"""Who is told, when, and how.

Nothing lives here yet: the room is kept so that imports can be checked one way from the start.
"""
