"""Text files that users give, read whole."""

import gzip
import zlib
from pathlib import Path

from geneverse_pl.exceptions import DataFormatError


def read_text(path: Path, content: str) -> str:
    """The text of a UTF-8 file, without a byte order mark.

    Args:
        path: The file, ``.gz`` behind its name where it is packed.
        content: What it must hold, for the errors.

    Raises:
        DataFormatError: If there is no such file, or it cannot be read as UTF-8.
    """
    try:
        data = path.read_bytes()
        if path.suffix.lower() == ".gz":
            data = gzip.decompress(data)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
        raise missing_file(path, content) from error
    except (OSError, EOFError, zlib.error) as error:
        raise DataFormatError(path, f"cannot be read ({error}). Save it anew.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts behind the byte order mark, which holds no line end.
        line = data.count(b"\n", 0, error.start + 3 * data.startswith(b"\xef\xbb\xbf")) + 1
        message = f"must be UTF-8 text, and has the byte {error.object[error.start]:#04x}. Save it anew."
        raise DataFormatError(path, message, line) from error


def missing_file(path: Path, content: str) -> DataFormatError:
    """The error of a file that is not there, or is a folder.

    Args:
        path: What was given.
        content: What it must hold.
    """
    what = "is a folder" if path.is_dir() else "does not exist"
    return DataFormatError(path, f"{what}, expected a file of {content}. Check the path.")
