"""Makes the table of names and ids that answers are grounded by, from a corpus, source files or one's own."""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import fields
from itertools import chain
from pathlib import Path

from datamodules.corpus.building import build_corpus
from datamodules.corpus.corpus import Corpus
from datamodules.corpus.from_ncbi import exact_synonyms
from datamodules.corpus.identifiers import ENTITY_KINDS, EntityKind
from datamodules.corpus.sources import CorpusSources
from datamodules.sources.catalogue import CATALOGUE
from datamodules.sources.gene_ontology import read_gene_ontology
from datamodules.sources.hpo import read_ontology
from datamodules.sources.tables import MissingFileError, read_chunks
from datamodules.sources.term_hierarchy import TermHierarchy
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.grounding import TableEntity, TableSource, write_table
from geneverse_pl.grounding.records import file_source, read_tsv
from geneverse_pl.grounding.schemes import parse_id

_TABLES = (".tsv", ".tsv.gz")
_ONTOLOGIES = (".obo", ".obo.gz")
_CORPUS = ".duckdb"


def write_grounding_table(paths: Iterable[str | Path], table: str | Path) -> Path:
    """Writes a grounding table from sources of these forms, joined by the ids of their entities.

    - a folder of source files under the names of the catalogue: they are merged into a corpus, and the
      ontologies among them are read whole (a corpus leaves out terms that are no phenotypes, such as modes of
      inheritance);
    - a corpus (``.duckdb``), an ontology (``hp.obo``, ``go-basic.obo``), or a table of one's own
      (``.tsv``, see :func:`~geneverse_pl.grounding.records.read_tsv`); the latter two also as ``.gz``.

    Where names differ, that of the first source counts.

    Args:
        paths: The sources, at least one.
        table: The file to write, such as ``genes.sqlite``; replaced whole or not at all.

    Returns:
        The file.

    Raises:
        ConfigError: If a source has another form, or duckdb is needed and not installed.
        MissingFileError: If a source does not exist.
        DataFormatError: If a file does not have its documented format.
    """
    chosen = [Path(path) for path in paths]
    for path in chosen:
        if not path.exists():
            raise MissingFileError(f"{path}: no such file or folder. Check the path.")
        if not path.is_dir() and not path.name.endswith((*_TABLES, *_ONTOLOGIES, _CORPUS)):
            raise ConfigError(
                "A grounding table is built from a folder of source files, a corpus (.duckdb), an ontology "
                f"(.obo) or a table (.tsv), got {path}."
            )
    sources: list[TableSource] = []
    entities = chain.from_iterable(_entities(path, sources) for path in chosen)
    return write_table(table, entities, sources)


def corpus_entities(corpus: Corpus) -> Iterator[TableEntity]:
    """The entities of a corpus that have an id in one of the schemes; genes with those of their proteins.

    Args:
        corpus: The corpus.
    """
    proteins: dict[str, list[str]] = defaultdict(list)
    for relation in corpus.relations("gene_encodes_protein"):
        proteins[relation.subject].append(relation.object)
    for kind in ENTITY_KINDS:
        former: dict[str, list[str]] = defaultdict(list)
        for one, entity_id in corpus.former_identifiers(kind):
            former[entity_id].append(one)
        for entity in corpus.entities(kind):
            ids = (*entity.identifiers, *(proteins.get(entity.id, ()) if kind == "gene" else ()))
            if any(parse_id(one) is not None for one in ids):
                gone = tuple(former.get(entity.id, ()))
                yield TableEntity(
                    kind, entity.id, entity.name or "", entity.aliases, ids, gone, entity.is_obsolete
                )


def ontology_entities(ontology: TermHierarchy, kind: EntityKind) -> Iterator[TableEntity]:
    """All terms of an ontology, with their exact synonyms and the ids that they took the place of.

    Args:
        ontology: The ontology.
        kind: What its terms are.
    """
    former: dict[str, list[str]] = defaultdict(list)
    alternatives = {one for term in ontology.terms.values() for one in term.alt_ids}
    for one in sorted(alternatives | ontology.terms.keys()):
        current = ontology.resolve(one)
        if current is not None and current != one:
            former[current].append(one)
    for term in ontology.terms.values():
        if not term.is_obsolete:
            names = exact_synonyms(term)
            yield TableEntity(kind, term.id, term.name, names, (term.id,), tuple(former[term.id]))
        elif ontology.resolve(term.id) is None:
            yield TableEntity(kind, term.id, term.name, former_ids=(term.id,), is_obsolete=True)


def _entities(path: Path, sources: list[TableSource]) -> Iterator[TableEntity]:
    """Entities of one source; what it was made from is added to ``sources`` as it is read."""
    if path.is_dir():
        yield from _from_folder(path, sources)
    elif path.name.endswith(_CORPUS):
        yield from _from_corpus(path, sources)
    elif path.name.endswith(_ONTOLOGIES):
        yield from _from_ontology(path, sources)
    else:
        sources.append(file_source(path))
        yield from read_tsv(path)


def _from_folder(folder: Path, sources: list[TableSource]) -> Iterator[TableEntity]:
    files = CorpusSources.in_folder(folder)
    if not any(getattr(files, field.name) for field in fields(files)):
        raise ConfigError(
            f"A folder to build a grounding table from must hold source files under the names of the "
            f"catalogue, and '{folder}' holds none. Give another, or single files."
        )
    with tempfile.TemporaryDirectory(prefix="geneverse-grounding-") as place:
        build_corpus(files, Path(place) / "corpus.duckdb").close()
        yield from _from_corpus(Path(place) / "corpus.duckdb", sources)
    for path in (files.hpo_ontology, files.go_basic):
        if path is not None:
            yield from _from_ontology(path, [])  # the corpus names it already


def _from_corpus(path: Path, sources: list[TableSource]) -> Iterator[TableEntity]:
    with Corpus(path) as corpus:
        sources += [TableSource(one.file, one.release, one.licence, one.citation) for one in corpus.sources()]
        yield from corpus_entities(corpus)


def _from_ontology(path: Path, sources: list[TableSource]) -> Iterator[TableEntity]:
    is_go = _is_gene_ontology(path)
    ontology: TermHierarchy = read_gene_ontology(path) if is_go else read_ontology(path)
    publisher = CATALOGUE["go_basic" if is_go else "hpo_ontology"].publisher
    digest = file_source(path).sha256
    sources.append(TableSource(path.name, ontology.release, publisher.licence, publisher.citation, digest))
    yield from ontology_entities(ontology, "go_term" if is_go else "phenotype")


def _is_gene_ontology(path: Path) -> bool:
    # Its own terms come first, within the first piece of the file.
    return "\nid: GO:" in next(read_chunks(path), "")
