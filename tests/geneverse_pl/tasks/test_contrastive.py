"""The contrastive task on tiny real parts: plain pictures and the names of their colours."""

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from open_clip.loss import ClipLoss
from PIL import Image
from safetensors.torch import save_file

from geneverse_pl import (
    AdapterCheckpoint,
    AdapterConfig,
    TextDataModule,
    Trainer,
    VisionConfig,
    VisionDataModule,
    VisionLanguageTask,
)
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL, BatchingConfig, EncodingConfig
from geneverse_pl.data.mixture import MixtureConfig
from geneverse_pl.data.pairs import PairsConfig
from geneverse_pl.data.records import Sample
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.item_file import read_items
from geneverse_pl.evaluation.run_folder import scores_again, scoring_of
from geneverse_pl.evaluation.scores import read_scores, write_scores
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.contrastive import TextTowerConfig
from geneverse_pl.models.contrastive_loss import PairLoss
from geneverse_pl.models.vision_tower import load_tower
from geneverse_pl.retrieval.config import TrainingRetrieval
from geneverse_pl.tasks.base import check_fields
from geneverse_pl.tasks.contrastive import ContrastiveEvaluation, ContrastiveTask
from tests.geneverse_pl.models.tiny_towers import ARCHITECTURE

Trainers = Callable[..., Trainer]
Painted = Callable[..., "PaintedDataModule"]

TIMM = "timm:test_efficientnet"
COLOURS = {
    "red": (220, 30, 30),
    "blue": (30, 30, 220),
    "green": (30, 200, 30),
    "yellow": (220, 220, 30),
    "white": (240, 240, 240),
    "black": (10, 10, 10),
}
COLOUR = PairsConfig(kinds=["choice/colour"], batch_size=12)


class PaintedDataModule(VisionDataModule):
    """Plain pictures of six colours: which one it is, whether it is red, and what it is."""

    def __init__(self, num_train: int = 24, **settings: Any) -> None:
        super().__init__(**settings)
        self.num_train = num_train

    def source_files(self) -> list[Path]:
        return []

    def options(self) -> Mapping[str, object]:
        return {"num_train": self.num_train}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        train = self._samples(self.num_train, 0)
        return {
            TRAIN: train,
            VAL: self._samples(12, 1000),
            HELD_OUT: self._samples(12, 2000),
            MEMORISED: train[:18],
        }

    def _samples(self, number: int, start: int) -> list[Sample]:
        folder = self.image_folder("painted", {"version": 1})
        samples = []
        for place in range(start, start + number):
            name = list(COLOURS)[place % len(COLOURS)]
            path = folder / f"{place}.png"
            if not path.exists():
                Image.new("RGB", (16, 16), tuple(abs(v - place % 7) for v in COLOURS[name])).save(path)
            common: dict[str, Any] = {"context": "<image>", "images": (path,), "group": f"picture {place}"}
            red = "Yes" if name == "red" else "No"
            samples += [
                Sample(
                    "Which colour?",
                    name,
                    kind="choice/colour",
                    choices=tuple(COLOURS),
                    metadata={"probe": "colour"},
                    **common,
                ),
                Sample("Is it red?", red, kind="choice/red", choices=("Yes", "No"), **common),
                Sample("What is it?", f"A plain {name} picture.", kind="text/whole", **common),
            ]
        return samples


@pytest.fixture
def painted(tmp_path: Path) -> Painted:
    """Builds the data module in a cache of its own."""
    return lambda **settings: PaintedDataModule(cache_dir=tmp_path / "cache", **settings)


@pytest.fixture(scope="module")
def clip_model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Name of a tiny open_clip model that reads CLIP's tokens, in a folder."""
    folder = tmp_path_factory.mktemp("clip")
    text = {**ARCHITECTURE["text_cfg"], "vocab_size": 49408, "context_length": 16}
    architecture = {**ARCHITECTURE, "text_cfg": text}
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": architecture}))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        save_file(open_clip.CLIP(**architecture).state_dict(), folder / "open_clip_model.safetensors")
    return f"local-dir:{folder}"


