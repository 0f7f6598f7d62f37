"""A Chromium that starts, for tests and pictures: found, installed, or unpacked without root.

Run as a module it prints the path of the program.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from gisplan.errors import ClusterError
from gisplan.settings import load_settings
from gisplan.store.debian_packages import unpack_with_dependencies
from gisplan.store.installation import build_environment
from gisplan.store.programs import ProgramResult, run_program

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PACKAGES = ("chromium", "fonts-dejavu-core")


def find_chromium() -> Path:
    """Return a Chromium that starts, fetching one where there is none."""
    named = os.environ.get("GISPLAN_CHROMIUM")
    candidates = (named,) if named else map(shutil.which, _NAMES)
    for path in filter(None, candidates):
        # Ubuntu's chromium-browser may be a stub that only asks for a snap.
        if run_program([path, "--version"]).status == 0:
            return Path(path)
    if named:
        message = f"GISPLAN_CHROMIUM: {named} does not start"
        raise ClusterError(message)
    return _install_chromium() or _provide_unpacked_chromium()


def _install_chromium() -> Path | None:
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return None
    _say("installing Debian's Chromium")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "-y", "--no-install-recommends", *_PACKAGES]):
        run_program(["apt-get", "-qq", *words], environment=environment)
    path = shutil.which("chromium")
    return Path(path) if path and _start(Path(path)).status == 0 else None


def _provide_unpacked_chromium() -> Path:
    prefix = load_settings().home / "packages" / "chromium"
    launcher = prefix / "launch-chromium"
    if not launcher.exists():
        _say(f"unpacking Debian's Chromium into {prefix}")
        unpack_with_dependencies(prefix, _PACKAGES)
        _write_launcher(launcher, prefix)
    started = _start(launcher)
    if started.status != 0:
        message = (
            f"the Chromium in {prefix} does not start ({started.complaint[-300:]}); "
            "install one and name it in GISPLAN_CHROMIUM"
        )
        raise ClusterError(message)
    return launcher


def _write_launcher(launcher: Path, prefix: Path) -> None:
    """Write a script that lets the program find its own libraries, and fonts of both places."""
    fonts = launcher.with_name("fonts.conf")
    folders = "".join(
        f"<dir>{folder}</dir>" for folder in ("/usr/share/fonts", prefix / "usr/share/fonts")
    )
    cache = f"<cachedir>{prefix}/font-cache</cachedir>"
    fonts.write_text(f"<fontconfig>{folders}{cache}</fontconfig>\n")
    libraries = build_environment(prefix)["LD_LIBRARY_PATH"]
    launcher.write_text(
        "#!/bin/sh\n"
        f"export LD_LIBRARY_PATH='{libraries}' FONTCONFIG_FILE='{fonts}'\n"
        f"exec '{prefix}/usr/lib/chromium/chromium' \"$@\"\n"
    )
    launcher.chmod(0o755)


def _start(program: Path) -> ProgramResult:
    # The browser tests' own driver keeps away from /dev/shm too: containers close or shrink it.
    words = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
    return run_program([program, *words, "--dump-dom", "about:blank"])


def _say(message: str) -> None:
    sys.stderr.write(f"gisplan: {message}\n")


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{find_chromium()}\n")
    except ClusterError as error:
        _say(str(error))
        sys.exit(2)
