"""The stored reference: what is read back is what was written, or an error; who is a peer."""

from pathlib import Path

import numpy as np
import pytest

from detectors.unusual.reference import (
    Reference,
    Traits,
    length_class,
    read_reference,
    write_reference,
)
from tests.detectors.unusual.fleets import fleet
from vessels.errors import InputError


def make(size: int = 120) -> Reference:
    half = np.arange(size) % 2
    traits = Traits(
        np.array(["fishing"] * size),
        half.astype("i4"),
        length_class(np.where(np.arange(size) % 4 == 0, 20.0, 50.0)),
        np.zeros(size, bool),
    )
    keys = np.array([f"{412000000 + i}-1 run" for i in range(size)])
    return Reference("run", keys, traits, fleet(size, 1))


def test_a_reference_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "peers.npz"
    write_reference(path, make())
    again = read_reference(path)
    assert again.hash == make().hash
    np.testing.assert_array_equal(again.values, make().values)


@pytest.mark.parametrize("what", ["value", "cut", "text", "empty"])
def test_a_damaged_reference_is_refused(tmp_path: Path, what: str) -> None:
    path = tmp_path / "peers.npz"
    write_reference(path, make())
    if what == "value":
        with np.load(path) as held:
            parts = dict(held)
        parts["values"][3, 0] += 1.0
        np.savez(path, **parts)
    else:
        data = path.read_bytes()
        path.write_bytes({"cut": data[:-200], "text": b"peers", "empty": b""}[what])
    with pytest.raises(InputError):
        read_reference(path)


def test_the_narrowest_group_that_is_large_enough_counts() -> None:
    reference = make()
    rows, words = reference.peers_of("fishing", 1, 2, class_b=False, min_peers=50)
    assert len(rows) == 60
    assert "length" in words
    rows, words = reference.peers_of("fishing", 0, 2, class_b=False, min_peers=50)
    assert len(rows) == 60  # thirty of its length are too few
    assert "length" not in words
    rows, _ = reference.peers_of("fishing", 0, 2, class_b=False, min_peers=61)
    assert len(rows) == 120
    assert len(reference.peers_of("fishing", 0, 2, class_b=True)[0]) == 0
    assert len(reference.peers_of("unknown", 0, 2, class_b=False)[0]) == 0


def test_length_classes() -> None:
    found = length_class([np.nan, 0.0, 10.0, 24.0, 44.9, 45.0, 80.0])
    assert found.tolist() == [-1, -1, 0, 1, 1, 2, 3]
