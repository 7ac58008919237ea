"""The review desk, over real HTTP and in a real browser."""
