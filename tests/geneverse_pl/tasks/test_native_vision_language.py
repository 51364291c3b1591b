"""Vision-language models of Transformers, as tiny random ones, through the same task and data modules."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from geneverse_pl import Trainer, VisionDataModule, VisionLanguageTask, answer, load_adapter
from geneverse_pl.data.encoded import IMAGE_TOKEN
from geneverse_pl.data.native_images import NativeProcessor
from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.generation.scoring import score_answers
from geneverse_pl.models.native_vision_language import NativeVisionLanguageModel

Colours = Callable[..., VisionDataModule]
Tasks = Callable[..., VisionLanguageTask]
Trainers = Callable[..., Trainer]


@pytest.fixture
def tiny_llava(tmp_path: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]) -> Path:
    """Folder of a random LLaVA: a two-layer CLIP tower of 4 patches and a two-layer Llama."""
    folder = tmp_path / "tiny-llava"
    tokenizer = make_tiny_tokenizer()
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=16,
            patch_size=8,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=256,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        ),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    torch.manual_seed(0)
    LlavaForConditionalGeneration(config).save_pretrained(folder)
    size = {"height": 16, "width": 16}
    images = CLIPImageProcessor(size=size, crop_size=size, do_center_crop=False)
    LlavaProcessor(
        image_processor=images,
        tokenizer=tokenizer,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    return folder


@pytest.fixture
def make_native_task(make_vision_task: Tasks, tiny_llava: Path) -> Callable[..., VisionLanguageTask]:
    def make(**settings: Any) -> VisionLanguageTask:
        task = make_vision_task(
            backend="transformers", vision=None, projector=None, image_size=16, **settings
        )
        task.model_reference = str(tiny_llava)
        return task

    return make


def test_the_processor_gives_the_places_of_an_image(tiny_llava: Path) -> None:
    processor = NativeProcessor(tiny_llava, 16)
    assert processor.image_block.count(IMAGE_TOKEN) == 4
    assert processor.inputs([processor.blank()])["pixel_values"].shape == (1, 3, 16, 16)


def test_hidden_states_are_those_of_transformers(
    make_colours: Colours, make_native_task: Callable[..., Any], make_trainer: Trainers, tiny_llava: Path
) -> None:
    data, task = make_colours(packing=False), make_native_task()
    make_trainer(max_steps=0).fit(task, datamodule=data)
    task.eval()
    batch = next(iter(data.val_dataloader()))
    own = task.language_model.hidden_states(batch)
    reference = LlavaForConditionalGeneration.from_pretrained(tiny_llava).eval()
    ids = batch["input_ids"].clone()
    ids.view(-1)[batch["image_positions"]] = reference.config.image_token_id
    with torch.no_grad():
        theirs = reference.model(
            input_ids=ids, attention_mask=batch["attention_mask"], pixel_values=batch["pixel_values"]
        ).last_hidden_state
    torch.testing.assert_close(own.detach(), theirs.flatten(0, 1))


def test_it_trains_scores_and_comes_back_from_its_folder(
    make_colours: Colours, make_native_task: Callable[..., Any], make_trainer: Trainers, tmp_path: Path
) -> None:
    data, task = make_colours(packing=False), make_native_task()
    trainer = make_trainer(max_steps=6)
    trainer.fit(task, datamodule=data)
    model = task.language_model
    assert isinstance(model, NativeVisionLanguageModel)
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    assert trained
    assert all("lora_" in name and "vision_tower" not in name for name in trained)
    trainer.test(task, datamodule=data, verbose=False)
    assert {s.model for s in task.scores if s.task == "choice/colour"} == {
        "tuned",
        "untuned",
        "text_only",
        "shuffled_image",
        "majority",
    }
    task.save_folder(tmp_path / "tuned", {"state_dict": {}, "global_step": 6})
    tuned = load_adapter(tmp_path / "tuned")
    samples = list(data.iter_samples("held_out"))
    task.eval()
    model.load_images = data.image_loader()
    other: Any = tuned.language_model
    other.load_images = data.image_loader()
    own = [score.nll for score in score_answers(model, samples, data.encoder, task.device)]
    loaded = [score.nll for score in score_answers(other, samples, tuned.encoder, task.device)]
    assert loaded == pytest.approx(own, rel=1e-4)
    picture = next(data.image_folder("colours", {"version": 1}).glob("*.png"))
    assert isinstance(answer(tuned, "Which colour?", images=[picture], max_new_tokens=2), str)


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
