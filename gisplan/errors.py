"""All errors that gisplan raises on purpose.

GisplanError
|-- InputError                what the caller gave cannot be used
|   |-- MappingError          a column mapping does not fit its source
|   |-- SourceError           a file that is no readable vector source, grid or application list
|   `-- OutsideAreaError      a place outside the loaded region
|-- UnknownElementError       an id that the active grid version does not hold
|-- GridRefusedError          a load with issues of severity error; carries the issues
|-- NoGridError               nothing has been loaded yet
|-- CatalogueError            a rule file that contradicts itself or lacks a value
|-- PowerFlowError            an alternating-current solution that does not exist
|-- StoreError                the database refused or lost a request
|   |-- SchemaError           database and code are of different versions
|   `-- ConflictError         somebody else changed the same thing first
`-- ClusterError              the private PostGIS cluster cannot be found, made or started

A message names the element, what was found, what was expected (with units) and what to do.
"Not feasible" is never an error: it is an option or a plan with findings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gisplan.model.issue import Issue


class GisplanError(Exception):
    """Root of every error that gisplan raises on purpose."""


class InputError(GisplanError):
    """What the caller gave cannot be used."""


class MappingError(InputError):
    """A column mapping does not fit its source."""


class SourceError(InputError):
    """A file that is no readable vector source, grid or application list."""


class OutsideAreaError(InputError):
    """A place outside the loaded region."""


class UnknownElementError(GisplanError):
    """An id that the active grid version does not hold."""


class GridRefusedError(GisplanError):
    """A load with issues of severity error; nothing of it was activated."""

    def __init__(self, message: str, issues: Sequence[Issue] = ()) -> None:
        super().__init__(message)
        self.issues = tuple(issues)


class NoGridError(GisplanError):
    """Nothing has been loaded yet."""


class CatalogueError(GisplanError):
    """A rule file that contradicts itself or lacks a value."""


class PowerFlowError(GisplanError):
    """An alternating-current solution that does not exist."""


class StoreError(GisplanError):
    """The database refused or lost a request."""


class SchemaError(StoreError):
    """Database and code are of different versions."""


class ConflictError(StoreError):
    """Somebody else changed the same thing first."""


class ClusterError(GisplanError):
    """The private PostGIS cluster cannot be found, made or started."""
