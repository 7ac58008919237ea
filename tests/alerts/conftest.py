"""The stores that these tests run over."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from alerts.database import open_database
from tests.postgres import postgres_server, postgres_url, store_url

__all__ = ["engine", "postgres_server", "postgres_url", "store_url"]


@pytest.fixture
def engine(store_url: str) -> Iterator[Engine]:
    """An open, empty store."""
    opened = open_database(store_url)
    yield opened
    opened.dispose()
