"""Every number of the card of a store whose numbers are known by hand."""

import json
from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from geneverse_pl.data.card import DataCard, DataFacts, SourceTerms, columns, data_card
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store import TokenStore
from geneverse_pl.exceptions import StoreError
from tests.geneverse_pl.data.card.conftest import asked


@pytest.fixture
def card(store: TokenStore) -> DataCard:
    terms = SourceTerms("HPO", ("hp.obo",), "own licence", "https://example.org", "Somebody 2024")
    return data_card(store, DataFacts(terms=(terms,)))


def test_lengths(card: DataCard) -> None:
    train = card.splits["train"]
    assert (train.num_samples, train.num_tokens, train.num_trained) == (7, 42, 14)
    assert (train.mean, train.quantiles["p50"], train.quantiles["max"]) == (6.0, 6, 6)
    assert (train.num_at_limit, train.num_truncated) == (7, 1)
    assert card.lengths.edges == [6, 7]
    assert card.lengths.counts == {"train": [7], "val": [2], "held_out": [2], "memorised": [2]}


def test_kinds_and_answers(card: DataCard) -> None:
    [kind] = [one for one in card.kinds if one.split == "train"]
    assert kind.kind == "relation/gene_phenotype"
    assert kind.entities == {"subject": 3, "object": 3}
    assert kind.common_answers == [("Yes", 5), ("No", 2)]
    assert (kind.num_answers, kind.is_closed, kind.num_true, kind.num_false) == (2, True, 5, 2)
    assert kind.top_share == pytest.approx(5 / 7)
    assert kind.example.about == {"subject": "gene A (A)", "object": "HP:1"}


def test_relations_join_kinds(write_store: Callable[..., TokenStore]) -> None:
    kinds = ["relation/a", "list/a", "fact/b", "bare"]
    samples = [asked("A", place, label=True, kind=kind) for place, kind in enumerate(kinds)]
    card = data_card(write_store({"train": samples}))
    assert {one.relation: one.num_samples for one in card.relations} == {"a": 2, "b": 1, "bare": 1}


def test_sources_and_prefixes_are_counted_once_a_sample(card: DataCard) -> None:
    assert card.sources["train"] == {"genes.txt": 7, "hp.obo": 7}
    assert card.prefixes == {"subject": {"": 7}, "object": {"HP": 7}}


def test_repeats_and_contradictions(card: DataCard) -> None:
    train = next(one for one in card.duplicates if one.split == "train")
    assert (train.num_distinct, train.num_repeats, train.num_prompts) == (6, 1, 5)
    assert (train.num_contradicted, train.num_in_contradictions) == (1, 2)
    [example] = train.examples
    assert example.about == {"subject": "gene B (B)", "object": "HP:2"}
    assert example.answers == ["Yes", "No"]


@pytest.mark.parametrize(
    ("split", "what", "distinct", "shared", "samples"),
    [
        ("val", "group", 1, 0, 0),
        ("val", "object", 2, 1, 1),
        ("val", "prompt", 2, 0, 0),
        ("held_out", "subject", 2, 1, 1),
        ("held_out", "context", 2, 1, 1),
        ("held_out", "prompt", 2, 1, 1),
        ("held_out", "prompt and answer", 2, 0, 0),
        ("memorised", "prompt and answer", 2, 2, 2),
    ],
)
def test_overlap_with_train(
    card: DataCard, split: str, what: str, distinct: int, shared: int, samples: int
) -> None:
    found = card.overlap(split, what)
    assert found is not None
    assert (found.num_distinct, found.num_shared, found.num_samples) == (distinct, shared, samples)
    assert card.overlap(split, "image") is None


def test_degrees_leave_false_statements_out_of_relations(card: DataCard) -> None:
    degrees = {one.title: dict(zip(one.degrees, one.num_with, strict=True)) for one in card.degrees}
    assert degrees == {
        "samples per subject": {1: 1, 2: 1, 4: 1},
        "samples per object": {2: 2, 3: 1},
        "objects per subject": {1: 2, 2: 1},  # A: 1 and 2, as it is not related to 3
        "subjects per object": {1: 2, 2: 1},
    }
    by_subject = card.degrees[0]
    assert by_subject.commonest[0] == ("gene A (A)", 4)
    assert by_subject.top_share == pytest.approx(4 / 7, abs=1e-4)


def test_origin_knows_terms_and_hides_folders(card: DataCard) -> None:
    assert [(file.name, file.terms) for file in card.origin.files] == [("hp.obo", "HPO"), ("own.txt", "")]
    assert card.origin.options == {"folder": "data", "questions": ["a/b"], "plain": "a/b"}
    assert card.origin.settings["seed"] == 3


