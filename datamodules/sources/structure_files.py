"""Files of protein structures: where they are, what they are called and what bytes they hold."""

import glob
import gzip
import logging
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from datamodules.sources.tables import MissingFileError
from geneverse_pl.exceptions import DataFormatError

StructureFormat = Literal["cif", "bcif", "pdb"]

_FORMATS: dict[str, StructureFormat] = {".cif": "cif", ".bcif": "bcif", ".pdb": "pdb", ".ent": "pdb"}
_GZIP_MAGIC = b"\x1f\x8b"
_ALPHAFOLD_NAME = re.compile(r"AF-([A-Z0-9]+(?:-\d+)?)-F(\d+)(?=-model|\.|$)", re.IGNORECASE)

_logger = logging.getLogger(__name__)


def structure_format(path: str | Path) -> StructureFormat:
    """Format of a structure file, by its suffix, ``.gz`` aside.

    Raises:
        DataFormatError: If the suffix is not one of a structure.
    """
    suffixes = [suffix.lower() for suffix in Path(path).suffixes if suffix.lower() != ".gz"]
    found = _FORMATS.get(suffixes[-1]) if suffixes else None
    if found is None:
        expected = ", ".join(_FORMATS)
        raise DataFormatError(
            path, f"must be a structure with the suffix {expected}, plain or .gz. Convert or remove it."
        )
    return found


def structure_id(path: str | Path) -> str:
    """Id of a structure: ``AF-<UniProt>-F<n>`` for a file of AlphaFold DB, else its name without suffixes."""
    name = Path(path).name
    alphafold = _ALPHAFOLD_NAME.match(name)
    if alphafold:
        return alphafold[0].upper()
    return re.sub(r"\.(cif|bcif|pdb|ent)(\.gz)?$", "", name, flags=re.IGNORECASE)


def alphafold_parts(name: str) -> tuple[str, int] | None:
    """UniProt accession and number of the fragment in the id of an AlphaFold DB model; None for others."""
    found = _ALPHAFOLD_NAME.match(name)
    return (found[1].upper(), int(found[2])) if found else None


def read_structure_bytes(path: str | Path) -> bytes:
    """The bytes of a file, unpacked if they are gzip (told by the first bytes, not by the name).

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If it is empty or a damaged gzip.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise MissingFileError(f"{path}: no such file. Check the path, or download the file first.") from None
    except OSError as error:
        message = f"{path}: cannot be opened as a file ({error.strerror}). Give the path of a readable file."
        raise MissingFileError(message) from error
    if data.startswith(_GZIP_MAGIC):
        try:
            data = gzip.decompress(data)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            message = f"cannot be read: the gzip stream is cut short or damaged ({error}). Download it again."
            raise DataFormatError(path, message) from error
    if not data.strip():
        raise DataFormatError(path, "is empty, expected a structure. Download it again.")
    return data


def decode_structure_text(path: str | Path, data: bytes) -> str:
    """Text of a ``.cif`` or ``.pdb`` file.

    Raises:
        DataFormatError: If it holds a NUL or a byte that is not UTF-8, with the line.
    """
    offset, what = data.find(b"\0"), "a NUL byte"
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if offset < 0 or error.start < offset:
            offset, what = error.start, f"the byte 0x{data[error.start]:02x}"
    if offset >= 0:
        line = data.count(b"\n", 0, offset) + 1
        message = f"holds {what} at byte offset {offset}, expected UTF-8 text. Download it again."
        raise DataFormatError(path, message, line)
    return text


def find_structures(places: Iterable[str | Path]) -> list[Path]:
    """Structure files at the given places, sorted by id, each id once.

    Args:
        places: Files, folders (searched with all that is below them) and glob patterns (``**`` is any depth).

    Returns:
        The files. Of several files of one id the first of the sorted paths is taken, since one structure is
        often there in several formats.

    Raises:
        MissingFileError: If a place does not exist or has no structure file.
        DataFormatError: If a file named by itself has another suffix.
    """
    files: dict[str, Path] = {}
    for place in places:
        for path in sorted(_files_at(str(place))):
            taken = files.setdefault(structure_id(path), path)
            if taken != path:
                _logger.info("%s has the id of %s and is passed over.", path, taken)
    return [files[name] for name in sorted(files)]


def _files_at(place: str) -> list[Path]:
    path = Path(place).expanduser()
    if path.is_file():
        structure_format(path)
        return [path]
    if path.is_dir():
        candidates: Iterable[Path] = path.rglob("*")
    elif glob.has_magic(place):
        root = Path(path.anchor)
        candidates = root.glob(str(path.relative_to(root)))
    else:
        raise MissingFileError(f"{place}: no such file or folder. Check the path.")
    found = [file for file in candidates if _is_structure(file)]
    if not found:
        expected = ", ".join(_FORMATS)
        raise MissingFileError(
            f"{place}: must lead to structure files ({expected}, plain or .gz), but none is there. "
            "Check the path."
        )
    return found


def _is_structure(path: Path) -> bool:
    suffixes = [suffix.lower() for suffix in path.suffixes if suffix.lower() != ".gz"]
    return bool(suffixes) and suffixes[-1] in _FORMATS and path.is_file()