def new_task(**settings: Any) -> ContrastiveTask:
    """A task on a random convolutional tower and a new text tower, both trained whole."""
    given: dict[str, Any] = {
        "vision": VisionConfig(TIMM, "random", image_size=32, adapter=AdapterConfig("full")),
        "text_tower": TextTowerConfig(width=16, layers=1, heads=2, context_length=16, embed_dim=16),
        "pairs": COLOUR,
        "optimizer": lambda params: torch.optim.AdamW(params, lr=3e-3, weight_decay=0.0),
        "scheduler": None,
        "evaluation": ContrastiveEvaluation(num_resamples=20),
        **settings,
    }
    return ContrastiveTask(**given)


def lora_task(model: str, **settings: Any) -> ContrastiveTask:
    """A task that adapts both towers of an open_clip model by LoRA."""
    vision = VisionConfig(model, adapter=AdapterConfig("lora", rank=4))
    text = AdapterConfig("lora", rank=4)
    return new_task(**{"vision": vision, "text_tower": None, "text": text, **settings})


def values(task: ContrastiveTask) -> dict[tuple[str, str, str, str], float]:
    """Scores of a test by task, split, metric and model."""
    return {(s.task, s.split, s.metric, s.model): s.value for s in task.scores}


def test_training_improves_answers_and_retrieval(
    painted: Painted, make_trainer: Trainers, tmp_path: Path
) -> None:
    data, task = painted(), new_task()
    trainer = make_trainer(max_steps=60)
    trainer.fit(task, datamodule=data)
    trainer.test(task, datamodule=data, verbose=False)
    found = values(task)
    zero_shot = ("choice/colour", HELD_OUT, "accuracy")
    assert {model for *rest, model in found if tuple(rest) == zero_shot} == {
        "tuned",
        "untuned",
        "text_only",
        "shuffled_image",
        "majority",
        "linear_probe",
    }
    assert found[*zero_shot, "tuned"] == found[*zero_shot, "linear_probe"] == 1
    for control in ("untuned", "text_only", "shuffled_image", "majority"):
        assert found[*zero_shot, control] < 0.5, control
    for task_name in ("retrieval/image_to_text", "retrieval/text_to_image"):
        recall = (task_name, HELD_OUT, "recall_at_1")
        assert found[*recall, "tuned"] == found[task_name, HELD_OUT, "median_rank", "tuned"] == 1
        assert found[*recall, "untuned"] < 0.5
        assert found[*recall, "shuffled_image"] < 0.5
    written = read_scores(tmp_path / "run" / "scores.json")
    assert [(s.task, s.metric, s.model) for s in written] == [
        (s.task, s.metric, s.model) for s in task.scores
    ]
    items = read_items(tmp_path / "run")
    again = scores_again(tmp_path / "run", items, scoring_of({}, items), BootstrapSettings(20))
    write_scores(tmp_path / "again.json", again)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "run" / "scores.json").read_bytes()


def test_validation_logs_loss_and_retrieval(painted: Painted, make_trainer: Trainers) -> None:
    trainer = make_trainer(max_epochs=1)
    trainer.fit(new_task(), datamodule=painted())
    logged = {name: float(value) for name, value in trainer.callback_metrics.items()}
    assert logged["val/loss"] > 0
    assert 0 <= logged["val/image_to_text_recall_at_1"] <= logged["val/image_to_text_recall_at_5"] <= 1
    assert 1 <= logged["val/text_to_image_median_rank"] <= 12


def test_lora_trains_the_adapters_and_the_scale_alone(
    painted: Painted, make_trainer: Trainers, clip_model: str, tmp_path: Path
) -> None:
    task = lora_task(clip_model)
    trainer = make_trainer(max_steps=2)
    trainer.fit(task, datamodule=painted())
    trained = {name for name, p in task.named_parameters() if p.requires_grad}
    assert all("lora_" in name for name in trained - {"model.logit_scale"})
    trainer.save_checkpoint(tmp_path / "some.ckpt")
    saved = torch.load(tmp_path / "some.ckpt", weights_only=False)["state_dict"]
    assert saved.keys() == trained
    fresh = lora_task(clip_model)
    make_trainer(max_steps=0).fit(fresh, datamodule=painted())
    start = dict(fresh.named_parameters())
    for name, parameter in task.named_parameters():
        if "lora_A" not in name:  # drawn anew
            assert torch.equal(parameter, start[name]) != (name in trained), name


