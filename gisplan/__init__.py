"""Decide where a new electricity customer connects, along which path, with what consequences."""

from importlib.metadata import version

from gisplan.kernel_cache import use_own_kernel_cache

__version__ = version("gisplan")

use_own_kernel_cache()
