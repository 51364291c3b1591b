"""Passages in the context of questions and of training samples."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerFast

from geneverse_pl.data.datamodule import EncodingConfig, TextDataModule
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.data.records import Sample
from geneverse_pl.data.retrieved import PassageContext, TrainingPassages, subjects
from geneverse_pl.exceptions import ConfigError, DataFormatError
from geneverse_pl.retrieval import Passage, RetrievalConfig, TrainingRetrieval, build_index
from geneverse_pl.retrieval.block import HEADER

GENES = ("FBN1", "SCN1A", "TP53", "CFTR", "DMD", "HTT", "BRCA1", "ATM")
FACTS = tuple(Passage(f"G:{gene}", gene, f"The gene {gene} causes a <image> seizure.") for gene in GENES)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_index(FACTS, tmp_path_factory.mktemp("retrieved") / "index")


@pytest.fixture
def encoder(tiny_tokenizer: PreTrainedTokenizerFast) -> Encoder:
    return Encoder(tiny_tokenizer, PromptTemplate("plain"))


def sample(gene: str, question: str = "Does it cause ataxia?") -> Sample:
    about = {"subject": f"G:{gene}", "subject_name": gene}
    return Sample(question, "Yes", f"Gene: {gene}", "relation/x", metadata=about)


def test_passages_stand_before_the_context(index: Path, encoder: Encoder) -> None:
    passages = PassageContext(RetrievalConfig(index, top_k=1), encoder)
    context, found = passages.add("Which?", "Gene: HTT")
    assert context == f"{HEADER}\n[1] HTT: The gene HTT causes a seizure.\n\nGene: HTT"
    assert [one.passage.id for one in found] == ["G:HTT"]
    context, _ = passages.add("What of HTT?")
    assert context == f"{HEADER}\n[1] HTT: The gene HTT causes a seizure."


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    room=st.integers(1, 160),
    question=st.text("HT ?ab", max_size=30),
    context=st.sampled_from(["", "Gene: HTT", "Genes: DMD; ATM; TP53"]),
    answer=st.sampled_from([None, "Yes", "A long answer of several words"]),
)
def test_question_context_and_answer_are_never_cut(
    index: Path, encoder: Encoder, room: int, question: str, context: str, answer: str | None
) -> None:
    passages = PassageContext(RetrievalConfig(index, top_k=3, max_tokens=90), encoder, room)
    whole, found = passages.add(question, context, answer)
    assert whole.endswith(context)
    if found:
        tokens = len(encoder.prefix(whole)) + len(encoder.question(question, whole))
        assert tokens + (0 if answer is None else len(encoder.answer(answer))) <= room
        block = whole.removesuffix(context).strip()
        assert len(encoder.tokenizer(block, add_special_tokens=False).input_ids) <= 90
        assert [line[:3] for line in block.splitlines()[1:]] == [f"[{i + 1}]" for i in range(len(found))]
    else:
        assert whole == context


def test_passages_on_the_subject_can_be_left_out(index: Path, encoder: Encoder) -> None:
    asked = sample("HTT", "Does HTT cause it, or DMD?")
    shown = PassageContext(RetrievalConfig(index, 3), encoder).sample(asked).context
    hidden = PassageContext(RetrievalConfig(index, 3, exclude_subject=True), encoder).sample(asked).context
    assert "] HTT:" in shown
    assert "] DMD:" in shown
    assert "] HTT:" not in hidden
    assert "] DMD:" in hidden
    # Where the question hides what it is about, the id tells.
    masked = replace(asked, metadata={"subject": "G:HTT", "subject_name": "The gene ____ causes"})
    context = PassageContext(RetrievalConfig(index, 3, exclude_subject=True), encoder).sample(masked).context
    assert "] HTT:" not in context
    assert subjects(Sample("", "")) == []


def augmented(index: Path, encoder: Encoder, samples: list[Sample], **options: Any) -> list[Sample]:
    config = TrainingRetrieval(index, **options)
    return list(TrainingPassages(samples, PassageContext(config, encoder, 400), config, 0))


def test_a_share_of_the_samples_gets_other_passages_only(index: Path, encoder: Encoder) -> None:
    samples = [sample(gene, f"Does it cause {i}?") for gene in GENES for i in range(20)]
    made = augmented(index, encoder, samples, top_k=2, drop=0.25)
    has_own = [one.metadata["subject"] in one.metadata["passages"] for one in made]  # type: ignore[operator]
    # 160 draws of probability 0.25: 40 and a standard deviation of 5.5.
    assert 18 < has_own.count(False) < 62
    assert all(len(one.metadata["passages"]) == 2 for one in made)  # type: ignore[arg-type]
    assert all(
        one.context.startswith(HEADER) and one.context.endswith(s.context)
        for one, s in zip(made, samples, strict=True)
    )
    assert [
        replace(one, context=s.context, metadata=s.metadata) for one, s in zip(made, samples, strict=True)
    ] == samples
    always = augmented(index, encoder, samples[:20], drop=1.0)
    assert not any(one.metadata["subject"] in one.metadata["passages"] for one in always)  # type: ignore[operator]
    never = augmented(index, encoder, samples[:20], drop=0.0)
    assert all(one.metadata["subject"] in one.metadata["passages"] for one in never)  # type: ignore[operator]


def test_a_sample_gets_the_same_passages_in_any_company(index: Path, encoder: Encoder) -> None:
    samples = [sample(gene, f"Does it cause {i}?") for gene in GENES for i in range(4)]
    whole = augmented(index, encoder, samples, drop=0.5)
    assert augmented(index, encoder, samples[::-1], drop=0.5) == whole[::-1]
    assert augmented(index, encoder, samples[7:9], drop=0.5) == whole[7:9]


def test_store_is_named_by_index_and_settings(
    index: Path, make_data: Callable[..., TextDataModule], tiny_model_dir: Path, tmp_path: Path
) -> None:
    other = build_index(FACTS[1:], tmp_path / "other")

    def name(retrieval: TrainingRetrieval | None) -> str:
        data = make_data()
        data.encoding = EncodingConfig("plain", max_length=200, retrieval=retrieval)
        data.use_model(str(tiny_model_dir))
        return data.store_path.name

    configs = [
        None, TrainingRetrieval(index), TrainingRetrieval(other), TrainingRetrieval(index, top_k=1),
        TrainingRetrieval(index, drop=0.5), TrainingRetrieval(index, max_tokens=9),
        TrainingRetrieval(index, exclude_subject=True), TrainingRetrieval(index, methods=["bm25"]),
    ]  # fmt: skip
    assert len({name(config) for config in configs}) == len(configs)
    moved = build_index(FACTS, tmp_path / "moved")
    assert name(TrainingRetrieval(moved)) == name(TrainingRetrieval(index))


def test_training_splits_have_passages_and_tests_have_none(
    index: Path, make_data: Callable[..., TextDataModule], tiny_model_dir: Path
) -> None:
    data = make_data(row_length=200)
    data.encoding = EncodingConfig("plain", max_length=200, retrieval=TrainingRetrieval(index, drop=0.0))
    data.use_model(str(tiny_model_dir))
    data.prepare_data()
    data.setup("fit")
    for split, has_passages in (("train", True), ("val", True), ("held_out", False), ("memorised", False)):
        for one in data.iter_samples(split):
            text = str(data.tokenizer.decode(one.input_ids.tolist()))
            assert text.startswith(HEADER) == has_passages
            assert ("passages" in one.metadata) == has_passages
            assert not has_passages or f"] {one.metadata['subject']}: The gene" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"top_k": 0}, "retrieval.top_k must be > 0, got 0"),
        ({"max_tokens": 0}, "retrieval.max_tokens must be > 0, got 0"),
        ({"methods": []}, "retrieval.methods must name at least one, got none"),
        ({"methods": ["bm52"]}, "Unknown method of retrieval 'bm52'. Did you mean 'bm25'"),
        ({"drop": 1.5}, r"retrieval.drop must be in \[0, 1\], got 1.5"),
    ],
)
def test_settings_out_of_range(
    options: dict[str, Any], message: str, make_data: Callable[..., TextDataModule], encoder: Encoder
) -> None:
    config = TrainingRetrieval(Path("none"), **options)
    with pytest.raises(ConfigError, match=message):
        type(make_data())(encoding=EncodingConfig(retrieval=config))
    with pytest.raises(ConfigError, match=message):
        PassageContext(config, encoder)


def test_passages_are_searched_by_the_methods_that_are_chosen(index: Path, encoder: Encoder) -> None:
    asked = "Which gene causes a seizure in HTT?"
    by_name = PassageContext(RetrievalConfig(index, methods=["name"]), encoder)
    assert [(one.passage.id, one.why) for one in by_name.search(asked)] == [("G:HTT", ("name",))]
    by_words = PassageContext(RetrievalConfig(index, methods=["bm25"]), encoder)
    assert {one.why for one in by_words.search(asked)} == {("bm25",)}
    distracted = augmented(index, encoder, [sample("HTT")], drop=1.0, methods=["name"])
    assert len(distracted[0].metadata["passages"]) == 2  # type: ignore[arg-type]
    with pytest.raises(ConfigError, match="Unknown method of this index 'dense'"):
        PassageContext(RetrievalConfig(index, methods=["dense"]), encoder)


def test_no_index(encoder: Encoder, tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match="must be an index of passages, and there is none"):
        PassageContext(RetrievalConfig(tmp_path / "none"), encoder)
