"""Unpacking packages without root, with an apt that offers what the test says."""

import shutil
from pathlib import Path

import pytest

from gisplan.errors import ClusterError
from gisplan.store.debian_packages import unpack_postgis, unpack_with_dependencies

# The last line decides what the words after the options ask for.
APT = """#!/bin/sh
for word do case $word in
    update) exit {update_status} ;;
    pkgnames) printf 'postgresql-%s-postgis-3\\n' {versions}; exit ;;
    show) printf 'Depends: libgeos-c1v5 (>= 3.11), libgdal32, postgresql-common, libproj25\\n\\n'
          exit ;;
    install) asked="$*"; for name in {absent}; do
                 case $asked in *"$name"*) echo "Inst $name (1.0 Debian [amd64])" ;; esac
             done; echo 'Inst libc6 [1.0] (1.1 Debian [amd64])'; exit ;;
    download) asked=yes; continue ;;
esac
case ${{asked-}} in yes)
    mkdir -p "tree/DEBIAN" "tree/usr/share/doc" "tree/usr/share/postgresql/15/extension"
    touch "tree/usr/share/got-$word" "tree/usr/share/postgresql/15/extension/postgis-3.control"
    printf 'Package: %s\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\nDescription: x\\n' \\
        "$word" >tree/DEBIAN/control
    dpkg-deb -b tree "$word.deb" >/dev/null; rm -r tree ;;
esac done
"""


@pytest.fixture
def offer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Put an apt with these versions and absent libraries first on the PATH."""

    def put(versions: str = "15", absent: str = "libgeos-c1v5 libgdal32", update_status: int = 0):
        folder = tmp_path / "bin"
        folder.mkdir()
        for name in ("apt-get", "apt-cache"):
            text = APT.format(versions=versions, absent=absent, update_status=update_status)
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        monkeypatch.setenv("PATH", str(folder), prepend=":")

    return put


def list_got(prefix: Path) -> list[str]:
    return sorted(file.name.removeprefix("got-") for file in (prefix / "usr/share").glob("got-*"))


def test_only_what_postgis_needs_and_the_machine_lacks_is_fetched(offer, tmp_path: Path) -> None:
    offer()
    unpack_postgis(tmp_path / "packages/postgis")
    assert list_got(tmp_path / "packages/postgis") == [
        "libgeos-c1v5",
        "postgresql-15",
        "postgresql-15-postgis-3",
        "postgresql-15-postgis-3-scripts",
        "postgresql-client-15",
    ]


def test_control_files_get_the_links_of_an_installation(offer, tmp_path: Path) -> None:
    offer()
    unpack_postgis(tmp_path / "postgis")
    extension = tmp_path / "postgis/usr/share/postgresql/15/extension"
    assert (extension / "postgis.control").readlink() == Path("postgis-3.control")
    assert not (tmp_path / "postgis/usr/share/doc").exists()


def test_the_newest_version_is_fetched_unless_one_is_wanted(offer, tmp_path: Path) -> None:
    offer(versions="13 17 15")
    unpack_postgis(tmp_path / "newest")
    unpack_postgis(tmp_path / "wanted", major_version=13)
    assert "postgresql-17" in list_got(tmp_path / "newest")
    assert "postgresql-13" in list_got(tmp_path / "wanted")


def test_a_version_that_is_not_offered_is_named(offer, tmp_path: Path) -> None:
    offer(versions="15")
    with pytest.raises(ClusterError, match=r"offers PostGIS for PostgreSQL \[15\], expected 12"):
        unpack_postgis(tmp_path / "postgis", major_version=12)


def test_a_failed_download_leaves_nothing_and_says_what_to_install(offer, tmp_path: Path) -> None:
    offer(update_status=100)
    with pytest.raises(ClusterError, match=r"apt-get update failed: .*brew install postgis"):
        unpack_postgis(tmp_path / "packages" / "postgis")
    assert list((tmp_path / "packages").iterdir()) == []


def test_any_package_comes_with_what_it_needs(offer, tmp_path: Path) -> None:
    offer(absent="chromium libgdal32")
    (tmp_path / "browser.new-of-a-killed-run").mkdir()
    unpack_with_dependencies(tmp_path / "browser", ["chromium"])
    assert list_got(tmp_path / "browser") == ["chromium"]
    assert not (tmp_path / "browser.new-of-a-killed-run").exists()


def test_an_archive_that_cannot_be_unpacked_is_named(
    offer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer(absent="chromium")
    broken = tmp_path / "bin" / "dpkg-deb"
    broken.write_text(f'#!/bin/sh\n[ $1 = -x ] && exit 2\nexec {shutil.which("dpkg-deb")} "$@"\n')
    broken.chmod(0o755)
    with pytest.raises(ClusterError, match=r"chromium\.deb cannot be unpacked"):
        unpack_with_dependencies(tmp_path / "browser", ["chromium"])


def test_elsewhere_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ClusterError, match="macOS: brew install postgis"):
        unpack_postgis(tmp_path / "postgis")
