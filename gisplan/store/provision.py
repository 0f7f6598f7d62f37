"""Which PostGIS server serves the private cluster: named, installed, or unpacked for us."""

from __future__ import annotations

from pathlib import Path

from gisplan.errors import ClusterError
from gisplan.settings import Settings
from gisplan.store.debian_packages import unpack_postgis
from gisplan.store.installation import Installation, find_installation, get_installation


def provide_installation(settings: Settings, data_version: int | None) -> Installation:
    """Return a server with PostGIS, of the version that wrote the data where there are data.

    Raises
    ------
    ClusterError
        There is none and none can be unpacked, or only one that cannot read the data.
    """
    if settings.pg_bindir is not None:
        return _check_version(get_installation(settings.pg_bindir), data_version)
    private_prefix = settings.home / "packages" / "postgis"
    prefixes = [private_prefix] if settings.private_packages else [Path("/"), private_prefix]
    for prefix in prefixes:
        found = find_installation(prefix=prefix, major_version=data_version)
        if found is not None:
            return found
    unpack_postgis(private_prefix, major_version=data_version)
    unpacked = find_installation(prefix=private_prefix, major_version=data_version)
    if unpacked is None:
        raise ClusterError(f"the packages unpacked into {private_prefix} hold no PostGIS server")
    return unpacked


def _check_version(installation: Installation, data_version: int | None) -> Installation:
    if data_version in (None, installation.major_version):
        return installation
    raise ClusterError(
        f"the cluster was written by PostgreSQL {data_version}, and {installation.bin_folder} is "
        f"version {installation.major_version}; name a server of version {data_version}"
    )
