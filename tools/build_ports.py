"""Builds vessels/data/ports.parquet from the World Port Index rows in the PyPI package harborly.

Run it with `uv run python -m tools.build_ports`. It needs uv and the network; the house itself
never does. Only rows whose provider is the World Port Index (US National Geospatial-Intelligence
Agency, public domain) are taken; the package's GeoNames rows are not.
"""

import io
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

PACKAGE = "harborly==1.1.4"
COUNTRIES = "pycountry==24.6.1"
DATA = Path(__file__).resolve().parent.parent / "vessels" / "data"

# Runs beside the package, in an environment of its own, and prints CSV.
EXTRACT = """
import importlib.metadata, sys
import pandas, pycountry
root = importlib.metadata.distribution("harborly").locate_file("harborly")
rows = pandas.read_parquet(root / "data" / "port_registry.parquet")
rows = rows[rows["provider"] == "NGA_WPI"]
letters = {c.alpha_2: c.alpha_3 for c in pycountry.countries}
letters |= {"XU": "UMI", "QM": "UMI", "QW": "UMI"}  # the source's codes of three US islands
rows["country"] = rows["country_code"].map(letters)
columns = ["provider_id", "canonical_name", "country", "unlocode", "latitude", "longitude"]
rows[columns].to_csv(sys.stdout, index=False)
"""

SCHEMA = pa.schema(
    [
        pa.field("wpi", pa.int32(), nullable=False),  # World Port Index number
        pa.field("name", pa.string(), nullable=False),
        pa.field("country", pa.string()),  # ISO 3166-1 alpha-3
        pa.field("unlocode", pa.string()),
        pa.field("lat_deg", pa.float64(), nullable=False),
        pa.field("lon_deg", pa.float64(), nullable=False),
    ]
)


def extract() -> pd.DataFrame:
    """Return the package's World Port Index rows."""
    command = ["uv", "run", "--no-project", "--with", PACKAGE, "--with", COUNTRIES]
    done = subprocess.run(
        [*command, "python", "-c", EXTRACT], check=True, capture_output=True, text=True
    )
    return pd.read_csv(io.StringIO(done.stdout), keep_default_na=False, na_values=[""])


def main() -> None:
    """Extract the rows, sort them by number and write them."""
    rows = extract()
    rows = rows.set_axis([field.name for field in SCHEMA], axis="columns").sort_values("wpi")
    if rows["country"].isna().any():
        sys.exit(f"no alpha-3 code for {rows[rows['country'].isna()]}")
    path = DATA / "ports.parquet"
    table = pa.Table.from_pandas(rows, schema=SCHEMA, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), path, compression="zstd")
    print(path.name, len(table), "ports", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
