"""The watch service: the same findings as a replay, and nothing lost whatever happens."""
