"""Samples with images from text to batches: marks, tokens, store, collate functions."""

from pathlib import Path

import numpy as np
import pytest
from transformers import PreTrainedTokenizerFast

from geneverse_pl.data.collate import pack_collate, pad_collate
from geneverse_pl.data.encoded import IMAGE_TOKEN, EncodedSample
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import StoreWriter, TokenStore
from geneverse_pl.data.tokenization import SampleEncoder
from geneverse_pl.exceptions import ConfigError, DataFormatError

NUM_IMAGE_TOKENS = 4
A, B, C = Path("a.png"), Path("b.png"), Path("c.png")
NUMBERS = {A: 0, B: 1, C: 2}


@pytest.fixture
def encoder(tiny_tokenizer: PreTrainedTokenizerFast) -> Encoder:
    return Encoder(tiny_tokenizer, PromptTemplate("plain"), [IMAGE_TOKEN] * NUM_IMAGE_TOKENS)


def encode(
    encoder: Encoder, samples: list[Sample], max_length: int = 200, *, train_on_prompt: bool = False
) -> list[EncodedSample]:
    made = SampleEncoder(encoder, max_length, train_on_prompt=train_on_prompt, add_image=NUMBERS.__getitem__)
    return list(made.encode(samples))


def about(image: Path, question: str, answer: str = "Yes") -> Sample:
    return Sample(question, answer, context="<image>\nA gene.", images=(image,), group=image.stem)


def test_each_mark_becomes_as_many_places(encoder: Encoder) -> None:
    sample = Sample("Is <image> like it?", "Yes", context="See <image>.", images=(B, A))
    (encoded,) = encode(encoder, [sample])
    tokens = encoded.input_ids.tolist()
    assert tokens.count(IMAGE_TOKEN) == 2 * NUM_IMAGE_TOKENS
    assert encoded.images.tolist() == [1, 0]
    first = tokens.index(IMAGE_TOKEN)
    assert tokens[:first] == encoder.tokenizer("See ", add_special_tokens=False).input_ids
    assert encoded.images_between(0, encoded.prefix_length).tolist() == [1]
    assert encoded.images_between(encoded.prefix_length, len(encoded)).tolist() == [0]
    assert not encoded.trained[encoded.input_ids == IMAGE_TOKEN].any()


