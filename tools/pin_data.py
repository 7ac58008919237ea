"""Pins the hashes of the shipped data files: `uv run python -m tools.pin_data`.

Run it after a build script has written a data file, and look at what changed before committing.
"""

from darkwake.shipped import PINS, sha256_of, shipped_files

if __name__ == "__main__":
    lines = [f"{sha256_of(path)}  {path}\n" for path in shipped_files()]
    PINS.write_text("".join(lines), encoding="utf-8")
    print(f"{len(lines)} files pinned in {PINS.name}")