def test_adapters_switched_off_score_as_the_model_did_before(
    painted: Painted, make_trainer: Trainers, clip_model: str
) -> None:
    data, task, fresh = painted(), lora_task(clip_model), lora_task(clip_model)
    trainer = make_trainer(max_steps=30)
    trainer.fit(task, datamodule=data)
    trainer.test(task, datamodule=data, verbose=False)
    make_trainer().test(fresh, datamodule=data, verbose=False)
    tuned, before = values(task), values(fresh)
    assert tuned["choice/colour", HELD_OUT, "accuracy", "tuned"] > 0.8
    for (*about, model), value in tuned.items():
        if model == "untuned":
            for of_fresh in ("tuned", "untuned"):
                assert before[*about, of_fresh] == pytest.approx(value, nan_ok=True), about  # type: ignore[index]


def test_a_caption_that_is_true_of_a_picture_is_no_negative(painted: Painted, make_trainer: Trainers) -> None:
    data = painted(num_train=12)  # pictures 0 and 6 are red, and have two captions in common
    pairs = PairsConfig("question_and_answer", batch_size=6)
    losses = {}
    for grouped in (True, False):
        task = new_task(group_positives=grouped, pairs=pairs)
        make_trainer(max_steps=0).fit(task, datamodule=data)
        split = data.store.split(TRAIN)
        asked = [split[3 * picture + question] for picture, question in ((0, 0), (6, 1), (1, 0))]
        assert [pair.metadata["caption"] for pair in asked] == [
            "Which colour? red",
            "Is it red? Yes",
            "Which colour? blue",
        ]
        batch = data._collate()(asked)
        loss, num_pairs = task.summed_loss(batch)
        losses[grouped] = float(loss.detach()) / num_pairs
        images = task.model.encode_image(batch["pixel_values"])
        texts = task.model.encode_text(batch["caption_ids"])
        if grouped:
            true = torch.tensor([[1, 1, 0], [1, 1, 0], [0, 0, 1]], dtype=torch.bool)
            expected = PairLoss()(images, texts, task.model.scale, (true, true))
        else:
            expected = ClipLoss()(images, texts, task.model.scale)
        assert losses[grouped] == pytest.approx(float(expected.detach()), rel=1e-5)
    assert losses[True] != pytest.approx(losses[False], rel=1e-3)


@pytest.mark.parametrize("mixture", [None, MixtureConfig(by="answer", weights={"red": 3})])
def test_a_resumed_run_ends_where_an_unbroken_one_does(
    mixture: MixtureConfig | None, painted: Painted, make_trainer: Trainers, tmp_path: Path
) -> None:
    def fit(steps: int, checkpoint: Path | None = None) -> tuple[Trainer, dict[str, Any]]:
        torch.manual_seed(0)
        task = new_task(pairs=PairsConfig(kinds=["choice/colour"], batch_size=5))
        trainer = make_trainer(max_steps=steps)
        data = painted(batching=BatchingConfig(mixture=mixture))
        trainer.fit(task, datamodule=data, ckpt_path=checkpoint)
        return trainer, dict(task.model.named_parameters())

    _, unbroken = fit(6)
    trainer, _ = fit(3)
    trainer.save_checkpoint(tmp_path / "some.ckpt")
    _, resumed = fit(6, tmp_path / "some.ckpt")
    for name, parameter in unbroken.items():
        torch.testing.assert_close(resumed[name], parameter, rtol=1e-5, atol=1e-7, msg=name)


def test_the_scale_stays_in_its_range(painted: Painted, make_trainer: Trainers) -> None:
    task = new_task(optimizer=lambda params: torch.optim.SGD(params, lr=1e4))
    make_trainer(max_steps=1).fit(task, datamodule=painted())
    assert 1 <= float(task.model.scale.detach()) <= 100.001


def test_own_learning_rates(painted: Painted, make_trainer: Trainers) -> None:
    task = new_task(image_lr=2e-6, text_lr=3e-5)
    trainer = make_trainer(max_steps=1)
    trainer.fit(task, datamodule=painted())
    rates = {id(p): group["lr"] for group in trainer.optimizers[0].param_groups for p in group["params"]}
    for name, parameter in task.model.named_parameters():
        own = 2e-6 if name.startswith("towers.image.") else 3e-5 if name.startswith("towers.text.") else 3e-3
        assert rates[id(parameter)] == own, name


