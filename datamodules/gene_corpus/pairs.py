"""Makes the tables of the workspace: entities under one name, and their pairs with the lines that say so."""

from collections.abc import Iterator
from pathlib import Path

from datamodules.corpus import Corpus, EntityKind
from datamodules.corpus.identifiers import ENDS, ENTITY_KINDS, order
from datamodules.gene_corpus.views import GENE_PROTEIN, ViewName
from datamodules.gene_corpus.workspace import Workspace
from datamodules.sources.names import normalised_name

# Entries of several databases with one name are one thing; two genes or proteins may well share a name.
_ONE_BY_NAME: tuple[EntityKind, ...] = ("disease", "phenotype")
# The roots of the ontologies and *protein binding* say next to nothing.
_UNINFORMATIVE = ("HP:0000118", "GO:0003674", "GO:0008150", "GO:0005575", "GO:0005515")
_NO_DATA = "ND"  # GO's evidence code for "nothing was found"

# Lists of evidence lie in memory until all of a pass are made: this many statements give some 200 MB.
_ROWS_OF_A_PASS = 200_000
_NO_PAIRS = """
CREATE TABLE pairs (view VARCHAR, subject VARCHAR, object VARCHAR, status VARCHAR, num_sources BIGINT,
    num_rows HUGEINT, evidence VARCHAR[])
"""
_PAIRS = """
INSERT INTO pairs
WITH said AS (
    SELECT e.relation, s.node AS subject, o.node AS object, e.negated, e.source, e.file,
        min(e.line) AS line, sum(e.num_rows) AS num_rows
    FROM corpus.evidence e JOIN ends USING (relation)
    JOIN members s ON s.kind = ends.subject_kind AND s.id = e.subject
    JOIN members o ON o.kind = ends.object_kind AND o.id = e.object
    WHERE e.assertion <> $no_data AND NOT list_contains($uninformative, e.object)
        AND hash(s.node) % $num_passes = $number
    GROUP BY ALL
)
SELECT relation AS view, subject, object,
    CASE WHEN bool_and(negated) THEN 'denied' WHEN bool_or(negated) THEN 'disputed' ELSE 'affirmed' END
        AS status,
    count(DISTINCT source) AS num_sources, sum(num_rows) AS num_rows,
    list(source || ' ' || file || ':' || line ORDER BY source, file, line) AS evidence
FROM said GROUP BY relation, subject, object
"""
_TURNED = """
INSERT INTO pairs
SELECT $turned, object, subject, status, num_sources, num_rows, evidence FROM pairs WHERE view = $view
"""
# View, and the two views whose links, one after the other, make what no source says likely all the same.
_DETOURS: tuple[tuple[ViewName, ViewName, ViewName], ...] = (
    ("gene_disease", "gene_encodes_protein", "protein_disease"),
    ("protein_disease", "protein_gene", "gene_disease"),
    ("gene_phenotype", "gene_disease", "disease_phenotype"),
)
_INDIRECT = """
INSERT INTO pairs
SELECT DISTINCT $view, one.subject, other.object, 'indirect', 0, 0, []::VARCHAR[]
FROM pairs one JOIN pairs other ON other.view = $second AND other.subject = one.object
ANTI JOIN pairs known ON known.view = $view AND known.subject = one.subject AND known.object = other.object
WHERE one.view = $first AND one.status <> 'denied' AND other.status <> 'denied'
"""
# Databases name one disease in two ways: what one says of a disease of a gene may hold for that of another.
# A gene may have thousands of diseases, so only those that have phenotypes are paired, each pair once.
_COUNTERPARTS = """
INSERT INTO pairs
WITH described AS (
    SELECT subject, object FROM pairs
    WHERE view = 'disease_phenotype' AND status IN ('affirmed', 'disputed')
), linked AS (
    SELECT subject AS gene, object AS disease, split_part(object, ':', 1) AS vocabulary FROM pairs
    WHERE view = 'gene_disease' AND status <> 'denied' AND object IN (SELECT subject FROM described)
), counterparts AS (
    SELECT DISTINCT one.disease, other.disease AS other FROM linked one JOIN linked other USING (gene)
    WHERE one.vocabulary <> other.vocabulary AND hash(one.disease) % $num_passes = $number
)
SELECT DISTINCT 'disease_phenotype', c.disease, said.object, 'indirect', 0, 0, []::VARCHAR[]
FROM counterparts c JOIN described said ON said.subject = c.other
ANTI JOIN pairs known
    ON known.view = 'disease_phenotype' AND known.subject = c.disease AND known.object = said.object
"""
# What is said of a gene, or of its protein, is said of the two of them.
_TRIPLES = """
INSERT INTO pairs
WITH encoded AS (
    SELECT subject AS gene, object AS protein, evidence FROM pairs
    WHERE view = 'gene_encodes_protein' AND status = 'affirmed' AND hash(subject) % $num_passes = $number
), linked AS (
    SELECT e.gene || '|' || e.protein AS subject, p.object, p.status, p.num_sources, p.num_rows,
        list_concat(e.evidence, p.evidence) AS evidence
    FROM encoded e JOIN pairs p ON p.view = $of_gene AND p.subject = e.gene
    UNION ALL
    SELECT e.gene || '|' || e.protein, p.object, p.status, p.num_sources, p.num_rows,
        list_concat(e.evidence, p.evidence)
    FROM encoded e JOIN pairs p ON p.view = $of_protein AND p.subject = e.protein
)
SELECT $view, subject, object,
    CASE WHEN bool_and(status = 'indirect') THEN 'indirect'
        WHEN bool_and(status IN ('denied', 'indirect')) THEN 'denied'
        WHEN bool_or(status IN ('denied', 'disputed')) THEN 'disputed' ELSE 'affirmed' END,
    sum(num_sources), sum(num_rows), list_sort(list_distinct(flatten(list(evidence))))
FROM linked GROUP BY subject, object
"""
_PLACED = """
CREATE TABLE nodes AS
SELECT kind, node, name, split, grp,
    row_number() OVER (ORDER BY md5($seed || kind || plain), kind, plain, node) AS place
FROM (
    SELECT n.kind, n.node, n.name, n.plain, s.split, s.grp
    FROM named n LEFT JOIN splits s ON s.kind = n.kind AND s.node = n.node
    UNION ALL
    SELECT DISTINCT 'gene_protein', p.subject || '|' || p.object, g.name || ' encoding ' || o.name,
        g.plain || ' encoding ' || o.plain, s.split, s.grp
    FROM pairs p JOIN named g ON g.kind = 'gene' AND g.node = p.subject
    JOIN named o ON o.kind = 'protein' AND o.node = p.object
    JOIN splits s ON s.kind = 'gene' AND s.node = p.subject
    WHERE p.view = 'gene_encodes_protein' AND p.status = 'affirmed'
)
"""


