"""The commands of `darkwake archive`."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from darkwake.arguments import (
    parse_bbox,
    parse_columns,
    parse_format,
    parse_paths,
    parse_range,
    parse_time,
)
from darkwake.console import say, say_json, say_table
from vessels.errors import StoreError, UsageError

TABLE_ROWS = 50
_TABLE = ("mmsi", "time", "lat_deg", "lon_deg", "sog_knots", "cog_deg", "nav_status", "name")

archive_app = typer.Typer(
    help="Tracks kept as Parquet by day and cell.", rich_markup_mode=None, no_args_is_help=True
)
ArchiveOption = Annotated[
    Path, typer.Option("--archive", metavar="DIR", help="Folder of the archive.")
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@archive_app.callback()
def archive() -> None:
    """Tracks kept as Parquet by day and cell."""


@archive_app.command()
def add(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH", help="AIS files, folders or globs.")
    ],
    *,
    archive: ArchiveOption,
    file_format: Annotated[str, typer.Option("--format", metavar="FORMAT")] = "auto",
    columns: Annotated[
        str | None, typer.Option(metavar="NAME=COL,...", help="As for replay.")
    ] = None,
    start_time: Annotated[
        str | None,
        typer.Option(metavar="T", help="Time of the first line of a log without any time."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Add AIS files to an archive; rows that it holds already are dropped.

    Example: darkwake archive add january/*.csv.gz --archive tracks

    Each file is added whole or not at all, and every row is counted. Adding again changes nothing.
    """
    from darkwake.archive.add import add_files  # noqa: PLC0415 - see darkwake/cli.py
    from darkwake.progress import progress_for_terminal  # noqa: PLC0415
    from darkwake.reading import Reading  # noqa: PLC0415

    reading = Reading(
        format=parse_format(file_format),
        columns=parse_columns(columns),
        start_time_us=parse_time("--start-time", start_time),
    )
    with progress_for_terminal() as progress:
        added = add_files(parse_paths(paths), archive, reading, progress)
    if as_json:
        from dataclasses import asdict  # noqa: PLC0415

        say_json([asdict(one) for one in added])
        return
    say_table(
        ("file", "rows", "added", "there already", "rejected"),
        (
            (one.path, one.rows_read, one.rows_added, one.rows_there, sum(one.rejected.values()))
            for one in added
        ),
    )


@archive_app.command()
def compact(
    *,
    archive: ArchiveOption,
    before: Annotated[
        str | None, typer.Option(metavar="T", help="Leave this day and later ones as they are.")
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Put an archive in order: one file a day and cell, and each vessel's months together.

    Example: darkwake archive compact --archive tracks

    A watch does this by itself for the days that late rows no longer reach.
    """
    from darkwake.archive.compact import compact as compact_archive  # noqa: PLC0415
    from darkwake.archive.layout import day_of, days  # noqa: PLC0415
    from darkwake.archive.numbers import months  # noqa: PLC0415
    from darkwake.archive.writer import rows_in  # noqa: PLC0415

    before_us = parse_time("--before", before)
    if not days(archive):
        raise StoreError(f"{archive}: there is no archive here")
    limit = None if before_us is None else day_of(before_us)
    gone = compact_archive(archive, limit)
    told: dict[str, Any] = {
        "files_merged_away": gone,
        "rows": rows_in(archive),
        "months_by_number": sorted(months(archive)),
    }
    if as_json:
        say_json(told)
        return
    say(f"{gone} files merged away; {told['rows']} rows; {len(told['months_by_number'])} months.")


@archive_app.command()
def query(
    *,
    archive: ArchiveOption,
    mmsi: Annotated[
        list[int] | None, typer.Option(metavar="N", help="Number of a vessel; may be repeated.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", metavar="T", help="Leave out what is earlier.")
    ] = None,
    to: Annotated[str | None, typer.Option(metavar="T", help="Leave out what is later.")] = None,
    bbox: Annotated[
        str | None, typer.Option(metavar="W,S,E,N", help="Leave out positions outside, in degrees.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write .csv, .parquet or .jsonl; else print a table."),
    ] = None,
    form: Annotated[
        str, typer.Option("--print", metavar="FORM", help="table, csv or jsonl.")
    ] = "table",
    as_json: JsonFlag = False,
) -> None:
    """Print or write rows of an archive, by number, time and box, in order of number and time.

    Example: darkwake archive query --archive tracks --mmsi 563012345 --from 2025-01-01 --out a.csv
    """
    from darkwake.archive.answers import form_of, print_rows, write_answer  # noqa: PLC0415
    from darkwake.archive.query import find  # noqa: PLC0415
    from darkwake.archive.question import Query  # noqa: PLC0415

    if form not in ("table", "csv", "jsonl"):
        raise UsageError(f"--print: {form!r} is not one of table, csv, jsonl")
    from_us, to_us = parse_range(from_, to)
    asked = Query(mmsi=tuple(mmsi or ()), from_us=from_us, to_us=to_us, bbox=parse_bbox(bbox))
    if out is not None:
        form_of(out)
    tables = find(archive, asked)
    if out is not None:
        say(f"{write_answer(out, tables)} rows written to {out}")
    elif as_json or form != "table":
        print_rows(sys.stdout, tables, "json" if as_json else form)
    else:
        _say_rows(tables)


def _say_rows(tables: Any) -> None:
    from darkwake.archive.answers import rows_of  # noqa: PLC0415

    shown: list[dict[str, Any]] = []
    rows = 0
    for table in tables:
        if len(shown) < TABLE_ROWS:
            shown += list(rows_of([table.slice(0, TABLE_ROWS - len(shown))]))
        rows += table.num_rows
    say_table(_TABLE, ([row[name] for name in _TABLE] for row in shown))
    more = f", {len(shown)} shown; --out FILE writes all" if rows > len(shown) else ""
    say(f"{rows} rows{more}")
