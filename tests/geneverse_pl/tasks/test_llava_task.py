"""A LLaVA checkpoint tuned through this package's own vision tower, projector and language model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from geneverse_pl import (
    AdapterConfig,
    ProjectorConfig,
    Trainer,
    VisionConfig,
    VisionDataModule,
    VisionLanguageTask,
    answer,
    load_adapter,
)
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.scoring import score_answers
from geneverse_pl.models.llava_checkpoint import load_llava
from geneverse_pl.models.llava_export import export_llava
from geneverse_pl.models.vision_language import VisionLanguageModel
from tests.geneverse_pl.models.tiny_vision_language import write_llava

Colours = Callable[..., VisionDataModule]
Trainers = Callable[..., Trainer]


@pytest.fixture
def llava(tmp_path: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]) -> Path:
    """Folder of a random LLaVA."""
    write_llava(tmp_path / "llava", make_tiny_tokenizer())
    return tmp_path / "llava"


@pytest.fixture
def make_llava_task(make_vision_task: Callable[..., VisionLanguageTask], llava: Path) -> Callable[..., Any]:
    """Builds a task on the random LLaVA."""

    def make(**settings: Any) -> VisionLanguageTask:
        task = make_vision_task(**{"vision": None, "projector": None, **settings})
        task.model_reference = str(llava)
        return task

    return make


def model_of(task: VisionLanguageTask) -> VisionLanguageModel:
    assert isinstance(task.language_model, VisionLanguageModel)
    return task.language_model


def test_training_starts_from_the_checkpoint(
    make_colours: Colours, make_llava_task: Callable[..., Any], make_trainer: Trainers, llava: Path
) -> None:
    data = make_colours(packing=False, images=ImagesConfig("off", "float32"))
    task = make_llava_task()
    make_trainer(max_steps=0).fit(task, datamodule=data)
    task.eval()
    batch = next(iter(data.val_dataloader()))
    own = task.language_model.hidden_states(batch)
    reference = LlavaForConditionalGeneration.from_pretrained(llava).eval()
    ids = batch["input_ids"].clone()
    ids.view(-1)[batch["image_positions"]] = reference.config.image_token_id
    with torch.no_grad():
        theirs = reference.model(input_ids=ids, pixel_values=batch["pixel_values"]).last_hidden_state
    is_word = batch["attention_mask"].flatten().bool()
    torch.testing.assert_close(own[is_word], theirs.flatten(0, 1)[is_word], rtol=1e-4, atol=1e-5)


def test_kept_features_give_the_same_losses_without_the_tower(
    make_colours: Colours, make_llava_task: Callable[..., Any], make_trainer: Trainers
) -> None:
    runs = []
    for cached in ("off", "auto"):
        task = make_llava_task()
        torch.manual_seed(0)
        trainer = make_trainer(max_steps=4)
        trainer.fit(task, datamodule=make_colours(images=ImagesConfig(cached, "float32")))
        runs.append(float(trainer.callback_metrics["train/loss"]))
        assert (model_of(task).tower is None) == (cached == "auto")
    assert runs[0] == pytest.approx(runs[1], rel=1e-5)


def test_a_run_ends_in_an_adapter_folder_and_a_checkpoint(
    make_colours: Colours, make_llava_task: Callable[..., Any], make_trainer: Trainers, tmp_path: Path
) -> None:
    data = make_colours(images=ImagesConfig(feature_dtype="float32"))
    task = make_llava_task(stage="align")
    make_trainer(max_steps=2).fit(task, datamodule=data)
    task.save_folder(tmp_path / "aligned", {"state_dict": {}, "global_step": 2})

    tuned_task = make_llava_task(start_from=tmp_path / "aligned")
    trainer = make_trainer(max_steps=3)
    trainer.fit(tuned_task, datamodule=data)
    trainer.test(tuned_task, datamodule=data, verbose=False)
    assert {"tuned", "untuned", "text_only", "shuffled_image", "majority", "linear_probe"} == {
        s.model for s in tuned_task.scores if s.task == "choice/colour"
    }
    tuned_task.save_folder(tmp_path / "tuned", {"state_dict": {}, "global_step": 3})

    tuned = load_adapter(tmp_path / "tuned")
    samples = list(data.iter_samples("held_out"))
    model: Any = tuned.language_model
    tuned_task.eval()
    model_of(tuned_task).load_images = model.load_images = data.image_loader()
    own = [s.nll for s in score_answers(model_of(tuned_task), samples, data.encoder, tuned_task.device)]
    loaded = [s.nll for s in score_answers(model, samples, tuned.encoder, tuned_task.device)]
    assert loaded == pytest.approx(own, rel=1e-4)
    picture = next(data.image_folder("colours", {"version": 1}).glob("*.png"))
    assert isinstance(answer(tuned, "Which colour?", images=[picture], max_new_tokens=2), str)

    export_llava(model, tuned.encoder.tokenizer, tmp_path / "exported")
    exported, _, _ = load_llava(tmp_path / "exported")
    exported.load_images = data.image_loader()
    written = [s.nll for s in score_answers(exported.eval(), samples, tuned.encoder, tuned_task.device)]
    assert written == pytest.approx(own, rel=1e-3)


def test_its_tower_can_be_trained(
    make_colours: Colours, make_llava_task: Callable[..., Any], make_trainer: Trainers, llava: Path
) -> None:
    vision = VisionConfig(f"llava:{llava}", layer=-2, adapter=AdapterConfig("lora", rank=2))
    task = make_llava_task(vision=vision)
    make_trainer(max_steps=1).fit(task, datamodule=make_colours())
    assert any("tower." in name for name, p in model_of(task).named_parameters() if p.requires_grad)


@pytest.mark.parametrize(
    "settings",
    [{"projector": ProjectorConfig("linear")}, {"vision": VisionConfig("timm:test_vit", "random")}],
)
def test_another_tower_or_projector_is_refused(
    make_colours: Colours,
    make_llava_task: Callable[..., Any],
    make_trainer: Trainers,
    settings: dict[str, Any],
) -> None:
    with pytest.raises(ConfigError, match="has its own tower and projector. Leave out vision and projector"):
        make_trainer(max_steps=1).fit(make_llava_task(**settings), datamodule=make_colours())
