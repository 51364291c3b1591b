"""Variables of studies in dbGaP, from the data dictionaries that are public: ``*.data_dict.xml``.

They lie in ``pheno_variable_summaries`` of each study at https://ftp.ncbi.nlm.nih.gov/dbgap/studies/.
"""

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.sources.tolerance import read_tolerantly
from datamodules.sources.xml_elements import XmlElement, read_elements
from geneverse_pl.exceptions import DataFormatError

_TABLE_ID = re.compile(r"pht[0-9]+(?:\.v[0-9]+(?:\.p[0-9]+)?)?")
_VARIABLE_ID = re.compile(r"phv[0-9]+(?:\.v[0-9]+(?:\.p[0-9]+)?)?")
_STUDY_ID = re.compile(r"phs[0-9]+(?:\.v[0-9]+(?:\.p[0-9]+)?)?")
_TABLE_NAME = re.compile(r"phs[0-9]+(?:\.v[0-9]+)?\.pht[0-9]+\.v[0-9]+(?:\.p[0-9]+)?\.(.+?)\.data_dict.*")
# Not Subject_Phenotypes, which is a table of phenotypes.
_ADMINISTRATIVE = re.compile(
    r"(?:.*[._])?(?:subjects?|samples?|pedigrees?|sample_attributes?)", re.IGNORECASE
)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CodedValue:
    """A value that a variable may take.

    Args:
        code: How it is written in the data; None if the file gives a meaning only.
        meaning: What it means; None if the file gives a code only.
    """

    code: str | None
    meaning: str | None


@dataclass(frozen=True, slots=True)
class StudyVariable:
    """One variable of one table of a study. What the file does not give is None.

    Args:
        study_id: The study, such as ``phs000007.v27``.
        table_id: The table, such as ``pht000825.v4``.
        table_name: Name of the table, from the name of the file.
        table_description: What the table holds.
        id: The variable, such as ``phv00073738.v3``.
        name: Its name.
        description: What it is.
        type: How it is measured, such as ``integer``, ``decimal``, ``string`` or ``encoded value``.
        unit: Its unit.
        logical_min: Least value that makes sense, as written.
        logical_max: Greatest, as written.
        collection_interval: When it was collected.
        comment: A comment of the study.
        values: Its coded values.
        file: Name of the file, without its folder. Not part of equality.
        line: 1-based line on which the variable begins. Not part of equality.
    """

    study_id: str
    table_id: str
    table_name: str | None
    table_description: str | None
    id: str
    name: str
    description: str | None
    type: str | None
    unit: str | None
    logical_min: str | None
    logical_max: str | None
    collection_interval: str | None
    comment: str | None
    values: tuple[CodedValue, ...]
    file: str = field(compare=False)
    line: int = field(compare=False)


def read_data_dictionary(path: str | Path, *, skip_administrative: bool = True) -> Iterator[StudyVariable]:
    """The variables of a data dictionary, in file order.

    Args:
        path: The file, plain or gzip. The name of the table is taken from its name, so keep that as it is.
        skip_administrative: Give nothing for tables that tell subjects, samples, their attributes and
            pedigrees apart, which hold no phenotypes. They are told by the name of the table.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If the file is no well-formed XML or declares a document type, its root is no
            ``data_table``, an id has another form, or it has no variable.
    """
    path = Path(path)
    match = _TABLE_NAME.fullmatch(path.name)
    name = match[1] if match else None
    if skip_administrative and name and _ADMINISTRATIVE.fullmatch(name):
        _logger.info("%s: passed over, as a table of subjects, samples or pedigrees.", path.name)
        return
    yield from read_tolerantly(path, _variables(path), lambda found: _variable(path, name, *found))


def _variables(path: Path) -> Iterator[tuple[str | None, XmlElement, XmlElement]]:
    """The description of the table, its root, and each variable."""
    description = None
    has_any = False
    for root, element in read_elements(path, "data_table"):
        if element.tag == "description":
            description = element.text() or None
        elif element.tag == "variable":
            has_any = True
            yield description, root, element
    if not has_any:
        raise DataFormatError(path, "has no <variable>, expected some. Check that it is a data dictionary.")


def _variable(
    path: Path, table_name: str | None, description: str | None, root: XmlElement, element: XmlElement
) -> StudyVariable:
    name = element.child_text("name")
    if name is None:
        raise DataFormatError(path, "begins a <variable> without a <name>, expected one.", element.line)
    return StudyVariable(
        study_id=_identifier(path, root, "study_id", _STUDY_ID, "phs000007.v27"),
        table_id=_identifier(path, root, "id", _TABLE_ID, "pht000825.v4"),
        table_name=table_name,
        table_description=description,
        id=_identifier(path, element, "id", _VARIABLE_ID, "phv00073738.v3"),
        name=name,
        description=element.child_text("description"),
        type=element.child_text("type"),
        unit=element.child_text("unit"),
        logical_min=element.child_text("logical_min"),
        logical_max=element.child_text("logical_max"),
        collection_interval=element.child_text("coll_interval"),
        comment=element.child_text("comment"),
        values=tuple(
            CodedValue(value.attributes.get("code") or None, value.text() or None)
            for value in element.children
            if value.tag == "value" and (value.attributes.get("code") or value.text())
        ),
        file=path.name,
        line=element.line,
    )


def _identifier(path: Path, element: XmlElement, name: str, form: re.Pattern[str], example: str) -> str:
    value = element.attributes.get(name, "")
    if not form.fullmatch(value):
        message = f"has a <{element.tag}> with {name}={value!r}, expected one such as {example}."
        raise DataFormatError(path, message, element.line)
    return value
