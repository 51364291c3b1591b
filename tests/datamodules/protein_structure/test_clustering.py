"""Clusters of sequences: relatives stay together, strangers apart."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.protein_structure.clustering import (
    WORD_LENGTH,
    cluster_sequences,
    group_structures,
    read_cluster_table,
)
from datamodules.sources.structures import ProteinChain, StructureRecord
from geneverse_pl.exceptions import ConfigError, DataFormatError

LETTERS = "ACDEFGHIKLMNPQRSTVWY"
TEXT = st.text(LETTERS + "X", min_size=1, max_size=60)


def made_up(rng: random.Random, length: int) -> str:
    """A random sequence."""
    return "".join(rng.choices(LETTERS, k=length))


def mutated(rng: random.Random, sequence: str, identity: float) -> str:
    """The sequence with so large a share of its residues kept."""
    changed = set(rng.sample(range(len(sequence)), round((1 - identity) * len(sequence))))
    return "".join(
        rng.choice(LETTERS.replace(letter, "")) if place in changed else letter
        for place, letter in enumerate(sequence)
    )


def structure(name: str, *sequences: str, accession: str = "") -> StructureRecord:
    """A record of chains A, B, ... with these sequences."""
    chains = tuple(ProteinChain("ABC"[n], text, len(text)) for n, text in enumerate(sequences))
    return StructureRecord(
        structure_id=name,
        path=Path(f"{name}.pdb"),
        name="",
        title="",
        organism="",
        functional_class="",
        keywords=(),
        gene="",
        accession=accession,
        fragment=None,
        ec_numbers=(),
        is_enzyme=None,
        chains=chains,
        num_residues=sum(map(len, sequences)),
        helix_fraction=0,
        strand_fraction=0,
        ligands=(),
        mean_plddt=None,
    )


@pytest.mark.parametrize("seed", range(3))
def test_relatives_over_the_threshold_stay_together(seed: int) -> None:
    rng = random.Random(seed)
    sequences: dict[str, str] = {}
    for family in range(15):
        ancestor = made_up(rng, rng.randint(80, 400))
        sequences[f"{family}/whole"] = ancestor
        for member in range(4):
            relative = mutated(rng, ancestor, rng.uniform(0.7, 0.95))
            start = rng.randint(0, len(relative) // 4)
            sequences[f"{family}/{member}"] = relative[start:]
    clusters = cluster_sequences(sequences, identity=0.5)
    families = {name: name.partition("/")[0] for name in sequences}
    assert len(set(clusters.values())) == 15
    for name, cluster in clusters.items():
        assert families[name] == families[cluster]
        assert len(sequences[cluster]) == len(sequences[f"{families[name]}/whole"])


def test_strangers_stay_apart_even_if_they_are_long() -> None:
    rng = random.Random(0)
    sequences = {str(number): made_up(rng, rng.randint(20, 1500)) for number in range(80)}
    assert cluster_sequences(sequences, identity=0.4) == {name: name for name in sequences}


def test_a_relative_of_two_relatives_joins_them() -> None:
    rng = random.Random(1)
    first, second = made_up(rng, 120), made_up(rng, 120)
    clusters = cluster_sequences({"a": first, "b": second, "fusion": first + second})
    assert set(clusters.values()) == {"fusion"}


def shared_words(first: str, second: str) -> tuple[int, int]:
    """Distinct words in common, and those of the sequence that has fewer."""
    words = [
        {text[n : n + WORD_LENGTH] for n in range(len(text) - WORD_LENGTH + 1)} for text in (first, second)
    ]
    words = [{word for word in found if "X" not in word} for found in words]
    return len(words[0] & words[1]), min(map(len, words))


@settings(max_examples=150, deadline=None)
@given(parts=st.lists(TEXT, min_size=2, max_size=8), data=st.data())
def test_no_pair_that_shares_enough_words_is_separated(parts: list[str], data: st.DataObject) -> None:
    texts = [
        data.draw(st.sampled_from(parts)) + data.draw(st.sampled_from(parts))
        for _ in range(data.draw(st.integers(2, 8)))
    ]
    identity = data.draw(st.sampled_from([0.4, 0.6, 0.9, 1.0]))
    sequences = {str(number): text for number, text in enumerate(texts)}
    clusters = cluster_sequences(sequences, identity)
    for a, first in sequences.items():
        for b, second in sequences.items():
            shared, fewest = shared_words(first, second)
            enough = shared >= max(min(4, fewest), identity**WORD_LENGTH * fewest)
            if first == second or (fewest and enough):
                assert clusters[a] == clusters[b]
        members = [text for name, text in sequences.items() if clusters[name] == clusters[a]]
        assert len(sequences[clusters[a]]) == max(map(len, members))


def test_clusters_do_not_depend_on_the_order() -> None:
    rng = random.Random(2)
    sequences = {str(number): made_up(rng, 60) for number in range(10)}
    sequences |= {f"{name}'": mutated(rng, text, 0.8) for name, text in sequences.items()}
    turned = dict(reversed(sequences.items()))
    assert cluster_sequences(turned) == cluster_sequences(sequences)
    assert cluster_sequences({}) == {}


def test_identity_out_of_range() -> None:
    with pytest.raises(ConfigError, match=r"cluster_identity must be in \[0\.4, 1\], got 0\.3"):
        cluster_sequences({"a": "ACDEF"}, identity=0.3)


def test_structures_hang_together_by_any_chain_and_by_accession() -> None:
    rng = random.Random(3)
    a, b, c, d = (made_up(rng, 80) for _ in range(4))
    groups = group_structures(
        [
            structure("1aaa", a, b),
            structure("2bbb", b),
            structure("3ccc", c, accession="P1"),
            structure("4ddd", d, accession="P1"),
            structure("5eee", made_up(rng, 80), accession="P2"),
        ]
    )
    assert groups["1aaa"] == groups["2bbb"]
    assert groups["3ccc"] == groups["4ddd"]
    assert len(set(groups.values())) == 3


def test_a_given_table_decides(tmp_path: Path) -> None:
    path = tmp_path / "c_cluster.tsv"
    path.write_text("r1\tr1\nr1\t1aaa_A\nr2\t1aaa_B\nr3\t2bbb\nr2\tP7\nr3\tP8\n")
    table = read_cluster_table(path)
    records = [structure("1aaa", "AAAAAAAAAA", "AAAAAAAAAA"), structure("2bbb", "AAAAAAAAAA")]
    groups = group_structures([*records, structure("AF-P7-F1", "CCCC", accession="P7")], table=table)
    assert groups["1aaa"] == groups["AF-P7-F1"] != groups["2bbb"] == "r3"
    with pytest.raises(ConfigError, match=r"must name every structure, .* 1 of 2 chains are missing: 9zzz_A"):
        group_structures([records[1], structure("9zzz", "ACDEF")], table=table)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a b\n", r"c\.tsv: line 1 has 'a b', expected a representative, a tab and a member"),
        ("a\tb\n\na\t\n", r"c\.tsv: line 3 has"),
        ("a\tb\nc\tb\n", r"c\.tsv: line 2 puts b into the cluster c, an earlier line into a"),
        ("", r"c\.tsv: is empty"),
    ],
)
def test_faults_of_a_table(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.tsv"
    path.write_text(text)
    with pytest.raises(DataFormatError, match=message):
        read_cluster_table(path)