def test_a_mark_in_an_answer_or_without_images_is_text(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    plain = Encoder(tiny_tokenizer, PromptTemplate("plain"))
    (encoded,) = SampleEncoder(plain, 100).encode([Sample("<image>?", "an <image>")])
    assert IMAGE_TOKEN not in encoded.input_ids
    assert plain.decode(encoded.input_ids.tolist()) == "<image>? an <image>"


def test_places_of_images_are_never_learned(encoder: Encoder) -> None:
    (encoded,) = encode(encoder, [about(A, "Is it?")], train_on_prompt=True)
    in_image = encoded.input_ids == IMAGE_TOKEN
    assert encoded.trained[~in_image].all()
    assert not encoded.trained[in_image].any()


def test_prefix_groups_are_of_one_context_and_one_image(encoder: Encoder) -> None:
    encoded = encode(encoder, [about(A, "Is it?"), about(A, "Or that?"), about(B, "Is it?")])
    groups = [sample.prefix_group for sample in encoded]
    assert groups[0] == groups[1] != groups[2]


@pytest.mark.parametrize(("context", "images"), [("<image>", ()), ("none", (A,)), ("<image>", (A, B))])
def test_marks_and_images_must_agree(encoder: Encoder, context: str, images: tuple[Path, ...]) -> None:
    sample = Sample("Is it?", "Yes", context=context, images=images, metadata={"file": "x.json", "row": 7})
    with pytest.raises(DataFormatError, match=r"x\.json: line 7 must have one image for each <image> mark"):
        encode(encoder, [sample])


def test_a_text_task_refuses_images(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate("plain"))
    with pytest.raises(ConfigError, match="VisionLanguageTask"):
        list(SampleEncoder(encoder, 100).encode([about(A, "Is it?")]))


def test_a_long_prompt_loses_words_and_no_image(encoder: Encoder) -> None:
    words = "word " * 60
    sample = Sample("End of question?", "Yes", context=f"{words}<image>{words}", images=(A,))
    (encoded,) = encode(encoder, [sample], max_length=40)
    assert len(encoded) == 40
    assert (encoded.input_ids == IMAGE_TOKEN).sum() == NUM_IMAGE_TOKENS
    question = encoder.question(sample.question, sample.context)
    answer = encoder.answer("Yes")
    assert encoded.input_ids[-len(question + answer) :].tolist() == question + answer
    with pytest.raises(ConfigError, match="1 images"):
        encode(encoder, [sample], max_length=NUM_IMAGE_TOKENS + 3)


def test_images_must_share_out_the_places() -> None:
    ids = np.array([5, IMAGE_TOKEN, IMAGE_TOKEN, IMAGE_TOKEN, 6], np.int32)
    with pytest.raises(ValueError, match="2 images must fill the same number of places"):
        EncodedSample(ids, ids > 5, images=np.array([0, 1]))


def test_batches_say_which_image_fills_which_places(encoder: Encoder) -> None:
    first, second, other = encode(encoder, [about(A, "Is it?"), about(A, "Or that?"), about(B, "Is it?")])
    padded = pad_collate([first, other], encoder.pad_id)
    packed = pack_collate([[first, second, other]], encoder.pad_id)
    apart = pack_collate([[first, second, other]], encoder.pad_id, share_prefix=False)
    assert padded["image_ids"].tolist() == [0, 1]
    assert packed["image_ids"].tolist() == [0, 1]  # the shared one once
    assert apart["image_ids"].tolist() == [0, 0, 1]
    for batch in (padded, packed, apart):
        places = batch["image_positions"]
        assert len(places) == NUM_IMAGE_TOKENS * len(batch["image_ids"])
        assert (batch["input_ids"].flatten()[places] == encoder.pad_id).all()
        assert (batch["attention_mask"].flatten()[places] == 1).all()
        assert (batch["input_ids"] >= 0).all()
        assert places.tolist() == sorted(places.tolist())
    text = pad_collate(encode(encoder, [Sample("Is it?", "Yes")]), encoder.pad_id)
    assert "image_ids" not in text


def test_a_prefix_with_another_image_is_refused(encoder: Encoder) -> None:
    first, other = encode(encoder, [about(A, "Is it?"), about(B, "Is it?")])
    forged = EncodedSample(
        other.input_ids, other.trained, other.prefix_length, first.prefix_group, images=other.images
    )
    with pytest.raises(ValueError, match="same images"):
        pack_collate([[first, forged]], encoder.pad_id)


def test_the_store_keeps_each_image_once(encoder: Encoder, tmp_path: Path) -> None:
    path = tmp_path / "store.h5"
    samples = encode(encoder, [about(A, "Is it?"), about(B, "Is it?"), Sample("Text?", "No")])
    with StoreWriter(path, {}, ["train", "val"]) as writer:
        assert [writer.add_image(data) for data in (b"one", b"two", b"one")] == [0, 1, 0]
        for sample in samples:
            writer.append("train", sample)
        writer.append_many("val", [1, 2], [False, True], [2])
    store = TokenStore(path)
    assert [store.images[number] for number in range(len(store.images))] == [b"one", b"two"]
    for number, sample in enumerate(samples):
        stored = store.split("train")[number]
        assert stored.input_ids.tolist() == sample.input_ids.tolist()
        assert stored.images.tolist() == sample.images.tolist()
    assert len(store.split("val")[0].images) == 0
    with pytest.raises(IndexError, match="2"):
        _ = store.images[2]


def test_the_digest_of_images_follows_their_bytes(tmp_path: Path) -> None:
    digests = []
    for name, images in (("a", [b"1", b"2"]), ("b", [b"1", b"3"]), ("c", [b"1", b"2"])):
        with StoreWriter(tmp_path / f"{name}.h5", {}, ["train"]) as writer:
            for data in images:
                writer.add_image(data)
        digests.append(TokenStore(tmp_path / f"{name}.h5").images.digest())
    assert digests[0] == digests[2] != digests[1]
