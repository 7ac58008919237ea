"""Scripts that build the small data files which the packages ship. Not installed."""
