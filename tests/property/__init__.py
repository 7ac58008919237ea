"""The five laws, on generated and real streams."""
