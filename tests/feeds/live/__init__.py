"""Live sources against real servers on loopback."""
