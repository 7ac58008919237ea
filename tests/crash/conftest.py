"""Fixtures of the crash sweep: a real PostgreSQL besides SQLite."""

from tests.postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]
