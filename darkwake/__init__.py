"""The application: command line, configuration, and the engine that drives everything.

May import every other room; nothing imports it.
"""
