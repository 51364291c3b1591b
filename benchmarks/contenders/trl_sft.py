"""TRL's SFTTrainer at its best on a CPU: fastest floating type, grouped by length, loss on completions."""

import json
import sys
import tempfile
from pathlib import Path

import torch
from measure import Meter, instrument_transformers


def main() -> None:
    """Runs it."""
    s = json.loads(sys.argv[1])
    torch.set_num_threads(s["threads"])
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    meter, dtype = Meter(s["warmup"]), getattr(torch, s["dtype"])
    instrument_transformers(meter)
    tokenizer = AutoTokenizer.from_pretrained(s["model"])
    rows = [json.loads(line) for line in Path(s["rows"]).read_text().splitlines()]
    data = Dataset.from_list(
        [{"prompt": r["context"] + "\n" + r["prompt"], "completion": " " + r["completion"]} for r in rows]
    )
    mean = sum(len(tokenizer(r["context"] + "\n" + r["prompt"]).input_ids) + 2 for r in rows[:500]) / 500
    with tempfile.TemporaryDirectory() as folder:
        config = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=max(1, round(s["tokens"] / mean)),
            max_steps=s["steps"] + s["warmup"],
            learning_rate=5e-4,
            bf16=dtype == torch.bfloat16,
            use_cpu=True,
            completion_only_loss=True,
            train_sampling_strategy="group_by_length",
            gradient_checkpointing=False,
            logging_steps=1000,
            save_strategy="no",
            report_to=[],
            max_length=256,
        )
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(s["model"], dtype=dtype),
            args=config,
            train_dataset=data,
            processing_class=tokenizer,
            peft_config=LoraConfig(
                r=s["rank"], lora_alpha=2 * s["rank"], target_modules="all-linear", task_type="CAUSAL_LM"
            ),
        )
        trainer.train()
    meter.finish()


if __name__ == "__main__":
    main()
