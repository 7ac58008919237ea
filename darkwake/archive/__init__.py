"""The archive: what was heard, kept as Parquet by day and cell, for replays and for questions.

A watch appends to it as it runs, `darkwake archive add` brings files in, `compact` puts both into
their final order, `query` asks it, and a replay reads it as any other folder. docs/archive.md tells
the layout; there is one, whoever writes.
"""
