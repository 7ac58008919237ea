"""The command `tiles`: images of events, and ships in any GeoTIFF without account or network."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import typer

from darkwake.console import say, say_json, say_table, warn
from vessels.aside import written_aside
from vessels.errors import InputError, StoreError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from imagery.image import Image

_SENSORS = ("auto", "s1", "s2")
_MUCH_CUT_OFF = 0.002
_SENSOR_NAMES = {"s1": "radar (Sentinel-1)", "s2": "optical (Sentinel-2)"}


def tiles(
    arguments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[EVENT_ID]...", help="Events of a run; with --image, more files of the scene."
        ),
    ] = None,
    *,
    image: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE",
            help="GeoTIFF to find ships in, or a .SAFE folder; further files of the same scene,"
            " one a band, may follow.",
        ),
    ] = None,
    sensor: Annotated[
        str, typer.Option(metavar="SENSOR", help=f"One of {', '.join(_SENSORS)}.")
    ] = "auto",
    structures: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Platforms, turbines and rocks (CSV with lat and lon, or points): with --image,"
            " what stands there is no ship.",
        ),
    ] = None,
    learn: Annotated[
        Path | None,
        typer.Option(
            "--learn-structures",
            metavar="FILE",
            help="Write places that show something in most of the --image files, each a scene of"
            " its own day with all its bands, as a list for --structures.",
        ),
    ] = None,
    run: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Result folder of a replay with --tracks."),
    ] = None,
    scenes: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER", help="Folder of scenes to look in, in place of the configured ones."
        ),
    ] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Configuration in TOML.")
    ] = None,
    next_pass: Annotated[
        bool,
        typer.Option("--next-pass", help="Tell when Sentinel-1 and -2 pass next."),
    ] = False,
    tle: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Two-line elements with names; remembered in the imagery cache for later commands"
            " and the watch.",
        ),
    ] = None,
    days: Annotated[
        float, typer.Option(metavar="DAYS", min=0.1, max=60, help="How far ahead to look.")
    ] = 12.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find ships in satellite images: of events of a run, or in a file.

    Example: darkwake tiles e6f2ad19d33628fa --run january-events --scenes radar/

    Example: darkwake tiles --image scene_B02.tif scene_B03.tif scene_B04.tif scene_B08.tif --json

    For an event, scenes that can show it are searched and ranked, ships found in the best are
    matched to AIS, and pictures, rows and map are written into DIR. Several single-band files of
    one scene are one image. Names such as B08 or VV, descriptions and the numbers themselves tell
    the bands and the sensor.
    """
    if image:
        if run or scenes:
            raise UsageError("--image stands alone: neither --run nor --scenes go with it")
        files = [*image, *map(Path, arguments or [])]
        if learn is not None:
            structures_in_images(files, sensor, learn)
        else:
            ships_in_images(files, sensor, structures, as_json=as_json)
    elif next_pass:
        if not (arguments and run):
            raise UsageError("--next-pass needs EVENT_ID... and --run DIR")
        passes_of_events(arguments, run, tle, config, days, as_json=as_json)
    elif arguments and run:
        images_of_events(arguments, run, scenes or [], config, as_json=as_json)
    else:
        raise UsageError("nothing to do: give EVENT_ID... --run DIR, or --image FILE")


def passes_of_events(
    event_ids: Sequence[str],
    run: Path,
    tle: Path | None,
    config: Path | None,
    days: float,
    *,
    as_json: bool,
) -> None:
    """Print when satellites pass next over where events' vessels can be."""
    from darkwake.config import load_settings  # noqa: PLC0415 - as in darkwake/cli.py
    from darkwake.next_pass import elements_for, next_pass  # noqa: PLC0415

    satellites = elements_for(tle, Path(load_settings(config).imagery.cache))
    found = next_pass(run, event_ids, satellites, days)
    if as_json:
        say_json(found)
        return
    columns = ("satellite", "time", "of the area", "direction", "elements")
    for one in found:
        say(f"{one['event_id']}: {one['repeats']}")
        say_table(
            columns,
            (
                (
                    row["satellite"],
                    row["time"],
                    f"{100.0 * row['share']:.0f} %",
                    "ascending" if row["ascending"] else "descending",
                    f"{row['elements_age_days']:.0f} days off"
                    + (", doubtful" if row["doubtful"] else ""),
                )
                for row in one["passes"]
            ),
        )
    say("Whether the instrument is on is the agency's plan: see its acquisition segments.")


