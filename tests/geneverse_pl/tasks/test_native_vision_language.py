"""Vision-language models of Transformers, as tiny random ones, through the same task and data modules."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image, ImageOps
from transformers import AutoModelForImageTextToText, AutoProcessor, PreTrainedTokenizerFast

from geneverse_pl import Trainer, VisionDataModule, VisionLanguageTask, answer, load_adapter
from geneverse_pl.data.encoded import IMAGE_TOKEN, answer_start
from geneverse_pl.data.native_images import NativeProcessor
from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.generation.decoding import generate_answers
from geneverse_pl.generation.scoring import score_answers
from geneverse_pl.models.native_vision_language import NativeVisionLanguageModel
from tests.geneverse_pl.models.tiny_vision_language import (
    stripes,
    write_idefics3,
    write_llava,
    write_qwen2_vl,
)

Colours = Callable[..., VisionDataModule]
Tasks = Callable[..., VisionLanguageTask]
Trainers = Callable[..., Trainer]

WRITERS: dict[str, Callable[..., Any]] = {
    "llava": write_llava,
    "qwen2_vl": write_qwen2_vl,
    "idefics3": write_idefics3,
}
# Pixels a side and image tokens of a picture; Idefics3 has four tiles and the whole.
SIZES = {"llava": (16, 4), "qwen2_vl": (24, 9), "idefics3": (32, 20)}


@pytest.fixture(params=sorted(WRITERS))
def kind(request: pytest.FixtureRequest) -> str:
    """Which model."""
    return str(request.param)


@pytest.fixture
def folder(kind: str, tmp_path: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]) -> Path:
    """Folder of a random model with its processor."""
    WRITERS[kind](tmp_path / kind, make_tiny_tokenizer())
    return tmp_path / kind


@pytest.fixture
def make_native_task(make_vision_task: Tasks, folder: Path, kind: str) -> Callable[..., VisionLanguageTask]:
    """Builds a task on that model."""

    def make(**settings: Any) -> VisionLanguageTask:
        given = {"backend": "transformers", "vision": None, "projector": None, **settings}
        task = make_vision_task(**{"image_size": SIZES[kind][0], **given})
        task.model_reference = str(folder)
        return task

    return make


def test_the_processor_gives_the_places_of_an_image(folder: Path, kind: str) -> None:
    size, num_tokens = SIZES[kind]
    processor = NativeProcessor(folder, size)
    assert processor.image_block.count(IMAGE_TOKEN) == num_tokens
    whole = AutoProcessor.from_pretrained(folder)
    if kind == "idefics3":
        whole.image_processor.size = {"longest_edge": size}
    asked = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Is it red?"}]}]
    text_alone = kind == "llava"  # its tokenizer's template takes no parts
    prompt = "<image>Is it red?" if text_alone else whole.apply_chat_template(asked, tokenize=False)
    ids = whole(text=[prompt], images=[processor.blank()])["input_ids"][0]
    block = [processor.image_token_id if i == IMAGE_TOKEN else i for i in processor.image_block]
    assert any(list(ids[start : start + len(block)]) == block for start in range(len(ids)))


def test_pictures_of_any_shape_take_as_many_tokens(folder: Path, kind: str) -> None:
    processor = NativeProcessor(folder, SIZES[kind][0])
    wide, tall = processor.inputs([stripes(50, 20)]), processor.inputs([stripes(9, 30)])
    assert {name: value.shape for name, value in wide.items()} == {n: v.shape for n, v in tall.items()}
    both = processor.inputs([stripes(50, 20), stripes(9, 30)])
    pixels = both["pixel_values"].flatten()
    joined = torch.cat([wide["pixel_values"].flatten(), tall["pixel_values"].flatten()])
    torch.testing.assert_close(pixels, joined)


def reference_states(folder: Path, data: VisionDataModule, batch: Any, size: int) -> torch.Tensor:
    """Last hidden states of each row alone, ``(words, D)``, as plain Transformers computes them."""
    model = AutoModelForImageTextToText.from_pretrained(folder).eval()
    processor = AutoProcessor.from_pretrained(folder)
    image_id = model.config.image_token_id
    images = iter(batch["image_ids"].tolist())
    states = []
    for row, mask in zip(batch["input_ids"].clone(), batch["attention_mask"].bool(), strict=True):
        ids = row[mask][None]
        if not (ids == image_id).any():
            states.append(model.model(input_ids=ids).last_hidden_state[0])
            continue
        picture = Image.open(io.BytesIO(data.store.images[next(images)])).convert("RGB")
        square = ImageOps.pad(picture, (size, size), color=(127, 127, 127))
        if hasattr(processor.image_processor, "max_image_size"):
            processor.image_processor.size = {"longest_edge": size}
        made = dict(processor.image_processor(images=[square], return_tensors="pt"))
        made = {name: value for name, value in made.items() if name not in ("rows", "cols")}
        if "image_grid_thw" in made:
            made["mm_token_type_ids"] = (ids == image_id).long()
        states.append(model.model(input_ids=ids, **made).last_hidden_state[0])
    return torch.cat(states)


def test_hidden_states_are_those_of_transformers(
    make_colours: Colours,
    make_native_task: Callable[..., Any],
    make_trainer: Trainers,
    folder: Path,
    kind: str,
) -> None:
    data, task = make_colours(packing=False, tokens_per_batch=800), make_native_task()
    make_trainer(max_steps=0).fit(task, datamodule=data)
    task.eval()
    batch = next(iter(data.train_dataloader()))
    assert len(batch["input_ids"]) > 2
    assert len(set(batch["attention_mask"].sum(1).tolist())) > 1
    own = task.language_model.hidden_states(batch)[batch["attention_mask"].flatten().bool()]
    batch["input_ids"].view(-1)[batch["image_positions"]] = task.processor.image_token_id
    with torch.no_grad():
        theirs = reference_states(folder, data, batch, SIZES[kind][0])
    torch.testing.assert_close(own.detach(), theirs, rtol=1e-4, atol=1e-4)


def test_it_trains_scores_and_comes_back_from_its_folder(
    make_colours: Colours, make_native_task: Callable[..., Any], make_trainer: Trainers, tmp_path: Path
) -> None:
    data, task = make_colours(packing=False, tokens_per_batch=800), make_native_task()
    trainer = make_trainer(max_steps=4)
    trainer.fit(task, datamodule=data)
    model = task.language_model
    assert isinstance(model, NativeVisionLanguageModel)
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    assert trained
    assert all("lora_" in name and "vision" not in name and "visual" not in name for name in trained)
    assert all(p.grad is None for p in model.parameters() if not p.requires_grad)
    trainer.test(task, datamodule=data, verbose=False)
    assert {s.model for s in task.scores if s.task == "choice/colour"} == {
        "tuned",
        "untuned",
        "text_only",
        "shuffled_image",
        "majority",
    }
    task.save_folder(tmp_path / "tuned", {"state_dict": {}, "global_step": 4})
    tuned = load_adapter(tmp_path / "tuned")
    samples = list(data.iter_samples("held_out"))
    task.eval()
    model.load_images = data.image_loader()
    other: Any = tuned.language_model
    other.load_images = data.image_loader()
    own = [score.nll for score in score_answers(model, samples, data.encoder, task.device)]
    loaded = [score.nll for score in score_answers(other, samples, tuned.encoder, task.device)]
    assert loaded == pytest.approx(own, rel=1e-4)
    assert len({round(nll, 5) for nll in own}) > 6  # pictures matter
    picture = next(data.image_folder("colours", {"version": 1}).glob("*.png"))
    assert isinstance(answer(tuned, "Which colour?", images=[picture], max_new_tokens=2), str)


def test_an_answer_in_words_is_that_of_transformers(
    make_colours: Colours,
    make_native_task: Callable[..., Any],
    make_trainer: Trainers,
    folder: Path,
) -> None:
    data, task = make_colours(packing=False, tokens_per_batch=800), make_native_task()
    make_trainer(max_steps=0).fit(task, datamodule=data)
    task.eval()
    model = task.language_model
    model.load_images = data.image_loader()
    sample = next(iter(data.iter_samples("held_out")))
    start = answer_start(sample)
    texts = generate_answers(model, [sample, sample], data.encoder, task.device, max_new_tokens=6)
    reference = AutoModelForImageTextToText.from_pretrained(folder).eval()
    ids = torch.from_numpy(sample.input_ids[:start].astype("int64"))[None]
    ids[ids == IMAGE_TOKEN] = task.processor.image_token_id
    made = task.processor.inputs([Image.open(io.BytesIO(data.store.images[int(sample.images[0])]))])
    if "image_grid_thw" in made:
        made["mm_token_type_ids"] = (ids == task.processor.image_token_id).long()
    written = reference.generate(
        input_ids=ids, attention_mask=torch.ones_like(ids), max_new_tokens=6, do_sample=False, **made
    )
    expected = data.encoder.decode(written[0, ids.shape[1] :].tolist())
    assert texts == [expected, expected]


def test_packed_rows_are_refused(
    make_colours: Colours, make_native_task: Callable[..., Any], make_trainer: Trainers
) -> None:
    with pytest.raises(ConfigError, match=r"batching\.packing to false"):
        make_trainer(max_steps=1).fit(make_native_task(), datamodule=make_colours())


def test_a_text_model_has_no_processor_of_images(tiny_model_dir: Path) -> None:
    with pytest.raises(ModelReferenceError, match="open_clip"):
        _ = NativeProcessor(tiny_model_dir, 16).image_block


def test_tower_and_projector_belong_to_the_other_backend(make_vision_task: Tasks) -> None:
    with pytest.raises(ConfigError, match="Leave out vision and projector"):
        make_vision_task(backend="transformers")