def test_lora_plus_learns_b_faster(painted: Painted, make_trainer: Trainers, clip_model: str) -> None:
    task = lora_task(clip_model, text=AdapterConfig("lora_plus", rank=2, lora_plus_ratio=4.0))
    trainer = make_trainer(max_steps=1)
    trainer.fit(task, datamodule=painted())
    rates = {id(p): group["lr"] for group in trainer.optimizers[0].param_groups for p in group["params"]}
    for name, parameter in task.named_parameters():
        if parameter.requires_grad:
            is_faster = name.startswith("model.towers.text.") and ".lora_B." in name
            assert rates[id(parameter)] == (4 * 3e-3 if is_faster else 3e-3), name


def test_its_tower_serves_a_vision_language_model(
    painted: Painted, make_trainer: Trainers, clip_model: str, tiny_model_dir: Path, tmp_path: Path
) -> None:
    data, task = painted(num_train=6), lora_task(clip_model)
    checkpoint = AdapterCheckpoint(tmp_path / "checkpoints")
    trainer = make_trainer(max_steps=3, callbacks=[checkpoint], enable_checkpointing=True)
    trainer.fit(task, datamodule=data)
    folder = tmp_path / "checkpoints" / "last"
    vision = VisionConfig(f"local-dir:{folder}", layer=-2)
    images = torch.randn(2, 3, 32, 32)
    before = load_tower(VisionConfig(clip_model, layer=-2))(images)
    after = load_tower(vision)(images)
    tuned: Any = task.model.towers["image"]
    with torch.no_grad():
        blocks = tuned.get_base_model().forward_intermediates(images, indices=[2], intermediates_only=True)
    expected = blocks["image_intermediates"][0].flatten(2).transpose(1, 2)
    torch.testing.assert_close(after, expected, rtol=1e-4, atol=1e-5)
    assert not torch.allclose(before, after, atol=1e-4)

    reader = VisionLanguageTask(str(tiny_model_dir), vision=vision, adapter=AdapterConfig("lora", rank=2))
    again = PaintedDataModule(6, cache_dir=tmp_path / "cache", encoding=EncodingConfig(template="plain"))
    make_trainer(max_steps=1).fit(reader, datamodule=again)


def test_answers_are_written_down(painted: Painted, make_trainer: Trainers) -> None:
    data, task = painted(num_train=6), new_task(pairs=PairsConfig("question_and_answer", batch_size=6))
    trainer = make_trainer(max_steps=1)
    trainer.fit(task, datamodule=data)
    predicted: Any = trainer.predict(task, datamodule=data)
    held_out, memorised = predicted
    answers = [answer for batch in held_out for answer in batch]
    assert len(answers) == 36
    assert len(memorised[0]) == 18
    for answer in answers:
        assert -1.001 <= answer["similarity"] <= 1.001
        assert ("prediction" in answer) == (answer["kind"] != "text/whole")
        assert "prediction" not in answer or answer["prediction"] in answer["choices"]


def test_what_does_not_fit_is_said_before_training(
    painted: Painted, make_trainer: Trainers, make_data: Callable[..., TextDataModule], tmp_path: Path
) -> None:
    trainer = make_trainer(max_steps=1)
    with pytest.raises(ConfigError, match=r"the batch fields .* does not provide caption_ids, image_ids"):
        check_fields(new_task(), make_data())
    with pytest.raises(ConfigError, match=r"'Yes' to 'Is it red\?' \(kind 'choice/red'\) alone does not"):
        trainer.fit(new_task(pairs=PairsConfig()), datamodule=painted())
    with pytest.raises(ConfigError, match=r"none of pairs.kinds \(\['text/none'\]\). Name other kinds"):
        trainer.fit(new_task(pairs=PairsConfig(kinds=["text/none"])), datamodule=painted())
    with pytest.raises(ConfigError, match="cache_features must be auto or off for contrastive training"):
        trainer.fit(new_task(), datamodule=painted(images=ImagesConfig(cache_features="on")))
    with pytest.raises(ConfigError, match="encoding.retrieval must be left out for contrastive training"):
        reading = EncodingConfig("plain", retrieval=TrainingRetrieval(tmp_path / "index"))
        trainer.fit(new_task(), datamodule=painted(encoding=reading))
    for settings, message in (
        ({"image_lr": 0.0}, "image_lr must be > 0, got 0.0"),
        ({"evaluation": ContrastiveEvaluation(num_resamples=0)}, "num_resamples must be > 0, got 0"),
        ({"pairs": PairsConfig(batch_size=0)}, "pairs.batch_size must be > 1"),
        ({"text_tower": None}, "Set text_tower to train a new one"),
    ):
        with pytest.raises(ConfigError, match=message):
            new_task(**settings)
