"""Clusters of similar protein sequences, so that close relatives never lie in two splits.

A light method for sets of up to some ten thousand sequences: two sequences are joined when the shorter shares
enough of its words of five letters with the other, as CD-HIT's filter (Li and Godzik 2006) and MMseqs2's
Linclust (Steinegger and Söding 2018) judge it, and clusters are what hangs together by such pairs (MMseqs2's
mode ``connected component``), so that no pair over the threshold is ever separated. Nothing is aligned: the
identity is estimated from shared words as in Mash (Ondov et al. 2016), a word survives with probability
identity to the power of five. Below about 40 % identity words do not tell relatives from strangers; for such
thresholds cluster with MMseqs2 and give its table.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from datamodules.sources.structures import StructureRecord
from datamodules.sources.tables import read_lines
from geneverse_pl.evaluation.splits import connected_groups
from geneverse_pl.exceptions import ConfigError, DataFormatError

WORD_LENGTH = 5
MIN_IDENTITY = 0.4
# Probability that two strangers are joined if words were independent; as they overlap, it is ten times that.
_CHANCE = 1e-7
_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"
_NUM_NAMED = 5

Ints = NDArray[np.int64]


def cluster_sequences(sequences: Mapping[str, str], identity: float = 0.5) -> dict[str, str]:
    """Clusters sequences by shared words.

    Two sequences are joined if they share at least ``identity ** 5`` of the shorter one's distinct words of
    five letters, and more of them than chance gives one pair of strangers in a million: three words of two
    domains of 100 residues, nine of two proteins of 1,400. Words with a letter that is no standard amino acid
    do not count.

    Args:
        sequences: Sequence of each id.
        identity: Share of identical residues from which on sequences must stay together, in [0.4, 1]; an
            estimate, as said at the head of this module.

    Returns:
        Cluster of each id, named by the longest sequence in it (of equals, by the first id).

    Raises:
        ConfigError: If the identity is out of range.
    """
    if not MIN_IDENTITY <= identity <= 1:
        raise ConfigError(
            f"cluster_identity must be in [{MIN_IDENTITY}, 1], got {identity}. For remoter relatives cluster "
            "with MMseqs2 and set cluster_table."
        )
    first_of: dict[str, str] = {}
    for name in sorted(sequences):
        first_of.setdefault(sequences[name], name)
    # Equal sequences need no comparison, and most chains of complexes are equal to another.
    distinct = sorted(first_of.values(), key=lambda name: (-len(sequences[name]), name))
    words = [_words(sequences[name]) for name in distinct]
    edges = [(distinct[a], distinct[b]) for a, b in _similar_pairs(words, identity**WORD_LENGTH)]
    edges += [(name, first_of[text]) for name, text in sequences.items()]
    groups = connected_groups(edges, sequences)
    longest: dict[str, str] = {}
    for name in distinct:
        longest.setdefault(groups[name], name)
    return {name: longest[groups[name]] for name in sequences}


def read_cluster_table(path: str | Path) -> dict[str, str]:
    """Clusters from a table as MMseqs2 writes it (``_cluster.tsv``): representative, tab, member; no header.

    Args:
        path: The file, plain or gzip.

    Returns:
        Cluster of each member, named by its representative.

    Raises:
        MissingFileError: If the file cannot be opened.
        DataFormatError: If a line does not have two cells, or a member stands in two clusters.
    """
    clusters: dict[str, str] = {}
    for number, line in read_lines(path):
        if not line.strip():
            continue
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != 2 or not all(cells):
            message = f"has {line!r}, expected a representative, a tab and a member, as in MMseqs2's table."
            raise DataFormatError(path, message, number)
        representative, member = cells
        if clusters.setdefault(member, representative) != representative:
            message = (
                f"puts {member} into the cluster {representative}, an earlier line into {clusters[member]}; "
                "expected one. Remove one of the lines."
            )
            raise DataFormatError(path, message, number)
    return clusters


def group_structures(
    records: Sequence[StructureRecord], identity: float = 0.5, table: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Split group of each structure: structures hang together that share a cluster or a UniProt accession.

    Args:
        records: The structures.
        identity: Of :func:`cluster_sequences`; not used with a table.
        table: Cluster of each chain (``<structure>_<chain>``), structure or UniProt accession; None clusters
            the chains' sequences.

    Returns:
        Group of each structure id, named by one of its clusters.

    Raises:
        ConfigError: If the table lacks a structure, or the identity is out of range.
    """
    chains = {
        f"{record.structure_id}_{chain.chain_id}": (record, chain)
        for record in records
        for chain in record.chains
    }
    if table is None:
        clusters = cluster_sequences({key: chain.sequence for key, (_, chain) in chains.items()}, identity)
    else:
        clusters = _from_table({key: record for key, (record, _) in chains.items()}, table)
    edges = [
        (f"structure:{record.structure_id}", f"cluster:{clusters[key]}")
        for key, (record, _) in chains.items()
    ]
    edges += [
        (f"structure:{record.structure_id}", f"accession:{record.accession}")
        for record in records
        if record.accession
    ]
    groups = connected_groups(edges)
    # The first cluster of the group's first structure is the shortest name that says what is inside.
    names: dict[str, str] = {}
    for key, (record, _) in sorted(chains.items()):
        names.setdefault(groups[f"structure:{record.structure_id}"], clusters[key])
    return {record.structure_id: names[groups[f"structure:{record.structure_id}"]] for record in records}


