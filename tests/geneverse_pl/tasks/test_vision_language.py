"""The vision-language task on tiny real parts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from geneverse_pl import Trainer, VisionDataModule, VisionLanguageTask, answer, load_adapter
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.item_file import read_items
from geneverse_pl.evaluation.run_folder import scores_again, scoring_of
from geneverse_pl.evaluation.scores import read_scores, write_scores
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.decoding import generate_answers
from geneverse_pl.generation.scoring import score_answers
from geneverse_pl.models.vision_language import VisionLanguageModel
from geneverse_pl.tasks.evaluation_config import EvaluationConfig
from geneverse_pl.tasks.vision_language import shuffled_images

Colours = Callable[..., VisionDataModule]
Tasks = Callable[..., VisionLanguageTask]
Trainers = Callable[..., Trainer]


def losses(trainer: Trainer, task: VisionLanguageTask, data: VisionDataModule) -> list[float]:
    """Training losses of each step of a run with this trainer."""
    found: list[float] = []
    original = task.training_step

    def step(batch: Any, batch_idx: int) -> Any:
        loss = original(batch, batch_idx)
        found.append(float(loss.detach()))
        return loss

    task.training_step = step  # type: ignore[method-assign]
    torch.manual_seed(0)
    trainer.fit(task, datamodule=data)
    return found


def model_of(task: VisionLanguageTask) -> VisionLanguageModel:
    assert isinstance(task.language_model, VisionLanguageModel)
    return task.language_model


def test_training_lowers_the_loss_and_leaves_the_tower(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers
) -> None:
    data = make_colours(images=ImagesConfig(cache_features="off"))
    task = make_vision_task(adapter={"method": "full"})
    found = losses(make_trainer(max_steps=30), task, data)
    assert sum(found[-5:]) < 0.5 * sum(found[:5])
    tower = model_of(task).tower
    assert tower is not None
    assert all(not p.requires_grad and p.grad is None for p in tower.parameters())


def test_lora_trains_projector_and_adapter(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers
) -> None:
    data = make_colours(images=ImagesConfig(cache_features="off"))
    task = make_vision_task()
    make_trainer(max_steps=1).fit(task, datamodule=data)
    tower = model_of(task).tower
    assert tower is not None
    trained = {name for name, p in model_of(task).named_parameters() if p.requires_grad}
    assert all(name.startswith("projector.") or "lora_" in name for name in trained)
    assert any(name.startswith("projector.") for name in trained)
    assert not any("lora_" in name for name, _ in tower.named_parameters())


def test_kept_features_give_the_same_losses_without_the_tower(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers
) -> None:
    runs = []
    for cached in ("off", "auto"):
        data = make_colours(images=ImagesConfig(cache_features=cached, feature_dtype="float32"))
        task = make_vision_task()
        runs.append(losses(make_trainer(max_steps=4), task, data))
        assert (model_of(task).tower is None) == (cached == "auto")
    assert runs[0] == pytest.approx(runs[1], rel=1e-5)


def test_packed_and_padded_batches_give_the_same_loss_and_gradients(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers
) -> None:
    data = make_colours()
    task = make_vision_task()
    make_trainer(max_steps=1).fit(task, datamodule=data)
    task.eval()
    split = data.store.split("train")
    samples = [split[number] for number in range(len(split))]
    from geneverse_pl.data.collate import pack_collate, pad_collate

    load = data.image_loader()
    assert load is not None
    results = []
    for batch in (
        pad_collate(samples, data.encoder.pad_id),
        pack_collate([samples], data.encoder.pad_id),
        pack_collate([samples], data.encoder.pad_id, share_prefix=False),
        pack_collate([samples[::2], samples[1::2]], data.encoder.pad_id),
    ):
        task.zero_grad()
        loss, num_tokens = task.summed_loss({**batch, **load(batch["image_ids"])})
        loss.backward()
        gradients = [p.grad.clone() for p in task.parameters() if p.grad is not None]
        results.append((float(loss), num_tokens, torch.cat([g.flatten() for g in gradients])))
    for value, number, gradient in results[1:]:
        assert value == pytest.approx(results[0][0], rel=1e-5)
        assert number == results[0][1]
        torch.testing.assert_close(gradient, results[0][2], rtol=1e-3, atol=1e-4)


def test_an_answer_depends_on_its_own_image_alone(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers
) -> None:
    data, task = make_colours(), make_vision_task()
    make_trainer(max_steps=4).fit(task, datamodule=data)
    task.eval()
    model = model_of(task)
    model.load_images = data.image_loader()
    samples = list(data.iter_samples("held_out"))
    together = score_answers(model, samples, data.encoder, task.device)
    alone = [score_answers(model, [sample], data.encoder, task.device)[0] for sample in samples]
    assert [a.nll for a in alone] == pytest.approx([t.nll for t in together], rel=1e-4)
    differ = {
        round(a.nll, 6) for a, s in zip(alone, samples, strict=True) if s.metadata["kind"] == "text/colour"
    }
    assert len(differ) > 1  # one question, several pictures


def test_align_trains_the_projector_alone_and_tune_starts_from_it(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers, tmp_path: Path
) -> None:
    data = make_colours()
    align = make_vision_task(stage="align")
    trainer = make_trainer(max_steps=4)
    trainer.fit(align, datamodule=data)
    assert all(n.startswith("projector.") for n, p in model_of(align).named_parameters() if p.requires_grad)
    align.save_folder(tmp_path / "aligned", {"state_dict": {}, "global_step": 4})
    assert not (tmp_path / "aligned" / "adapter_model.safetensors").exists()

    tune = make_vision_task(start_from=tmp_path / "aligned")
    make_trainer(max_steps=0).fit(tune, datamodule=make_colours())
    for name, value in model_of(align).projector.state_dict().items():
        torch.testing.assert_close(model_of(tune).projector.state_dict()[name], value)


@pytest.mark.parametrize("stage", ["align", "tune"])
def test_a_stage_goes_on_with_the_new_tokens_of_the_one_before(
    stage: str, make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers, tmp_path: Path
) -> None:
    tokens = {"[RED]": "red colour", "[SEA]": "blue colour"}
    align = make_vision_task(stage="align", new_tokens=tokens)
    data = make_colours()
    make_trainer(max_steps=1).fit(align, datamodule=data)
    ids = torch.tensor(data.tokenizer.convert_tokens_to_ids(list(tokens)))
    rows = {n: p for n, p in model_of(align).named_parameters() if "trainable_tokens_delta" in n}
    for parameter in rows.values():
        parameter.data += 0.5
    expected = model_of(align).base.get_input_embeddings()(ids)
    align.save_folder(tmp_path / "aligned", {"state_dict": {}, "global_step": 1})

    later = make_vision_task(stage=stage, new_tokens=tokens, start_from=tmp_path / "aligned")
    make_trainer(max_steps=0).fit(later, datamodule=make_colours())
    torch.testing.assert_close(model_of(later).base.get_input_embeddings()(ids), expected)

    other = make_vision_task(stage=stage, new_tokens={"[SEA]": "sea"}, start_from=tmp_path / "aligned")
    with pytest.raises(ConfigError, match=r"in the same order, and .* has \[RED\], \[SEA\]"):
        make_trainer(max_steps=0).fit(other, datamodule=make_colours())


def test_own_learning_rates(make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers) -> None:
    task = make_vision_task(projector_lr=3e-5, tower_lr=2e-6, tower_adapter={"method": "lora", "rank": 2})
    trainer = make_trainer(max_steps=1)
    trainer.fit(task, datamodule=make_colours())
    groups = trainer.optimizers[0].param_groups
    rates = {id(p): group["lr"] for group in groups for p in group["params"]}
    for name, parameter in model_of(task).named_parameters():
        if parameter.requires_grad:
            own = 3e-5 if name.startswith("projector.") else 2e-6 if name.startswith("tower.") else 1e-2
            assert rates[id(parameter)] == own, name


@pytest.mark.parametrize(("tower", "text"), [("lora_plus", "lora"), ("lora", "lora_plus")])
def test_lora_plus_concerns_the_part_it_is_set_for(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers, tower: str, text: str
) -> None:
    task = make_vision_task(adapter={"method": text}, tower_adapter={"method": tower, "rank": 2})
    trainer = make_trainer(max_steps=1, limit_val_batches=0)
    trainer.fit(task, datamodule=make_colours())
    rates = {id(p): group["lr"] for group in trainer.optimizers[0].param_groups for p in group["params"]}
    found: dict[str, set[float]] = {"tower": set(), "text": set(), "other": set()}
    for name, parameter in model_of(task).named_parameters():
        if parameter.requires_grad:
            of_b = "tower" if name.startswith("tower.") else "text"
            found[of_b if ".lora_B." in name else "other"].add(rates[id(parameter)])
    plus = 0.01 * 16
    assert found["tower"] == {plus if tower == "lora_plus" else 0.01}
    assert found["text"] == {plus if text == "lora_plus" else 0.01}
    assert found["other"] == {0.01}


def test_scores_stand_beside_their_controls(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers, tmp_path: Path
) -> None:
    evaluation = EvaluationConfig(max_open=3, max_open_tokens=4, num_resamples=20)
    data, task = (
        make_colours(num_train=30),
        make_vision_task(adapter={"method": "full"}, evaluation=evaluation),
    )
    trainer = make_trainer(max_steps=150)
    trainer.fit(task, datamodule=data)
    trainer.test(task, datamodule=data, verbose=False)
    scores = {(s.task, s.split, s.metric, s.model): s.value for s in task.scores}
    models = {"tuned", "untuned", "text_only", "shuffled_image", "majority", "linear_probe"}
    key = ("choice/colour", "memorised", "accuracy")
    assert {model for *rest, model in scores if tuple(rest) == key} == models
    assert scores[*key, "tuned"] == 1.0
    assert scores[*key, "shuffled_image"] < 1.0
    assert scores[*key, "text_only"] < 1.0
    assert scores[*key, "linear_probe"] > 0.7
    open_models = {
        model for task, _, metric, model in scores if (task, metric) == ("text/colour", "token_f1")
    }
    assert open_models == {"tuned", "untuned", "text_only", "shuffled_image", "shuffled", "constant"}
    written = read_scores(tmp_path / "run" / "scores.json")
    assert [(s.task, s.metric, s.model) for s in written] == [
        (s.task, s.metric, s.model) for s in task.scores
    ]
    items = read_items(tmp_path / "run")
    again = scores_again(tmp_path / "run", items, scoring_of({}, items), BootstrapSettings(20))
    write_scores(tmp_path / "again.json", again)
    assert (tmp_path / "again.json").read_bytes() == (tmp_path / "run" / "scores.json").read_bytes()


def test_the_adapter_folder_answers_questions_about_pictures(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers, tmp_path: Path
) -> None:
    data = make_colours()
    task = make_vision_task(
        adapter={"method": "full"},
        tower_adapter={"method": "lora", "rank": 2},
        optimizer=lambda params: torch.optim.AdamW(params, lr=3e-3),
    )
    make_trainer(max_steps=200).fit(task, datamodule=data)
    state = {name: p.detach() for name, p in task.named_parameters() if p.requires_grad}
    task.save_folder(tmp_path / "tuned", {"state_dict": state, "global_step": 40})
    assert "projector.safetensors" in (tmp_path / "tuned" / "README.md").read_text()
    tuned = load_adapter(tmp_path / "tuned")
    model = tuned.language_model
    assert isinstance(model, VisionLanguageModel)
    model.load_images = data.image_loader()
    task.eval()
    model_of(task).load_images = data.image_loader()
    samples = list(data.iter_samples("held_out"))
    own = score_answers(model_of(task), samples, data.encoder, task.device)
    loaded = score_answers(model, samples, tuned.encoder, task.device)
    assert [s.nll for s in loaded] == pytest.approx([s.nll for s in own], rel=1e-4, abs=1e-4)
    folder = data.image_folder("colours", {"version": 1})
    asked = [sample for sample in samples if sample.metadata["kind"] == "text/colour"]
    texts = generate_answers(model_of(task), asked, data.encoder, task.device)
    for number, text in enumerate(texts):
        image = folder / f"{2000 + number}.png"
        assert answer(tuned, "Which colour?", context="<image>\n", images=[image]) == text
    assert len(set(texts)) > 1
    with pytest.raises(ConfigError, match="1 marks and 2 images"):
        answer(tuned, "Which?", context="<image>", images=[folder / "0.png", folder / "1.png"])


def test_checkpoints_hold_trained_weights_only(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers, tmp_path: Path
) -> None:
    data, task = make_colours(images=ImagesConfig(cache_features="off")), make_vision_task()
    trainer = make_trainer(max_steps=2)
    trainer.fit(task, datamodule=data)
    trainer.save_checkpoint(tmp_path / "some.ckpt")
    names = set(torch.load(tmp_path / "some.ckpt", weights_only=False)["state_dict"])
    assert names == {name for name, p in task.named_parameters() if p.requires_grad}
    task.save_folder(tmp_path / "folder", {"state_dict": {}, "global_step": 2})
    assert not (tmp_path / "folder" / "vision_tower.safetensors").exists()
    assert set(load_file(tmp_path / "folder" / "projector.safetensors"))


def test_a_shuffled_image_is_of_another_group() -> None:
    import numpy as np

    from geneverse_pl.data.encoded import EncodedSample

    ids = np.array([4, -1, 5], np.int32)
    samples = [
        EncodedSample(ids, ids > 4, metadata={"group": f"g{image // 3}"}, images=np.array([image]))
        for image in range(12)
        for _ in range(2)
    ]
    other = shuffled_images(samples, seed=0)
    assert sorted(other) == sorted(other.values()) == list(range(12))
    assert all(image // 3 != other[image] // 3 for image in other)
    assert shuffled_images([], 0) == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stage": "aling"}, "Unknown stage 'aling'. Did you mean 'align'"),
        ({"projector_lr": 0.0}, "projector_lr must be > 0, got 0.0"),
        ({"stage": "align", "tower_adapter": {"method": "lora"}}, "Stage 'align' trains the projector alone"),
    ],
)
def test_wrong_settings_are_named(make_vision_task: Tasks, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_vision_task(**settings)


def test_features_of_a_trained_tower_are_not_kept(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers
) -> None:
    task = make_vision_task(tower_adapter={"method": "lora", "rank": 2})
    data = make_colours(images=ImagesConfig(cache_features="on"))
    with pytest.raises(ConfigError, match="cache_features must be auto or off"):
        make_trainer(max_steps=1).fit(task, datamodule=data)


def test_a_trained_tower_changes(
    make_colours: Colours, make_vision_task: Tasks, make_trainer: Trainers
) -> None:
    task = make_vision_task(tower_adapter={"method": "full"})
    trainer = make_trainer(max_steps=3)
    trainer.fit(task, datamodule=make_colours())
    model = model_of(task)
    assert model.tower is not None
    changed = {n: p for n, p in model.tower.named_parameters() if p.requires_grad}
    with model.untuned():
        before = {name: p.detach().clone() for name, p in changed.items()}
    assert any(not torch.equal(before[name], p) for name, p in changed.items())


def test_a_data_module_of_text_does_not_fit(
    make_data: Callable[..., Any], make_vision_task: Tasks, make_trainer: Trainers
) -> None:
    with pytest.raises(ConfigError, match="does not provide image_ids, image_positions"):
        make_trainer(max_steps=1).fit(make_vision_task(), datamodule=make_data())
