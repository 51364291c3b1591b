from collections.abc import Iterator
from pathlib import Path

import pytest

from datamodules.download import RestrictedSourceError, download_sources, remote_files
from datamodules.sources.catalogue import CATALOGUE
from geneverse_pl.data.fetch import RetryPolicy
from geneverse_pl.exceptions import ConfigError, DownloadError
from tests.http_site import Answer, Site, serve

POLICY = RetryPolicy(num_tries=1, timeout=5.0)
FREE, FREE_TOO, RESTRICTED = "hpo_ontology", "go_basic", "omim_morbidmap"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.setenv("no_proxy", "*")
    with serve() as running:
        yield running


@pytest.fixture
def mirror(site: Site) -> dict[str, str]:
    """Addresses on the site for two free files."""
    return {key: site.url(f"/{key}") for key in (FREE, FREE_TOO)}


def test_files_are_fetched_under_the_names_that_readers_expect(
    site: Site, mirror: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "data"
    paths = download_sources([FREE_TOO, FREE, FREE_TOO], folder, mirror, POLICY)
    assert paths == [folder / "go-basic.obo", folder / "hp.obo"]
    assert all(path.read_bytes() == site.body for path in paths)
    assert site.paths == ["/go_basic", "/hpo_ontology"]
    assert download_sources([FREE], folder, mirror, POLICY) == [folder / "hp.obo"]
    assert len(site.paths) == 2


def test_free_files_come_before_the_complaint_about_others(
    site: Site, mirror: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(RestrictedSourceError) as caught:
        download_sources([RESTRICTED, FREE, "disgenet_curated"], tmp_path, mirror, POLICY)
    assert (tmp_path / "hp.obo").is_file()
    morbidmap, disgenet = str(caught.value).splitlines()
    assert morbidmap.startswith("omim_morbidmap must be asked for at its publisher, OMIM, and is not there. ")
    assert "Apply at https://www.omim.org/downloads;" in morbidmap
    assert (
        f"put the file at {tmp_path / 'morbidmap.txt'}, or give the link you get as overrides[" in morbidmap
    )
    assert "https://disgenet.com/academic-apply" in disgenet


def test_a_restricted_file_that_is_there_is_taken(tmp_path: Path) -> None:
    (tmp_path / "morbidmap.txt").write_text("own")
    assert download_sources([RESTRICTED], tmp_path) == [tmp_path / "morbidmap.txt"]


def test_a_restricted_file_is_fetched_by_a_link_of_ones_own(site: Site, tmp_path: Path) -> None:
    links = {RESTRICTED: site.url("/my-key/morbidmap.txt")}
    assert download_sources([RESTRICTED], tmp_path, links, POLICY)[0].read_bytes() == site.body


def test_a_mirror_that_fails_is_named(site: Site, mirror: dict[str, str], tmp_path: Path) -> None:
    site.usual = Answer(404)
    with pytest.raises(DownloadError, match=r"/hpo_ontology must be open to you, .* 404"):
        download_sources([FREE], tmp_path, mirror, POLICY)


def test_addresses_are_those_of_the_catalogue(tmp_path: Path) -> None:
    [file] = remote_files([FREE, RESTRICTED], tmp_path)
    assert file.url == CATALOGUE[FREE].url
    assert file.path == tmp_path / "hp.obo"


@pytest.mark.parametrize(
    ("keys", "overrides"), [(["hpo_ontologie"], {}), ([], {"hpo_ontologie": "https://x/"})]
)
def test_an_unknown_key_is_refused(keys: list[str], overrides: dict[str, str], tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"Unknown source file 'hpo_ontologie'\. Did you mean 'hpo_ontology'\?"
    ):
        download_sources(keys, tmp_path, overrides)
