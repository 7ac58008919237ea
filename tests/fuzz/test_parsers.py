"""The short form: hypothesis looks for an input that breaks a parser, and shrinks it."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.edits import OPERATIONS, Edit, apply
from tests.fuzz.targets import Target, targets

_NAMES = [
    "nmea_reference",
    "nmea_stream",
    "nmea_stream_raw",
    "json_ais_catcher",
    "json_aisstream",
    "nmea_full",
    "gzip_body",
    "cursor",
    "track_file",
    "config_toml",
    "vessel_list",
    "zones_file",
    "evidence_tables",
]
_DEAR = ("track_file", "config_toml", "vessel_list", "zones_file", "evidence_tables")
EDITS = st.lists(
    st.builds(
        Edit,
        st.sampled_from(OPERATIONS),
        st.integers(0, 1 << 20),
        st.integers(0, 1 << 12),
        st.integers(0, (1 << 32) - 1),
    ),
    max_size=6,
)


@pytest.fixture(scope="module")
def all_targets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Target]:
    return {target.name: target for target in targets(tmp_path_factory.mktemp("fuzz"))}


def test_every_target_is_tried_here(all_targets: dict[str, Target]) -> None:
    assert sorted(all_targets) == sorted(_NAMES)
    assert sum(target.share for target in all_targets.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("name", _NAMES)
def test_no_input_breaks_a_parser(name: str, all_targets: dict[str, Target]) -> None:
    target = all_targets[name]

    @settings(
        max_examples=40 if name in _DEAR else 150,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(
        sample=st.sampled_from(target.samples),
        edits=EDITS,
        repair=st.booleans(),
    )
    def search(sample: bytes, edits: list[Edit], repair: bool) -> None:  # noqa: FBT001 - drawn
        target.run(apply(sample, edits, repair=repair))

    search()


@pytest.mark.parametrize("name", _NAMES)
def test_sound_samples_and_plain_noise_pass(name: str, all_targets: dict[str, Target]) -> None:
    target = all_targets[name]
    for data in (*target.samples, b"", b"\n", os.urandom(2_000), b"\0" * 5_000, b"[" * 9_000):
        target.run(data)


def test_edits_reach_behind_the_checksum() -> None:
    from tests.feeds.live.common import line, recorded

    flip = [Edit("flip", line(1).index(b",A,") + 12, 0, 1)]
    repaired, broken = (apply(line(1), flip, repair=repair) for repair in (True, False))
    assert repaired != line(1)
    assert recorded(line(2) + repaired)[1].rows_decoded == 2
    assert recorded(line(2) + broken)[1].rejected == {"bad_checksum": 1}
