"""Settings of a cluster that a replay runs on."""

from pydantic import Field

from darkwake.section import OURS, Section, quantity


class Cluster(Section):
    """A Dask cluster, where `darkwake replay --scheduler` names one."""

    parts: int = quantity(
        0,
        "Parts that the numbers are divided into; 0 takes four for each worker.",
        unit="parts",
        source=OURS,
        ge=0,
        le=65_536,
    )
    connect_timeout_s: float = quantity(
        10.0,
        "How long to wait for the scheduler, and for its first worker.",
        unit="s",
        source=OURS,
        gt=0,
        le=3600,
    )
    tls_ca_file: str = Field(
        default="",
        description="Certificates of the authority that signed those of the cluster, as PEM; Dask's"
        " own configuration where it is empty.",
    )
    tls_cert_file: str = Field(default="", description="Our certificate, as PEM; likewise.")
    tls_key_file: str = Field(default="", description="Its key, as PEM; likewise.")
