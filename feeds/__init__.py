"""Where positions come from.

`read` finds a file's format by content and streams it as tables of the house schema; every row is
decoded or counted under one reason in a `ReadReport`. May import vessels.
"""
