"""Training through the trainer: what changes, and that only the number of tokens decides about a step."""

import math
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import lightning as L
import pytest
import torch
from torch import Tensor
from transformers import AutoTokenizer

from geneverse_pl import TextTask, Trainer
from geneverse_pl.exceptions import ConfigError

METHODS = [
    "full",
    "lora",
    "rslora",
    "dora",
    "lora_plus",
    "pissa",
    "olora",
    "loftq",
    "qlora",
    "ia3",
    "oft",
    "head_only",
]


class Losses(L.Callback):
    """Keeps the loss of every micro-batch, the learning rates, and the weights at the start."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.rates: list[list[float]] = []
        self.start: dict[str, Tensor] = {}

    def on_train_start(self, trainer: L.Trainer, pl_module: L.LightningModule) -> None:
        self.start = {name: p.detach().clone() for name, p in pl_module.named_parameters()}

    def on_train_batch_end(self, trainer: L.Trainer, *args: Any) -> None:
        self.losses.append(float(trainer.callback_metrics["train/loss"]))
        self.rates.append([group["lr"] for group in trainer.optimizers[0].param_groups])


@pytest.mark.parametrize("method", METHODS)
def test_every_method_trains_what_it_should_alone(
    method: str,
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
) -> None:
    L.seed_everything(0)
    watch = Losses()
    task = make_task(method, oft_block_size=8, lr=2e-2)
    make_trainer(max_steps=12, callbacks=[watch], limit_val_batches=0).fit(task, datamodule=make_data())
    assert sum(watch.losses[-3:]) < sum(watch.losses[:3])
    changed = {name for name, p in task.named_parameters() if not torch.equal(p, watch.start[name])}
    assert changed == {name for name, p in task.named_parameters() if p.requires_grad}
    assert changed == set(watch.start) or method != "full"


def sgd(params: Any) -> torch.optim.Optimizer:
    """Plain gradient descent, whose step shows the size of a gradient too."""
    return torch.optim.SGD(params, lr=0.5)


Fit = Callable[..., dict[str, Tensor]]


@pytest.fixture
def fit(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> Fit:
    """Trains some epochs with gradient descent and returns the trained weights."""

    def go(
        method: str = "lora",
        *,
        task: dict[str, Any] | None = None,
        num_train: int = 24,
        callbacks: list[L.Callback] | None = None,
        batching: dict[str, Any] | None = None,
        **trainer: Any,
    ) -> dict[str, Tensor]:
        L.seed_everything(0)
        module = make_task(method, task={"optimizer": sgd, **(task or {})})
        settings = {"limit_val_batches": 0, "max_epochs": 1, "callbacks": callbacks or [], **trainer}
        make_trainer(**settings).fit(module, datamodule=make_data(num_train=num_train, **(batching or {})))
        return {name: p.detach().clone() for name, p in module.named_parameters() if p.requires_grad}

    return go


def assert_close(first: dict[str, Tensor], second: dict[str, Tensor]) -> None:
    """The same weights up to the order of float32 sums."""
    assert first.keys() == second.keys()
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-4, atol=1e-6, msg=f"{name} differs")


@pytest.mark.parametrize("clip", [None, 0.05], ids=["", "clipped"])
@pytest.mark.parametrize("packing", [True, False], ids=["packed", "padded"])
def test_eight_micro_batches_equal_one_large_batch(packing: bool, clip: float | None, fit: Fit) -> None:
    watch = Losses()
    one = {"row_length": 2400, "tokens_per_batch": 8000, "packing": packing, "max_per_family": None}
    many = {"row_length": 120, "tokens_per_batch": 120, "packing": packing, "share_prefix": False}
    more = {"gradient_clip_val": clip}
    first = fit(batching=one, **more)
    second = fit(batching=many, accumulate_grad_batches=1000, callbacks=[watch], **more)
    assert len(watch.losses) >= 8  # of different numbers of trained tokens
    assert any(value.abs().max() > 1e-3 for name, value in first.items() if "lora_B" in name)
    assert_close(first, second)


def test_every_accumulated_step_is_the_mean_over_its_own_tokens(fit: Fit) -> None:
    # Rows of the two runs hold the same samples in the same order.
    first = fit(batching={"row_length": 200, "rows_per_batch": 2}, max_epochs=2)
    second = fit(batching={"row_length": 200}, accumulate_grad_batches=2, max_epochs=2)
    assert_close(first, second)


def test_chunks_and_checkpointing_of_activations_change_nothing(fit: Fit) -> None:
    plain = fit()
    assert_close(plain, fit(task={"gradient_checkpointing": "on"}))
    assert_close(plain, fit(task={"loss_chunk_size": 3}))
    assert_close(plain, fit(task={"attention": "eager"}))


def test_gradient_checkpointing_is_really_switched_on(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> None:
    for setting in ("on", "off", "auto"):
        task = make_task(task={"gradient_checkpointing": setting})
        make_trainer(max_steps=1, limit_val_batches=0).fit(task, datamodule=make_data())
        layer = task.language_model.base.get_decoder().layers[0]
        assert layer.gradient_checkpointing == (setting == "on")


def test_lora_plus_trains_b_sixteen_times_faster(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> None:
    watch = Losses()
    task = make_task("lora_plus", lr=1e-3)
    trainer = make_trainer(max_steps=1, limit_val_batches=0, callbacks=[watch])
    trainer.fit(task, datamodule=make_data())
    groups = trainer.optimizers[0].param_groups
    names = {id(p): name for name, p in task.named_parameters()}
    assert sorted(group["lr"] for group in groups) == pytest.approx([1e-3, 16e-3])
    for group in groups:
        assert {"lora_B" in names[id(p)] for p in group["params"]} == {group["lr"] > 2e-3}
    # The first step of Adam is the learning rate itself.
    moved = {name: (p - watch.start[name]).abs().max().item() for name, p in task.named_parameters()}
    assert moved[
        "language_model.model.base_model.model.model.layers.0.self_attn.q_proj.lora_B.default.weight"
    ] == (pytest.approx(16e-3, rel=1e-2))


def test_freeze_cannot_be_fitted(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> None:
    with pytest.raises(ConfigError, match="'freeze' leaves none. Choose lora or full"):
        make_trainer(max_steps=1).fit(make_task("freeze"), datamodule=make_data())


@pytest.mark.parametrize("packing", [True, False], ids=["packed", "padded"])
def test_the_end_token_is_learned_where_it_is_the_padding_too(
    packing: bool,
    tiny_model_dir: Path,
    tmp_path: Path,
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(tiny_model_dir, folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.eos_token
    tokenizer.save_pretrained(folder)
    seen: list[dict[str, Any]] = []

    class Look(L.Callback):
        def on_train_batch_start(self, trainer: L.Trainer, task: Any, batch: Any, batch_idx: int) -> None:
            seen.append(batch)

    task = make_task(task={"model": str(folder)})
    make_trainer(max_epochs=1, limit_val_batches=0, callbacks=[Look()]).fit(
        task, datamodule=make_data(packing=packing)
    )
    end = tokenizer.eos_token_id
    assert sum(int((batch["target_ids"] == end).sum()) for batch in seen) == 24  # one a sample
    assert sum(int((batch["labels"] == end).sum()) for batch in seen) == 24
    padding = [batch["input_ids"][batch["attention_mask"] == 0] for batch in seen]
    assert sum(map(len, padding)) > 0
    assert all(bool((ids == end).all()) for ids in padding)
    assert all(bool((batch["labels"][batch["attention_mask"] == 0] == -100).all()) for batch in seen)


@pytest.mark.parametrize(
    ("precision", "method", "base_type", "trained_type"),
    [
        ("32-true", "lora", torch.float32, torch.float32),
        ("bf16-mixed", "lora", torch.bfloat16, torch.float32),
        ("bf16-mixed", "full", torch.float32, torch.float32),
        ("bf16-mixed", "head_only", torch.float32, torch.float32),
        ("bf16-true", "lora", torch.bfloat16, torch.bfloat16),
        ("bf16-mixed", "dora", torch.bfloat16, torch.float32),
        ("bf16-mixed", "qlora", torch.bfloat16, torch.float32),
    ],
)
def test_each_precision_trains_in_its_types(
    precision: str,
    method: str,
    base_type: torch.dtype,
    trained_type: torch.dtype,
    make_task: Callable[..., TextTask],
    make_data: Callable[..., Any],
    make_trainer: Callable[..., Trainer],
) -> None:
    watch = Losses()
    task = make_task(method, lr=2e-2)
    trainer = make_trainer(precision=precision, max_steps=12, callbacks=[watch])
    trainer.fit(task, datamodule=make_data())
    assert sum(watch.losses[-3:]) < sum(watch.losses[:3])
    assert {p.dtype for p in task.parameters() if p.requires_grad} == {trained_type}
    assert task.language_model.base.get_input_embeddings().weight.dtype == base_type
    trainer.test(task, datamodule=make_data(), verbose=False)


def test_float16_weights_are_refused_for_training_alone(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> None:
    task, data = make_task(), make_data()
    with pytest.raises(ConfigError, match="got 16-true.* Set trainer.precision to bf16-true .* 16-mixed"):
        make_trainer(precision="16-true", max_steps=1).fit(task, datamodule=data)
    assert not hasattr(task, "language_model")
    tested = make_task()
    make_trainer(precision="16-true").test(tested, datamodule=data, verbose=False)
    assert tested.language_model.base.get_input_embeddings().weight.dtype == torch.float16
    assert all(math.isfinite(score.value) for score in tested.scores)


def test_validation_loss_is_the_mean_over_tokens(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> None:
    values = []
    for batching in ({"packing": False, "tokens_per_batch": 150}, {"row_length": 1000}):
        L.seed_everything(0)
        task = make_task("freeze")
        values.append(
            make_trainer().validate(task, datamodule=make_data(**batching), verbose=False)[0]["val/loss"]
        )
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_flex_attention_cannot_be_trained_on_the_cpu(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> None:
    with pytest.raises(ConfigError, match="no backward pass of flex_attention on the CPU"):
        make_trainer(max_steps=1).fit(make_task(task={"attention": "flex_attention"}), datamodule=make_data())


def test_a_task_can_be_fitted_after_it_was_validated(
    make_task: Callable[..., TextTask], make_data: Callable[..., Any], make_trainer: Callable[..., Trainer]
) -> None:
    task = make_task(dropout=0.5)
    make_trainer().validate(task, datamodule=make_data(), verbose=False)
    assert not task.language_model.training
    modes: list[bool] = []

    class Look(L.Callback):
        def on_train_batch_start(
            self, trainer: L.Trainer, pl_module: Any, batch: Any, batch_idx: int
        ) -> None:
            modes.append(all(module.training for module in pl_module.modules()))

    make_trainer(max_steps=2, callbacks=[Look()]).fit(task, datamodule=make_data())
    assert modes == [True, True]
