"""Which types a run computes in, and when activations are computed twice."""

from pathlib import Path

import pytest
import torch

from geneverse_pl import Trainer
from geneverse_pl.models import memory, precision
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import load_base
from geneverse_pl.models.memory import use_gradient_checkpointing
from geneverse_pl.models.precision import has_fast_bfloat16, resolve_precision, weight_dtype


@pytest.mark.parametrize(("fast", "expected"), [(True, "bf16-mixed"), (False, "32-true")])
def test_auto_follows_the_machine(fast: bool, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(precision, "has_fast_bfloat16", lambda accelerator: fast)
    assert resolve_precision("auto") == expected
    assert resolve_precision("16-mixed") == "16-mixed"
    assert resolve_precision(None) is None
    settings = {"logger": False, "enable_checkpointing": False, "accelerator": "cpu"}
    assert Trainer(**settings).precision == expected  # type: ignore[arg-type]
    assert Trainer(precision="bf16-true", **settings).precision == "bf16-true"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("flags", "expected"), [("fpu sse2 amx_bf16", True), ("fpu avx512_bf16", True), ("fpu avx512f", False)]
)
def test_a_cpu_is_fast_where_it_has_matrix_units(
    flags: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: not expected)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    monkeypatch.setattr(Path, "exists", lambda path: True)
    monkeypatch.setattr(Path, "read_text", lambda path, **options: f"flags : {flags}\n")
    has_fast_bfloat16.cache_clear()
    assert has_fast_bfloat16("cpu") == expected
    assert has_fast_bfloat16("auto") != expected  # the GPU's answer
    has_fast_bfloat16.cache_clear()


@pytest.mark.parametrize(
    ("weights", "trainer", "method", "expected"),
    [
        ("auto", "32-true", "lora", torch.float32),
        ("auto", "bf16-mixed", "lora", torch.bfloat16),
        ("auto", "16-mixed", "lora", torch.float16),
        ("auto", "bf16-mixed", "freeze", torch.bfloat16),
        ("auto", "bf16-mixed", "full", torch.float32),
        ("auto", "bf16-mixed", "head_only", torch.float32),
        ("auto", "bf16-true", "full", torch.bfloat16),
        ("auto", "64-true", "full", torch.float64),
        ("float32", "bf16-mixed", "lora", torch.float32),
        ("bfloat16", "32-true", "full", torch.bfloat16),
    ],
)
def test_frozen_weights_are_kept_in_half_precision(
    weights: str, trainer: str, method: str, expected: torch.dtype
) -> None:
    assert weight_dtype(weights, trainer, AdapterConfig(method=method)) == expected  # type: ignore[arg-type]


def test_activations_are_computed_twice_only_where_they_do_not_fit(
    tiny_model_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, cpu = load_base(str(tiny_model_dir), dtype=torch.float32), torch.device("cpu")
    needed = 2 * 32 * 1000 * 68  # layers x width x tokens x bytes
    monkeypatch.setattr(memory, "_free_bytes", lambda model, device: needed / 0.7 * 1.01)
    assert not use_gradient_checkpointing("auto", model, 1000, cpu)
    assert use_gradient_checkpointing("on", model, 1000, cpu)
    monkeypatch.setattr(memory, "_free_bytes", lambda model, device: needed / 0.7 * 0.99)
    assert use_gradient_checkpointing("auto", model, 1000, cpu)
    assert not use_gradient_checkpointing("off", model, 1000, cpu)


def test_free_memory_counts_what_the_file_cache_gives_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemTotal: 100 kB\nMemFree: 1 kB\nMemAvailable: 60 kB\n")
    monkeypatch.setattr(memory, "Path", lambda name: meminfo)
    assert memory._free_main_memory() == 60 * 1024
    meminfo.unlink()
    assert memory._free_main_memory() > 2**20  # half of this machine's
