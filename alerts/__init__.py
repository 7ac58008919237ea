"""Who is told, when, and how.

`database` opens the store, `book` takes the events of a watch into it together with what must be
sent, `outbox` sends it, `lifecycle` moves an alert from open to closed. Subscriptions are plain
data in `rules`; mail is written in `compose` from the words in `locale/`.
"""
