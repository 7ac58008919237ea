"""Builds vessels/data/ports.parquet from two PyPI packages, harborly and searoute.

Run it with `uv run python -m tools.build_ports`. It needs uv and the network; the house itself
never does. From harborly come the rows of the World Port Index (US National Geospatial-Intelligence
Agency, public domain), not its GeoNames rows. They lack some 100 ports of the present index, among
them Papeete, Brisbane and Abidjan, so the ports of searoute (Apache-2.0) are added where the index
has none within 5 km, unless they lie further than 3 km off the coast and so cannot be right.
"""

import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from vessels.geodesy import distances_m
from vessels.geography import distance_to_shore_m

PACKAGE = "harborly==1.1.4"
MORE = "searoute==1.6.0"
APART_M = 5_000.0
OFFSHORE_M = 3_000.0
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

EXTRACT_MORE = """
import importlib.metadata, json, sys
import pandas, pycountry
root = importlib.metadata.distribution("searoute").locate_file("searoute")
features = json.loads((root / "data" / "ports.geojson").read_text())["features"]
letters = {c.alpha_2: c.alpha_3 for c in pycountry.countries}
rows = [
    (None, p["name"], letters.get(p["port"][:2]), p["port"], g[1], g[0])
    for p, g in ((f["properties"], f["geometry"]["coordinates"]) for f in features)
]
columns = ["provider_id", "canonical_name", "country", "unlocode", "latitude", "longitude"]
pandas.DataFrame(rows, columns=columns).to_csv(sys.stdout, index=False)
"""

SCHEMA = pa.schema(
    [
        pa.field("wpi", pa.int32()),  # World Port Index number; null where it has none
        pa.field("name", pa.string(), nullable=False),
        pa.field("country", pa.string()),  # ISO 3166-1 alpha-3
        pa.field("unlocode", pa.string()),
        pa.field("lat_deg", pa.float64(), nullable=False),
        pa.field("lon_deg", pa.float64(), nullable=False),
    ]
)


def extract(package: str, code: str) -> pd.DataFrame:
    """Return a package's rows with the columns of SCHEMA."""
    command = ["uv", "run", "--no-project", "--with", package, "--with", COUNTRIES]
    command += ["--with", "pandas"]
    done = subprocess.run(
        [*command, "python", "-c", code], check=True, capture_output=True, text=True
    )
    rows = pd.read_csv(io.StringIO(done.stdout), keep_default_na=False, na_values=[""])
    return rows.set_axis([field.name for field in SCHEMA], axis="columns")


def new_ports(index: pd.DataFrame, more: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of `more` that are on a coast and that the index does not have."""
    more = more[more["country"].notna()].sort_values(["unlocode", "name"])
    lat, lon = more["lat_deg"].to_numpy(), more["lon_deg"].to_numpy()
    index_lat, index_lon = index["lat_deg"].to_numpy(), index["lon_deg"].to_numpy()
    near_m = [distances_m(a, o, index_lat, index_lon).min() for a, o in zip(lat, lon, strict=True)]
    on_coast = distance_to_shore_m(lat, lon) <= OFFSHORE_M
    return more[(np.array(near_m) > APART_M) & on_coast]


def main() -> None:
    """Extract the rows, sort them by number and code, and write them."""
    index = extract(PACKAGE, EXTRACT).sort_values("wpi")
    if index["country"].isna().any():
        sys.exit(f"no alpha-3 code for {index[index['country'].isna()]}")
    added = new_ports(index, extract(MORE, EXTRACT_MORE))
    rows = pd.concat([index, added.astype(index.dtypes.drop("wpi").to_dict())], ignore_index=True)
    rows["wpi"] = rows["wpi"].astype("Int32")
    path = DATA / "ports.parquet"
    table = pa.Table.from_pandas(rows, schema=SCHEMA, preserve_index=False)
    pq.write_table(table.replace_schema_metadata(None), path, compression="zstd")
    print(path.name, len(table), "ports", path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
