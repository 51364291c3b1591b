"""The catalogue of source files, and the page that shows it."""

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from datamodules.sources.catalogue import CATALOGUE, SourceFile

PAGE = Path(__file__).parents[3] / "docs" / "how_to" / "download_sources.md"


def row(file: SourceFile) -> str:
    """The row of a file in the page's table."""
    place = f"<{file.url}>" if file.url else f"ask at <{file.registration_url}>"
    publisher = file.publisher
    return (
        f"| `{file.key}` | {file.title} | `{file.file_name}` | {place} | {publisher.name}: "
        f"[{publisher.licence}]({publisher.licence_url}) | {file.note} |"
    )


def test_the_page_shows_the_catalogue() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    assert rows == [row(file) for file in CATALOGUE.values()]


def test_the_page_has_every_citation() -> None:
    words = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
    missing = [file.key for file in CATALOGUE.values() if file.publisher.citation not in words]
    assert missing == []


@pytest.mark.parametrize("file", CATALOGUE.values(), ids=lambda file: file.key)
def test_an_entry_is_whole(file: SourceFile) -> None:
    for address in (file.url, file.registration_url, file.publisher.licence_url):
        assert address is None or re.fullmatch(r"https://[^\s/@]+/\S+", address)
    assert file.is_free == (file.registration_url is None)
    assert file.is_free or file.note
    assert re.fullmatch(r"[a-z0-9_]+", file.key)
    assert file.title
    assert Path(file.file_name).name == file.file_name
    assert "https://doi.org/" in file.publisher.citation


def test_no_two_files_have_one_name() -> None:
    names = [file.file_name for file in CATALOGUE.values()]
    assert sorted(names) == sorted(set(names))


def test_what_is_asked_of_uniprot() -> None:
    query = parse_qs(urlsplit(str(CATALOGUE["uniprot_human_reviewed"].url)).query)
    assert query["query"] == ["(organism_id:9606) AND (reviewed:true)"]
    assert query["format"] == ["tsv"]
    assert query["compressed"] == ["true"]
    assert {"accession", "gene_primary", "cc_function", "cc_disease"} <= set(query["fields"][0].split(","))
