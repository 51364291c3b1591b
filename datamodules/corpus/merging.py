"""Makes the tables of a corpus from what was staged, within the engine."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from datamodules.corpus.engine import Batches
from datamodules.corpus.identifiers import RELATION_KINDS, TEXT_TOPICS
from datamodules.corpus.layout import FORMAT, SCHEMA_VERSION
from datamodules.corpus.records import Conflict
from datamodules.corpus.resolution import resolve
from datamodules.corpus.sources import SourceUsed
from datamodules.corpus.staging import Staging

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# A source that gives a name only means the entity that goes by it, or else the one that has it as an alias.
# Variables of studies are left out: their names are short and their own.
_MENTIONS = """
CREATE TEMP TABLE mentions AS
WITH labels AS (
    SELECT DISTINCT n.kind, t.plain, t.is_alias, n.entity FROM names t JOIN nodes n USING (node)
    WHERE n.entity IS NOT NULL AND NOT n.is_obsolete AND n.vocabulary NOT IN ('NAME', 'DBGAP')
), hits AS (
    SELECT n.node, l.is_alias, list(l.entity ORDER BY l.entity) AS entities
    FROM nodes n JOIN labels l ON n.kind = l.kind AND substr(n.id, 6) = l.plain
    WHERE n.vocabulary = 'NAME' GROUP BY n.node, l.is_alias
)
SELECT node, arg_min(entities, is_alias) AS entities FROM hits GROUP BY node
"""
_PLACED = """
CREATE TEMP TABLE placed AS
SELECT n.node, n.kind, n.id, n.vocabulary, n.is_obsolete, n.reason,
    CASE WHEN len(m.entities) = 1 THEN m.entities[1] ELSE n.entity END AS entity
FROM nodes n LEFT JOIN mentions m USING (node);
CREATE TABLE identifiers AS
SELECT kind, id AS identifier, entity, bool_or(is_obsolete) AS is_obsolete FROM placed
WHERE entity IS NOT NULL AND (vocabulary <> 'NAME' OR entity = id) GROUP BY ALL ORDER BY ALL
"""
_ENTITIES = """
CREATE TEMP TABLE labels AS
SELECT p.kind, p.entity, t.text, min(struct_pack(a := t.is_alias, s := t.source, t := t.text)) AS place
FROM names t JOIN placed p USING (node) WHERE p.entity IS NOT NULL GROUP BY p.kind, p.entity, t.text;
CREATE TABLE entities AS
WITH named AS (SELECT kind, entity, arg_min(text, place) AS name FROM labels GROUP BY kind, entity),
others AS (
    SELECT l.kind, l.entity, list(l.text ORDER BY l.text) AS aliases FROM labels l
    JOIN named n ON l.kind = n.kind AND l.entity = n.entity WHERE l.text <> n.name GROUP BY l.kind, l.entity
), ids AS (
    SELECT kind, entity, list(identifier ORDER BY identifier) AS identifiers,
        bool_or(is_obsolete AND identifier = entity) AS is_obsolete
    FROM identifiers GROUP BY kind, entity
)
SELECT i.kind, i.entity AS id, n.name, i.identifiers, coalesce(o.aliases, []) AS aliases, i.is_obsolete
FROM ids i LEFT JOIN named n ON i.kind = n.kind AND i.entity = n.entity
LEFT JOIN others o ON i.kind = o.kind AND i.entity = o.entity ORDER BY i.kind, i.entity
"""
_EVIDENCE = """
CREATE TABLE evidence AS
SELECT r.name AS relation, s.entity AS subject, o.entity AS object, l.negated, f.source, f.file,
    a.name AS assertion, min(l.line) AS line, count(*) AS num_rows
FROM links l JOIN placed s ON l.subject = s.node JOIN placed o ON l.object = o.node
JOIN relation_names r ON l.relation = r.number JOIN assertion_names a ON l.assertion = a.number
JOIN files f ON l.source = f.number
WHERE s.entity IS NOT NULL AND o.entity IS NOT NULL
GROUP BY ALL ORDER BY ALL;
CREATE TABLE relations AS
SELECT relation, subject, object, negated, count(DISTINCT source) AS num_sources, sum(num_rows) AS num_rows
FROM evidence GROUP BY ALL ORDER BY ALL
"""
_TEXTS = """
CREATE TABLE texts AS
SELECT p.kind, p.entity, o.name AS topic, t.text, f.source, f.file, t.assertion, max(t.updated) AS updated,
    min(t.line) AS line, count(*) AS num_rows
