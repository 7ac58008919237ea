"""Fixtures of the watch's tests: each store in turn, SQLite and a real PostgreSQL."""

from tests.postgres import postgres_server, postgres_url, store_url

__all__ = ["postgres_server", "postgres_url", "store_url"]
