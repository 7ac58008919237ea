"""Evidence: what one event rests on, in one file, and the event found anew from that file alone.

`gather` chooses what is needed, `bundle` writes and reads the file, `fold` finds the event anew
with the one detection code path, `verify` compares. docs/evidence.md tells what a bundle proves.
"""
