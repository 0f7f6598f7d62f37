"""What the surroundings decide: where data live, which database serves, where results go.

Every setting is an environment variable, ``GISPLAN_`` and its name, but for ``DATABASE_URL``.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from gisplan.errors import InputError


def find_default_home() -> Path:
    """Return the data folder of whoever runs us; root's own home is closed to the server's user."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/gisplan")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "gisplan"


class Settings(BaseSettings):
    """The settings of one process, read once from the environment."""

    model_config = SettingsConfigDict(
        env_prefix="GISPLAN_", env_ignore_empty=True, frozen=True, populate_by_name=True
    )

    home: Path = Field(default_factory=find_default_home)
    """Folder of the private cluster, of unpacked packages and of caches."""

    database_url: str | None = Field(default=None, validation_alias="DATABASE_URL", repr=False)
    """A PostGIS server of your own; without it the private cluster serves. May hold a password."""

    catalogue: Path | None = None
    """A TOML file of the utility whose rows replace those of the catalogue of the same id."""

    output_folder: Path = Path("out")
    """Where commands leave their results unless told otherwise."""

    pg_bindir: Path | None = None
    """Folder with ``postgres`` and ``initdb``; without it they are looked for."""

    pg_user: str | None = None
    """User that runs the private server when we are root."""

    private_packages: bool = False
    """Unpack the distribution's packages privately even where a server is installed."""

    free_disk_min_mb: int = Field(default=512, ge=0)
    """A private cluster is not created with less free space than this."""

    @field_validator("home")
    @classmethod
    def _make_absolute(cls, home: Path) -> Path:
        return home.expanduser().absolute()


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    InputError
        A variable that cannot be read as what it stands for.
    """
    try:
        return Settings()
    except ValidationError as error:
        raise InputError("; ".join(_explain(error))) from None


def _explain(error: ValidationError) -> list[str]:
    return [
        f"setting {'.'.join(map(str, detail['loc']))}: {detail['msg']} (found {detail['input']!r})"
        for detail in error.errors()
    ]
