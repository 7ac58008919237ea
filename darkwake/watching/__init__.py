"""The watch service: live feeds through the one detection fold into a store that survives a kill.

`Service` runs it (service.py). Rows are durable in the journal before they count (journal.py); the
finder folds and tells them (finder.py); what changed goes to the store in one transaction with the
outbox (store.py). docs/watch.md says what is promised.
"""