def read_entities(work: Workspace, corpus: Path, memory_gb: float) -> None:
    """Makes the tables ``members`` (which node an id belongs to) and ``named`` (names of a node).

    Entities without a name and withdrawn ones are left out. Diseases, and phenotypes, of one name are one
    node, called by that of their ids whose vocabulary comes first in the corpus.

    Args:
        work: The workspace.
        corpus: The corpus.
        memory_gb: What the engine may take in memory to read it, in GB.
    """
    text = "VARCHAR"
    columns = {"kind": text, "id": text, "node": text, "name": text, "plain": text}
    with Corpus(corpus, memory_gb) as opened:
        work.fill("members", columns, _members(opened))
    work.run(
        "CREATE TABLE named AS "
        "SELECT kind, node, name, plain FROM members WHERE id = node ORDER BY kind, node"
    )


def _members(corpus: Corpus) -> Iterator[tuple[str, str, str, str, str]]:
    for kind in ENTITY_KINDS:
        first: dict[str, str] = {}
        if kind in _ONE_BY_NAME:
            for key, one, _ in _named(corpus, kind):
                first[key] = min(first.get(key, one), one, key=order(kind))
        for key, one, name in _named(corpus, kind):
            yield kind, one, first.get(key, one), name, key


def _named(corpus: Corpus, kind: EntityKind) -> Iterator[tuple[str, str, str]]:
    """Normalised name, id and name of the entities that can be asked about."""
    for entity in corpus.entities(kind):
        # A name of signs alone has nothing to be found by.
        key = normalised_name(entity.name or "")
        if entity.name is not None and not entity.is_obsolete and key:
            yield key, entity.id, entity.name


def merged_phenotypes(work: Workspace) -> dict[str, str]:
    """Id to node of the phenotypes that are told of under the id of another one of their name."""
    query = "SELECT id, node FROM members WHERE kind = 'phenotype' AND id <> node ORDER BY id"
    return dict(work.rows(query))


def read_pairs(work: Workspace) -> None:
    """Makes the table ``pairs`` for all views, from the evidence of the corpus.

    Args:
        work: The workspace, with its entities.
    """
    columns = dict.fromkeys(("relation", "subject_kind", "object_kind"), "VARCHAR")
    work.fill("ends", columns, ((relation, *kinds) for relation, kinds in ENDS.items()))
    [(num_statements,)] = work.rows("SELECT count(*) FROM corpus.evidence")
    num_passes = 1 + num_statements // _ROWS_OF_A_PASS
    passes = [{"num_passes": num_passes, "number": number} for number in range(num_passes)]
    work.run(_NO_PAIRS)
    for one in passes:
        work.run(_PAIRS, {"no_data": _NO_DATA, "uninformative": list(_UNINFORMATIVE), **one})
    work.run(_TURNED, {"view": "gene_encodes_protein", "turned": "protein_gene"})
    for detour in _DETOURS:
        work.run(_INDIRECT, dict(zip(("view", "first", "second"), detour, strict=True)))
    for one in passes:
        work.run(_COUNTERPARTS, one)
    work.run(_TURNED, {"view": "gene_disease", "turned": "disease_gene"})
    for kind, of_protein in (("disease", "protein_disease"), ("phenotype", "")):
        names = {"view": f"{GENE_PROTEIN}_{kind}", "of_gene": f"gene_{kind}", "of_protein": of_protein}
        for one in passes:
            work.run(_TRIPLES, {**names, **one})


def place_nodes(work: Workspace, seed: int) -> None:
    """Makes the table ``nodes``: all entities, and pairs of gene and protein, with split and place.

    Those of one name, however it is written, follow each other.

    Args:
        work: The workspace, with entities, pairs and ``splits``.
        seed: Seed of the order.
    """
    work.run(_PLACED, {"seed": f"{seed}/"})


def views_with_data(work: Workspace) -> set[str]:
    """Names of the views that have an affirmed pair."""
    return {name for (name,) in work.rows("SELECT DISTINCT view FROM pairs WHERE status = 'affirmed'")}