def images_of_events(
    event_ids: Sequence[str],
    run: Path,
    folders: Sequence[Path],
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    """Look at events of a run and print what is seen.

    Raises:
        UsageError: the run has no such event, or there is nowhere to look for scenes.
        InputError: the run or a folder of scenes cannot be read.
    """
    from darkwake.config import load_settings  # noqa: PLC0415 - as in darkwake/cli.py
    from darkwake.progress import progress_for_terminal  # noqa: PLC0415
    from darkwake.tiles import tiles_for_events  # noqa: PLC0415
    from darkwake.tiles_providers import providers_of  # noqa: PLC0415

    settings = load_settings(config).imagery
    providers = providers_of(settings, folders)
    with progress_for_terminal() as progress:
        findings = tiles_for_events(run, event_ids, providers, settings, progress.stage)
    if as_json:
        say_json(findings)
        return
    for finding in findings:
        say(f"{finding['event_id']}: {finding['answer']}")
        for line in (*finding["says"], *finding["notes"]):
            say(f"  {line}")
    say(f"Pictures and rows are in {run / 'tiles'}; the map shows them.")


def ships_in_images(
    paths: Sequence[Path], sensor: str, structures: Path | None = None, *, as_json: bool
) -> None:
    """Find ships in the files of one scene and print them; what stands in `structures` is none.

    Raises:
        UsageError: there is no such sensor.
        InputError: the files are no usable image.
    """
    if sensor not in _SENSORS:
        raise UsageError(f"--sensor {sensor}: one of {', '.join(_SENSORS)}")
    from imagery.opening import open_image  # noqa: PLC0415 - GDAL and numba are slow to load
    from imagery.ships import find_ships  # noqa: PLC0415 - as above

    image = open_image(paths, cast("Literal['auto', 's1', 's2']", sensor))
    warnings = _doubts(image, paths[0])
    for text in warnings:
        warn(text)
    if image.geometry.kind == "none" and structures is not None:
        raise InputError("tells no place: --structures is of no use", path=str(paths[0]))
    ships = find_ships(image)
    if structures is not None:
        from imagery.structures import read_structures, without_structures  # noqa: PLC0415

        ships = without_structures(ships, read_structures(structures))
    if as_json:
        say_json(to_geojson(image, ships, warnings))
    else:
        _print(image, ships)


def _doubts(image: "Image", path: Path) -> list[str]:
    """Return what makes the answer for an image doubtful, a line each."""
    warnings = []
    if image.geometry.kind == "none":
        warnings.append(
            f"{path}: has no coordinate reference system and no ground control points:"
            " rows and columns are told, no positions; the top is taken for north,"
            f" a pixel for {image.pixel_m:g} m"
        )
    if image.sensor == "s1":
        from imagery.radar import cut_off_share  # noqa: PLC0415 - as above

        share = cut_off_share(image)
        if share > _MUCH_CUT_OFF:
            warnings.append(
                f"{path}: {share:.1%} of its pixels stand at 255, the end of an 8-bit scale:"
                " ships are cut off there, and many cannot be told from the sea; use the 16-bit"
                " numbers, or a picture stretched less"
            )
    return warnings


def structures_in_images(paths: Sequence[Path], sensor: str, out: Path) -> None:
    """Learn fixed structures from scenes of several days, a file or folder each; write a CSV.

    Raises:
        UsageError: there is no such sensor, or scenes are fewer than three.
        InputError: a file is no usable image, or tells no place.
        StoreError: the list cannot be written.
    """
    from imagery.opening import open_image  # noqa: PLC0415 - GDAL and numba are slow to load
    from imagery.ships import find_ships  # noqa: PLC0415 - as above
    from imagery.structures import LEAST_SCENES, learn_structures  # noqa: PLC0415

    if sensor not in _SENSORS:
        raise UsageError(f"--sensor {sensor}: one of {', '.join(_SENSORS)}")
    if len(paths) < LEAST_SCENES:
        raise UsageError(f"--learn-structures needs {LEAST_SCENES} scenes, each of another day")
    tables = []
    for path in paths:
        image = open_image([path], cast("Literal['auto', 's1', 's2']", sensor))
        if image.geometry.kind == "none":
            raise InputError("tells no place: nothing can be learnt from it", path=str(path))
        tables.append(find_ships(image))
    places = learn_structures(tables)
    lines = ["lat,lon", *(f"{lat:.6f},{lon:.6f}" for lat, lon in places.tolist())]
    try:
        with written_aside(out) as aside:
            aside.write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{out}: cannot be written: {error}") from error
    say(f"{len(places)} fixed places in {len(paths)} scenes are in {out}")


def to_geojson(image: "Image", ships: "pa.Table", warnings: Sequence[str]) -> dict[str, Any]:
    """Return ships as a GeoJSON FeatureCollection of points.

    The image's facts ride along, and what makes the answer doubtful, as it is told on stderr.

    Where the image tells no place, a ship's geometry is null, as RFC 7946 has it.
    """
    features = []
    for row in ships.to_pylist():
        lat, lon = row.pop("lat"), row.pop("lon")
        point = None if lat is None else {"type": "Point", "coordinates": [lon, lat]}
        features.append({"type": "Feature", "geometry": point, "properties": row})
    return {
        "type": "FeatureCollection",
        "features": features,
        "image": {
            "files": list(image.provenance.get("files", [])),
            "sensor": image.sensor,
            "bands": list(image.bands),
            "rows": image.shape[0],
            "columns": image.shape[1],
            "pixel_m": round(image.pixel_m, 3),
            "placed_by": image.geometry.kind,
            "time": image.time.isoformat().replace("+00:00", "Z") if image.time else None,
        },
        "warnings": list(warnings),
    }


def _print(image: "Image", ships: "pa.Table") -> None:
    columns = ("score", "lat", "lon", "length m", "width m", "heading", "row", "col", "notes")
    say_table(
        columns,
        (
            (
                f"{ship['score']:.2f}",
                _degrees(ship["lat"]),
                _degrees(ship["lon"]),
                f"{ship['length_m']:.0f}",
                f"{ship['width_m']:.0f}",
                "-" if ship["heading_deg"] is None else f"{ship['heading_deg']:.0f}",
                f"{ship['row']:.1f}",
                f"{ship['col']:.1f}",
                ", ".join(ship["flags"]).replace("_", " ") or "-",
            )
            for ship in ships.to_pylist()
        ),
    )
    say(
        f"{ships.num_rows} ships in {image.shape[1]} x {image.shape[0]} pixels of"
        f" {image.pixel_m:.1f} m, {_SENSOR_NAMES[image.sensor]}, bands {', '.join(image.bands)}."
    )


def _degrees(value: float | None) -> str:
    return "-" if value is None else f"{value:.5f}"
