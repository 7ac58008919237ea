"""An evidence bundle gives its event anew, tells what was changed in it, and harms nobody."""

import hashlib
import json
import shutil
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from darkwake.cli import app
from darkwake.config import Settings
from darkwake.evidence import bundle as bundles
from darkwake.evidence.features import differences
from darkwake.evidence.make import make_bundle
from darkwake.evidence.sources import from_run
from darkwake.evidence.tables import TableError, from_parquet
from darkwake.evidence.verify import verify
from darkwake.evidence.witnesses import feed_witnesses
from darkwake.options import ReplayOptions
from darkwake.run import run_replay
from darkwake.shipped import TREE
from detectors.parameters import Parameters
from detectors.surroundings import Surroundings
from feeds.liveness import follow_feed, new_state, outages_until
from vessels.errors import ConfigError, InputError
from vessels.fixes import Fixes, sort_fixes

MIN_US = 60_000_000


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("evidence") / "run"
    options = ReplayOptions(
        paths=(str(TREE / "darkwake" / "data" / "demo.nmea.gz"),),
        out=out,
        tracks=True,
        draw_map=False,
    )
    run_replay(options, Settings())
    return out


@pytest.fixture(scope="module")
def ids(run):
    features = json.loads((run / "events.geojson").read_text(encoding="utf-8"))["features"]
    return {f["properties"]["type"]: f["id"] for f in features}


@pytest.fixture(scope="module")
def sound(run, ids, tmp_path_factory):
    """Return a bundle of a dark period."""
    path = tmp_path_factory.mktemp("bundle") / "evidence.zip"
    make_bundle(from_run(run, ids["dark_period"], Settings()), path)
    return path


def files_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def written(path, files):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def sealed(files):
    """Return the files with a manifest that fits them: what a forger would do."""
    manifest = json.loads(files["manifest.json"])
    for name, told in manifest["files"].items():
        told["sha256"] = hashlib.sha256(files[name]).hexdigest()
    return {**files, "manifest.json": json.dumps(manifest).encode()}


def test_every_event_of_a_run_comes_out_of_its_bundle(run, ids, tmp_path):
    assert len(ids) >= 5
    for event_id in ids.values():
        path = tmp_path / "evidence.zip"
        seal = make_bundle(from_run(run, event_id[:8], Settings()), path)
        verdict = verify(path, Surroundings())
        assert verdict.differs == []
        assert verdict.bundle.seal == seal
        assert verdict.bundle.event["id"] == event_id


def test_equal_evidence_is_an_equal_file_and_a_small_one(run, ids, sound, tmp_path):
    again = tmp_path / "again.zip"
    make_bundle(from_run(run, ids["dark_period"], Settings()), again)
    assert again.read_bytes() == sound.read_bytes()
    assert again.stat().st_size < 400_000
    assert sorted(files_of(again)) == sorted(bundles.LIMITS)


def test_the_commands(run, ids, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    made = runner.invoke(app, ["evidence", ids["encounter"][:6], "--run", str(run)])
    assert made.exit_code == 0, made.output
    name = f"evidence-{ids['encounter']}.zip"
    assert made.stdout.startswith(f"{name}: evidence of event {ids['encounter']}, seal ")
    good = runner.invoke(app, ["verify", name])
    assert good.exit_code == 0
    assert "comes out the same" in good.stdout
    told = json.loads(runner.invoke(app, ["verify", name, "--json"]).stdout)
    assert told["same"]
    assert told["differs"] == []
    files = files_of(tmp_path / name)
    feature = json.loads(files["event.json"])
    feature["properties"]["details"]["median_distance_m"] = 1.0
    files["event.json"] = json.dumps(feature).encode()
    written(tmp_path / "changed.zip", sealed(files))
    bad = runner.invoke(app, ["verify", "changed.zip"])
    assert bad.exit_code == 1
    assert "details.median_distance_m" in bad.stdout
    assert runner.invoke(app, ["evidence", "ffff"]).exit_code == 2
    assert runner.invoke(app, ["evidence", "ffffff", "--run", str(run)]).exit_code == 4
    assert runner.invoke(app, ["verify", "missing.zip"]).exit_code == 4


def test_a_fix_that_was_moved_is_noticed_even_with_a_new_manifest(sound, tmp_path):
    files = files_of(sound)
    table = pq.read_table(pa.BufferReader(files["fixes.parquet"]))
    silence = json.loads(files["event.json"])["properties"]
    first = np.datetime64(silence["start"].removesuffix("Z"), "us").astype("i8")
    at = int(np.flatnonzero(table["time_us"].to_numpy() == first)[0])
    lat = table["lat_deg"].to_numpy().copy()
    lat[at] += 0.01
    sink = pa.BufferOutputStream()
    pq.write_table(table.set_column(2, "lat_deg", pa.array(lat)), sink)
    files["fixes.parquet"] = sink.getvalue().to_pybytes()
    verdict = verify(written(tmp_path / "moved.zip", sealed(files)), Surroundings())
    assert verdict.differs
    assert verdict.differs[0][0] == "event_id"  # it starts elsewhere: it is another event


def changed(files, name, data):
    return {**files, name: data}


BAD = {
    "a hash differs": lambda f: changed(f, "map.html", b"<p>another page</p>"),
    "a file has a strange name": lambda f: {
        **{k: v for k, v in f.items() if k != "map.html"},
        "../map.html": b"",
    },
    "an absolute name": lambda f: {
        **{k: v for k, v in f.items() if k != "map.html"},
        "/etc/cron.d/x": b"",
    },
    "a file more": lambda f: {**f, "more.txt": b""},
    "a file less": lambda f: {k: v for k, v in f.items() if k != "voyages.parquet"},
    "a bomb": lambda f: sealed(changed(f, "map.html", b"0" * (65 << 20))),
    "a manifest of another format": lambda f: changed(f, "manifest.json", b'{"format": "x"}'),
    "no manifest": lambda f: changed(f, "manifest.json", b"[]"),
    "a deep manifest": lambda f: changed(f, "manifest.json", b"[" * 100_000),
    "another event": lambda f: sealed(changed(f, "event.json", b'{"properties": {}}')),
    "a table that is none": lambda f: sealed(changed(f, "fixes.parquet", b"PAR1 no PAR1")),
    "another table": lambda f: sealed(changed(f, "fixes.parquet", f["statements.parquet"])),
    "a threshold out of bounds": lambda f: sealed(
        changed(
            f,
            "parameters.json",
            f["parameters.json"].replace(b'min_duration_h": 12.0', b'min_duration_h": -1'),
        )
    ),
    "a threshold of no name": lambda f: sealed(
        changed(f, "parameters.json", b'{"detectors.dark_period.no_such": 1}')
    ),
}


@pytest.mark.parametrize("how", BAD)
def test_what_was_tampered_with_is_refused_with_one_line(sound, tmp_path, how):
    path = written(tmp_path / "bad.zip", BAD[how](files_of(sound)))
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as refused:
        verify(path, Surroundings())
    assert "\n" not in str(refused.value)
    assert str(refused.value).startswith(str(path))
    assert sorted(tmp_path.rglob("*")) == before  # nothing is unpacked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("lat_deg", value) for value in (91.0, np.nan)),
        *(("lon_deg", 181.0), ("mmsi", -1), ("time_us", 1 << 62), ("time_us", 0)),
        *(("ais_class", 3), ("receiver", 200), ("sog_knots", np.inf)),
    ],
)
def test_values_that_no_fix_can_have_never_reach_a_kernel(sound, name, value):
    files = files_of(sound)
    table = pq.read_table(pa.BufferReader(files["fixes.parquet"]))
    column = table[name].to_numpy().copy()
    column[0] = value
    at = table.column_names.index(name)
    sink = pa.BufferOutputStream()
    pq.write_table(table.set_column(at, name, pa.array(column)), sink)
    judged_us = json.loads(files["manifest.json"])["judged_us"]
    with pytest.raises(TableError, match=name):
        from_parquet(
            {**files, "fixes.parquet": sink.getvalue().to_pybytes()},
            judged_us=judged_us,
            whole=False,
        )


