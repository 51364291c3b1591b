"""Tables that say in which region each spot lies, or of which type each cell is."""

import logging
import math
from collections.abc import Sequence
from pathlib import Path

from datamodules.sources.delimited import find_columns, read_delimited
from datamodules.sources.spatial import UNLABELLED, clean_label
from geneverse_pl.exceptions import DataFormatError

_logger = logging.getLogger(__name__)

_SPOT_COLUMNS = ("spot", "spot_id", "barcode", "Barcode", "cell_id", "cell", "id", "ID", "")
_X, _Y = "x", "y"


def read_labels(path: str | Path, label_column: str) -> dict[str, str]:
    """Label of each spot that a table names.

    Spots are named by a column ``spot``, ``spot_id``, ``barcode``, ``Barcode``, ``cell_id``, ``cell``, ``id``
    or ``ID``, or by a first column without a name; or, as in published Spatial Transcriptomics data, by array
    coordinates in columns ``x`` and ``y``, of which the nearest whole numbers are the spot (``10x13``). Rows
    without coordinates are passed over there.

    Args:
        path: Comma- or tab-separated, with a header; plain or gzip.
        label_column: Column with the labels; empty cells and ``NA`` mean unlabelled.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the table is not as described, or names a spot twice.
    """
    rows = read_delimited(path)
    header_line, header = next(rows)
    by_place = not set(_SPOT_COLUMNS) & set(header) and {_X, _Y} <= set(header)
    columns: list[str | tuple[str, ...]] = [_X, _Y] if by_place else [_SPOT_COLUMNS]
    places = find_columns(path, header_line, header, [*columns, label_column])
    labels: dict[str, str] = {}
    lines: dict[str, int] = {}
    for line, cells in rows:
        *about, label = [cells[place] for place in places]
        spot = _spot_at(path, line, *about) if by_place else about[0]
        if spot is None:
            continue
        if not spot:
            raise DataFormatError(path, "names no spot, expected one in each row.", line)
        if spot in lines:
            message = f"labels spot {spot!r}, as line {lines[spot]} does; expected each once."
            raise DataFormatError(path, message, line)
        labels[spot], lines[spot] = clean_label(label), line
    if not labels:
        raise DataFormatError(path, "labels no spot. Check that this is the right file.", header_line)
    return labels


def regions_of(path: str | Path, labels: dict[str, str], spots: Sequence[str]) -> tuple[str, ...]:
    """Label of each spot of a section, empty where the table has none.

    Args:
        path: The table, for errors.
        labels: What :func:`read_labels` gives.
        spots: Spots of the section.

    Raises:
        DataFormatError: If the table labels none of the spots.
    """
    known = sum(spot in labels for spot in spots)
    if known == 0:
        message = (
            f"labels none of the section's {len(spots)} spots: it names such as {next(iter(labels))!r}, the "
            f"section has such as {spots[0]!r}. Give the table of this section."
        )
        raise DataFormatError(path, message)
    _logger.info("%s labels %d of %d spots", Path(path).name, known, len(spots))
    return tuple(labels.get(spot, UNLABELLED) for spot in spots)


def _spot_at(path: str | Path, line: int, x: str, y: str) -> str | None:
    try:
        place = (float(x or "nan"), float(y or "nan"))
    except ValueError:
        if clean_label(x) == UNLABELLED or clean_label(y) == UNLABELLED:
            return None
        message = f"has the coordinates {x!r} and {y!r}, expected two numbers."
        raise DataFormatError(path, message, line) from None
    if not all(math.isfinite(number) for number in place):
        return None
    return f"{round(place[0])}x{round(place[1])}"