FROM told t JOIN placed p USING (node) JOIN topic_names o ON t.topic = o.number
JOIN files f ON t.source = f.number
WHERE p.entity IS NOT NULL GROUP BY ALL ORDER BY ALL
"""
_FAULTS = """
CREATE TABLE passed_over AS
SELECT source, reason, sum(number)::BIGINT AS num_rows FROM (
    SELECT f.source, u.reason, u.number FROM unlinked u JOIN files f ON u.source = f.number
    UNION ALL
    SELECT f.source, coalesce(s.reason, o.reason), 1
    FROM links l JOIN placed s ON l.subject = s.node JOIN placed o ON l.object = o.node
    JOIN files f ON l.source = f.number WHERE s.entity IS NULL OR o.entity IS NULL
    UNION ALL
    SELECT f.source, p.reason, 1
    FROM told t JOIN placed p USING (node) JOIN files f ON t.source = f.number WHERE p.entity IS NULL
) GROUP BY ALL ORDER BY ALL;
CREATE TABLE conflicts AS
SELECT kind, reason, ids, sources FROM (
    SELECT kind, reason, string_split(ids, chr(9)) AS ids, string_split(sources, chr(9)) AS sources
    FROM clashes
    UNION ALL
    SELECT relation, 'affirmed_and_denied', [subject, object], list(DISTINCT source ORDER BY source)
    FROM evidence GROUP BY relation, subject, object HAVING count(DISTINCT negated) = 2
    UNION ALL
    SELECT n.kind, 'ambiguous_name', list_prepend(n.id, m.entities), list(DISTINCT f.source ORDER BY f.source)
    FROM mentions m JOIN nodes n USING (node) JOIN names t USING (node) JOIN files f ON t.source = f.number
    WHERE len(m.entities) > 1 GROUP BY n.kind, n.id, m.entities
) ORDER BY ALL;
CREATE TABLE sources AS
SELECT source, file, release, publisher, licence, licence_url, citation FROM files ORDER BY ALL
"""


def merge(connection: "DuckDBPyConnection", staging: Staging, sources: Sequence[SourceUsed]) -> None:
    """Makes the tables.

    Args:
        connection: The connection that holds what was staged.
        staging: What the sources said.
        sources: The sources, in order.
    """
    _add_nodes_and_conflicts(connection, staging, sources)
    _add_names(connection, "relation_names", RELATION_KINDS)
    _add_names(connection, "topic_names", TEXT_TOPICS)
    _add_names(connection, "assertion_names", tuple(staging.assertions))
    _add_files(connection, staging, sources)
    for statements in (_MENTIONS, _PLACED, _ENTITIES, _EVIDENCE, _TEXTS, _FAULTS):
        connection.execute(statements)
    connection.execute("CREATE TABLE about (format VARCHAR, schema_version INTEGER)")
    connection.execute("INSERT INTO about VALUES (?, ?)", [FORMAT, SCHEMA_VERSION])


def _add_nodes_and_conflicts(
    connection: "DuckDBPyConnection", staging: Staging, sources: Sequence[SourceUsed]
) -> None:
    resolved, conflicts = resolve(staging, sources)
    text = "VARCHAR"
    nodes = Batches(
        connection,
        "nodes",
        {
            "node": "INTEGER",
            "kind": text,
            "id": text,
            "vocabulary": text,
            "entity": text,
            "reason": text,
            "is_obsolete": "BOOLEAN",
        },
    )
    for one in resolved:
        nodes.add(one.node, one.kind, one.id, one.vocabulary, one.entity, one.reason, one.is_obsolete)
    nodes.flush()
    clashes = Batches(connection, "clashes", dict.fromkeys(("kind", "reason", "ids", "sources"), text))
    for conflict in conflicts:
        clashes.add(*_clash(conflict))
    clashes.flush()


def _clash(conflict: Conflict) -> tuple[str, str, str, str]:
    # A tab stands in no id, as the files are parted by it.
    return conflict.kind, conflict.reason, "\t".join(conflict.ids), "\t".join(conflict.sources)


def _add_names(connection: "DuckDBPyConnection", table: str, names: Sequence[str]) -> None:
    rows = Batches(connection, table, {"number": "INTEGER", "name": "VARCHAR"})
    for number, name in enumerate(names):
        rows.add(number, name)
    rows.flush()


def _add_files(connection: "DuckDBPyConnection", staging: Staging, sources: Sequence[SourceUsed]) -> None:
    text = dict.fromkeys(
        ("source", "file", "release", "publisher", "licence", "licence_url", "citation"), "VARCHAR"
    )
    files = Batches(connection, "files", {"number": "SMALLINT", **text})
    for source in sources:
        release = staging.releases.get(source.number)
        publisher = source.publisher
        terms = (publisher.name, publisher.licence, publisher.licence_url, publisher.citation)
        files.add(source.number, source.key, source.path.name, release, *terms)
    files.flush()
    unlinked = Batches(
        connection, "unlinked", {"source": "SMALLINT", "reason": "VARCHAR", "number": "BIGINT"}
    )
    for (source_number, reason), number in sorted(staging.passed_over.items()):
        unlinked.add(source_number, reason, number)
    unlinked.flush()