def test_bytes_that_are_no_zip_are_refused(sound, tmp_path):
    data = sound.read_bytes()
    for number, part in enumerate([b"", b"PK", data[:-100], data[100:], data + b"more"]):
        path = tmp_path / f"{number}.zip"
        path.write_bytes(part)
        with pytest.raises(InputError):
            verify(path, Surroundings())


@settings(max_examples=40)
@given(st.data())
def test_a_flipped_byte_is_refused_or_changes_nothing(sound, data):
    whole = bytearray(sound.read_bytes())
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    path = sound.with_name("flipped.zip")
    path.write_bytes(whole)
    try:
        read = bundles.read_bundle(path)
    except InputError:
        return
    assert read.seal == bundles.read_bundle(sound).seal


def test_a_run_without_tracks_or_with_other_zones_is_refused(run, ids, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(run, bare, ignore=shutil.ignore_patterns("tracks.parquet"))
    with pytest.raises(InputError, match="--tracks"):
        from_run(bare, ids["encounter"], Settings())
    zones = tmp_path / "zones"
    shutil.copytree(run, zones)
    record = json.loads((zones / "run.json").read_text(encoding="utf-8"))
    record["learnt"]["zones"] = {"sha256": "00"}
    (zones / "run.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(ConfigError, match="other zones"):
        from_run(zones, ids["encounter"], Settings())


def test_an_event_that_the_tracks_do_not_give_gets_no_bundle(run, ids, tmp_path):
    wanted = from_run(run, ids["dark_period"], Settings())
    wanted.told["properties"]["confidence"] = 0.001
    with pytest.raises(InputError, match="another confidence"):
        make_bundle(wanted, tmp_path / "no.zip")
    assert not (tmp_path / "no.zip").exists()


def test_differences_name_details_and_leave_the_history_out():
    one = {"properties": {"event_id": "a", "replaces": "b", "details": {"x": 1}}, "geometry": {}}
    two = {"properties": {"event_id": "a", "replaces": None, "details": {"x": 2}}, "geometry": {}}
    assert differences(one, two) == [("details.x", 1, 2)]
    assert differences(one, None) == [("event_id", "a", None)]


def fleet(minutes, numbers):
    """Return fixes, a minute and a number each, sorted."""
    n = len(minutes)
    blank = np.full(n, np.nan, "f4")
    return sort_fixes(
        Fixes(
            np.asarray(numbers, "i4") + 219_000_000,
            np.asarray(minutes, "i8") * MIN_US,
            np.zeros(n),
            np.zeros(n),
            *(blank, blank, blank),
            *(np.zeros(n, "u1") for _ in range(4)),
        )
    )[0]


@given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 9)), min_size=1, max_size=200))
def test_witnesses_prove_the_same_outages_as_all_fixes(heard):
    fixes = fleet(*zip(*heard, strict=True))
    parameters = Parameters()
    dark = parameters.dark_period
    limits = dark.feed_silence_min, dark.feed_min_numbers
    few = feed_witnesses(fixes, parameters)
    now_us = 4000 * MIN_US
    outages = [
        outages_until(follow_feed(new_state(), part.mmsi, part.time_us, *limits), now_us, *limits)
        for part in (fixes, few)
    ]
    assert np.array_equal(*outages)
