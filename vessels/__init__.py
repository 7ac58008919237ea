"""What a vessel is and where it has been.

Numbers (MMSI, IMO, flag), identities over time, fixes split into hulls, geography (land, distance
to shore, ports), geodesy, the one clock, and the house schema. Imports nothing else of the house.
"""