def _words(sequence: str) -> Ints:
    """The distinct words of a sequence as numbers, sorted."""
    letters = np.array([_AMINO_ACIDS.find(letter) for letter in sequence.upper()], dtype=np.int64)
    if len(letters) < WORD_LENGTH:
        return np.empty(0, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(letters, WORD_LENGTH)
    windows = windows[(windows >= 0).all(axis=1)]
    return np.unique(windows @ (len(_AMINO_ACIDS) ** np.arange(WORD_LENGTH)))


def _similar_pairs(words: Sequence[Ints], share: float) -> list[tuple[int, int]]:
    """Pairs of sequences that share enough words, by an inverted index from words to sequences."""
    sizes = np.array([len(found) for found in words], dtype=np.int64)
    owners = np.repeat(np.arange(len(words)), sizes)
    flat = np.concatenate([*words, np.empty(0, dtype=np.int64)])
    _, index, counts = np.unique(flat, return_inverse=True, return_counts=True)
    # Sequences of each word, one word after the other; most words have one alone and need no look-up.
    members = owners[np.argsort(index, kind="stable")]
    starts = np.concatenate([[0], np.cumsum(counts)])
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    pairs = []
    for number in range(len(words)):
        own = index[offsets[number] : offsets[number + 1]]
        own = own[counts[own] > 1]
        if not len(own):
            continue
        others = np.concatenate([members[starts[word] : starts[word + 1]] for word in own.tolist()])
        found, shared = np.unique(others[others > number], return_counts=True)
        needed = _needed(int(sizes[number]), sizes[found], share)
        pairs += [(number, other) for other in found[shared >= needed].tolist()]
    return pairs


def _needed(size: int, others: Ints, share: float) -> NDArray[np.float64]:
    """Words that two sequences must share, by the numbers of words that they have."""
    from scipy.stats import poisson

    fewest = np.minimum(size, others)
    by_chance = poisson.isf(_CHANCE, size * others / len(_AMINO_ACIDS) ** WORD_LENGTH) + 1
    # A sequence may have fewer words than chance asks for.
    return np.asarray(np.minimum(fewest, np.maximum(np.ceil(share * fewest), by_chance)))


def _from_table(records: Mapping[str, StructureRecord], table: Mapping[str, str]) -> dict[str, str]:
    """Cluster of each chain, looked up by chain, structure or accession."""
    clusters: dict[str, str] = {}
    missing = []
    for key, record in records.items():
        names = (key, record.structure_id, record.accession)
        cluster = next((table[name] for name in names if name in table), None)
        if cluster is None:
            missing.append(key)
        else:
            clusters[key] = cluster
    if missing:
        raise ConfigError(
            "cluster_table must name every structure, by <structure>_<chain>, id or UniProt accession; "
            f"{len(missing)} of {len(records)} chains are missing: {', '.join(missing[:_NUM_NAMED])}, ... "
            "Cluster all of them, or leave cluster_table out."
        )
    return clusters
