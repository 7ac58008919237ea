"""A replay on many machines: Dask workers read files and fold vessels; this process judges.

`driver` is the third driver of the one fold. `tasks` is what runs on workers, `client` how they are
reached, `outputs` how what they found is written down. docs/scale.md tells how it is used.
"""
