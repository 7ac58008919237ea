"""The review desk: a small web application over the store of a watch, for people in a browser.

Exports nothing: `serving.serve` runs it. It finds nothing and mails nothing; it shows what a watch
has stored, and moves alerts by the functions that the `darkwake alerts` commands use. Starlette and
uvicorn are imported here alone, and this room is imported by `darkwake desk` alone.
"""
