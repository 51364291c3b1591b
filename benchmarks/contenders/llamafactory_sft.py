"""LLaMA-Factory at its best on a CPU: fastest floating type, rows grouped by length, loss on answers."""

import json
import sys
import tempfile
import types
from pathlib import Path

import torch
from measure import Meter, instrument_transformers


def main() -> None:
    """Runs it."""
    s = json.loads(sys.argv[1])
    torch.set_num_threads(s["threads"])
    meter = Meter(s["warmup"])
    instrument_transformers(meter)
    # It imports torchaudio at start, whose wheels often do not match the newest torch; no audio is used here.
    sys.modules["torchaudio"] = types.ModuleType("torchaudio")
    from llamafactory.train.tuner import run_exp

    rows = [json.loads(line) for line in Path(s["rows"]).read_text().splitlines()]
    mean = sum(len(r["context"]) + len(r["prompt"]) + 5 for r in rows[:500]) / 500 / 3.2
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        table = [
            {"instruction": r["context"] + "\n" + r["prompt"], "input": "", "output": " " + r["completion"]}
            for r in rows
        ]
        (path / "rows.json").write_text(json.dumps(table))
        (path / "dataset_info.json").write_text(json.dumps({"rows": {"file_name": "rows.json"}}))
        run_exp(
            {
                "model_name_or_path": s["model"],
                "stage": "sft",
                "do_train": True,
                "finetuning_type": "lora",
                "lora_target": "all",
                "lora_rank": s["rank"],
                "lora_alpha": 2 * s["rank"],
                "dataset": "rows",
                "dataset_dir": folder,
                "template": "empty",
                "cutoff_len": 256,
                "output_dir": str(path / "out"),
                "per_device_train_batch_size": max(1, round(s["tokens"] / mean)),
                "max_steps": s["steps"] + s["warmup"],
                "learning_rate": 5e-4,
                "bf16": s["dtype"] == "bfloat16",
                "use_cpu": True,
                "train_sampling_strategy": "group_by_length",
                "disable_gradient_checkpointing": True,
                "save_strategy": "no",
                "logging_steps": 1000,
                "report_to": "none",
                "overwrite_cache": True,
                "preprocessing_num_workers": 1,
            }
        )
    meter.finish()


if __name__ == "__main__":
    main()
