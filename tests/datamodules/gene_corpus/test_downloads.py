"""Files that are named and missing: fetched from a site on the loopback interface, or how to get them."""

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from datamodules import GeneCorpusDataModule
from datamodules.corpus import CorpusSources
from datamodules.download import RestrictedSourceError, remote_files
from datamodules.gene_corpus import inputs
from datamodules.sources.catalogue import CATALOGUE
from geneverse_pl.commands.prepare import prepare_store
from geneverse_pl.data.datamodule import EncodingConfig
from geneverse_pl.data.fetch import RemoteFile
from geneverse_pl.exceptions import ConfigError, DownloadError, MissingDownloadsError
from tests.http_site import Answer, Site, serve

HPO_KEYS = ["hpo_ontology", "hpo_annotations", "hpo_genes_to_phenotype"]
HPO_NAMES = ["hp.obo", "phenotype.hpoa", "genes_to_phenotype.txt"]


@pytest.fixture
def site(tiny_hpo_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """The tiny ontology; the addresses of the catalogue lead there."""
    monkeypatch.setenv("no_proxy", "*")
    with serve() as running:
        running.files = {f"/{name}": (tiny_hpo_folder / name).read_bytes() for name in HPO_NAMES}

        def of_the_site(keys: list[str], folder: Path) -> list[RemoteFile]:
            files = remote_files(keys, folder)
            return [RemoteFile(running.url(f"/{file.path.name}"), file.path) for file in files]

        monkeypatch.setattr(inputs, "remote_files", of_the_site)
        yield running


def data_module(tiny_model_dir: Path, tmp_path: Path, **options: Any) -> GeneCorpusDataModule:
    usual = {
        "questions": ["list/gene_phenotype"],
        "allow_shared_families": True,
        "cache_dir": tmp_path / "cache",
    }
    encoding = EncodingConfig(template="plain", tokenizer=str(tiny_model_dir))
    return GeneCorpusDataModule(**{**usual, "encoding": encoding, **options})


def test_the_files_of_the_keys_are_fetched_into_the_folder(
    site: Site, tiny_model_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    data = data_module(tiny_model_dir, tmp_path, sources=folder, source_keys=HPO_KEYS)
    message = (
        r"lacks \S+hp\.obo, \S+phenotype\.hpoa, \S+\. Put them there, or let `geneverse_pl prepare --down"
    )
    with pytest.raises(MissingDownloadsError, match=message):
        prepare_store(data)
    assert site.paths == []
    assert prepare_store(data, download=True).is_file()
    assert sorted(site.paths) == sorted(f"/{name}" for name in HPO_NAMES)
    found = [path.name for path in folder.iterdir() if path.suffix != ".lock"]
    assert sorted(found) == sorted(HPO_NAMES)
    assert data.source_files() == [folder / name for name in HPO_NAMES]


def test_a_named_file_is_fetched_to_where_it_belongs(
    site: Site, tiny_model_dir: Path, tmp_path: Path
) -> None:
    sources = CorpusSources(hpo_genes_to_phenotype=tmp_path / "a" / "mine.txt")
    own = tmp_path / "b" / "terms.obo"
    data = data_module(tiny_model_dir, tmp_path, sources=sources, hpo_ontology=own)
    assert prepare_store(data, download=True).is_file()
    assert site.paths == ["/genes_to_phenotype.txt", "/hp.obo"]
    assert sources.hpo_genes_to_phenotype is not None
    assert sources.hpo_genes_to_phenotype.read_bytes() == site.files["/genes_to_phenotype.txt"]
    assert own.read_bytes() == site.files["/hp.obo"]


def test_nothing_is_prepared_after_a_failed_download(
    site: Site, tiny_model_dir: Path, tmp_path: Path
) -> None:
    site.usual = Answer(404)
    data = data_module(tiny_model_dir, tmp_path, sources=tmp_path / "new", source_keys=HPO_KEYS)
    with pytest.raises(DownloadError, match=r"hp\.obo must be open to you"):
        prepare_store(data, download=True)
    assert not (tmp_path / "cache").exists()


def test_what_must_be_asked_for_is_told_after_the_free_files(
    site: Site, tiny_model_dir: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "new"
    keys = ["hpo_ontology", "omim_genemap2", "disgenet_curated"]
    data = data_module(tiny_model_dir, tmp_path, sources=folder, source_keys=keys)
    with pytest.raises(RestrictedSourceError) as caught:
        prepare_store(data, download=True)
    assert (folder / "hp.obo").is_file()
    disgenet, genemap = str(caught.value).splitlines()
    assert genemap.startswith("omim_genemap2 must be asked for at its publisher, OMIM, and is not there. ")
    assert "Apply at https://www.omim.org/downloads;" in genemap
    assert genemap.endswith(f"put the file at {folder / 'genemap2.txt'}, or leave omim_genemap2 out.")
    assert "https://disgenet.com/academic-apply" in disgenet


def test_every_free_source_can_be_fetched(tmp_path: Path) -> None:
    keys = [field.name for field in fields(CorpusSources) if field.name in CATALOGUE]
    data = GeneCorpusDataModule(sources=tmp_path, source_keys=keys)
    free = [key for key in keys if CATALOGUE[key].is_free]
    assert {file.path for file in data.download_files()} == {
        tmp_path / CATALOGUE[key].file_name for key in free
    }
    assert len(free) >= 14
    assert all(file.url.startswith("https://") for file in data.download_files())


def test_no_table_is_fetched_for_proteins_in_another_format(tmp_path: Path) -> None:
    for name, number in (("p.dat", 0), ("p.json.gz", 0), ("p.tsv", 1), ("p.tsv.gz", 1)):
        sources = CorpusSources(uniprot_human_reviewed=tmp_path / name)
        data = GeneCorpusDataModule(sources=sources, bundled_hpo=False)
        assert len(data.download_files()) == number


def test_what_is_there_needs_no_download(corpus_path: Path) -> None:
    assert GeneCorpusDataModule().download_files() == []
    data = GeneCorpusDataModule(corpus=corpus_path, go_ontology=corpus_path.parent / "go.obo")
    assert [file.path.name for file in data.download_files()] == ["go.obo"]
    folder = corpus_path.parent / "hpo"
    found = {file.path.name for file in GeneCorpusDataModule(sources=folder).download_files()}
    assert found == {*HPO_NAMES, "genes_to_disease.txt"}


def test_keys_choose_among_the_files_of_a_folder(tiny_hpo_folder: Path) -> None:
    found = CorpusSources.in_folder(tiny_hpo_folder, ["hpo_annotations", "ncbi_gene2go"])
    assert found == CorpusSources(
        hpo_annotations=tiny_hpo_folder / "phenotype.hpoa", ncbi_gene2go=tiny_hpo_folder / "gene2go.gz"
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"source_keys": ["hpo_ontology"]}, "source_keys must go with a folder, and sources names none"),
        ({"sources": CorpusSources(), "source_keys": []}, "source_keys must go with a folder"),
        ({"sources": Path(), "source_keys": ["hpo"]}, "Unknown source key 'hpo'"),
        (
            {"sources": Path(), "source_keys": [], "bundled_hpo": False},
            "With source_keys, `geneverse_pl prep",
        ),
        ({"sources": Path(), "source_keys": ["dbgap_dictionaries"]}, r"has no \*\.data_dict\*\.xml"),
    ],
)
def test_mistakes(options: dict[str, Any], message: str, tmp_path: Path) -> None:
    if "sources" in options and isinstance(options["sources"], Path):
        options = {**options, "sources": tmp_path}
    with pytest.raises((ConfigError, FileNotFoundError), match=message):
        GeneCorpusDataModule(**options)