def test_dictionary_is_json(card: DataCard) -> None:
    assert json.loads(json.dumps(card.to_dict()))["splits"]["train"]["num_samples"] == 7


def test_slices_change_nothing(
    store: TokenStore, picture_store: TokenStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [
        data_card(one, DataFacts(("subject", "object", "gene"))).to_dict() for one in (store, picture_store)
    ]
    monkeypatch.setattr(columns, "_SLICE_SAMPLES", 2)
    assert whole == [
        data_card(one, DataFacts(("subject", "object", "gene"))).to_dict() for one in (store, picture_store)
    ]


def test_counts_are_those_of_a_plain_count(
    samples_of_tokens: Callable[..., list[EncodedSample]],
    write_store: Callable[..., TokenStore],
) -> None:
    samples = [
        EncodedSample(one.input_ids[-4:], np.array([False, False, True, True]), metadata={"kind": "a/b"})
        for one in samples_of_tokens(300, seed=1, vocabulary=8)
    ]
    card = data_card(write_store({"train": samples[:200], "val": samples[200:]}))
    wholes = [[tuple(one.input_ids) for one in part] for part in (samples[:200], samples[200:])]
    prompts = [[one[:2] for one in part] for part in wholes]
    found = card.duplicates[0]
    assert found.num_repeats == 200 - len(set(wholes[0])) > 0
    several = {prompt for prompt, number in Counter(one[:2] for one in set(wholes[0])).items() if number > 1}
    assert found.num_contradicted == len(several) > 0
    assert found.num_in_contradictions == sum(prompt in several for prompt in prompts[0])
    shared = card.overlap("val", "prompt")
    assert shared is not None
    assert shared.num_shared == len(set(prompts[0]) & set(prompts[1])) > 0
    assert shared.num_samples == sum(prompt in set(prompts[0]) for prompt in prompts[1])
    assert card.overlap("val", "group") is None


def test_where_prompts_are_learned_too_the_answer_is_told_apart(
    write_store: Callable[..., TokenStore],
) -> None:
    ids = [np.array([1, 5, answer], np.int32) for answer in (7, 8)]
    samples = [
        EncodedSample(one, np.ones(3, np.bool_), metadata={"kind": "a/b", "answer_start": 2}) for one in ids
    ]
    [found] = data_card(write_store({"train": samples})).duplicates
    assert (found.num_prompts, found.num_contradicted) == (1, 1)


def test_pictures_are_part_of_prompts(picture_store: TokenStore) -> None:
    card = data_card(picture_store, DataFacts(("gene",)))
    assert card.pictures is not None
    assert (card.pictures.num_distinct, card.pictures.num_by_split) == (3, {"train": 2, "held_out": 2})
    assert card.pictures.sizes == {"8 x 12": 2, "16 x 20": 1}
    assert card.pictures.formats == {"PNG": 3}
    assert card.pictures.mean_samples == 1.5
    assert card.duplicates[0].num_prompts == 3  # the first two have the same words
    found = {
        what: (one.num_distinct, one.num_shared, one.num_samples)
        for what in ("image", "context", "prompt", "gene")
        if (one := card.overlap("held_out", what))
    }
    assert found == {"image": (2, 1, 1), "context": (2, 1, 1), "prompt": (3, 0, 0), "gene": (2, 1, 1)}


def test_pairs_with_captions_contradict_nothing(
    write_store: Callable[..., TokenStore], picture_store: TokenStore
) -> None:
    pairs = [
        EncodedSample(
            np.array([-1, text], np.int32),
            np.zeros(2, np.bool_),
            metadata={"kind": "text/a", "caption": f"caption {text}"},
            images=np.zeros(1, np.int64),
        )
        for text in (5, 6)
    ]
    card = data_card(write_store({"train": pairs}, [picture_store.images[0]], name="pairs.h5"))
    [found] = card.duplicates
    assert (found.num_prompts, found.num_contradicted) == (1, None)
    assert card.kinds[0].common_answers == [("caption 5", 1), ("caption 6", 1)]


def test_empty_splits_and_stores(write_store: Callable[..., TokenStore]) -> None:
    card = data_card(write_store({"train": [], "val": []}))
    assert card.splits["train"].num_samples == 0
    assert "0 samples in 2 splits" in card.to_markdown()


def test_a_missing_store_is_said_to_be_missing(store: TokenStore) -> None:
    with pytest.raises(StoreError, match="must be a prepared data set"):
        data_card(store.path.with_name("none.h5"))
