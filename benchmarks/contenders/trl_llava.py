"""TRL's SFTTrainer on Transformers' LLaVA with the same tower and language model, at its best on a CPU.

Base in the fastest floating type, loss on completions, gradient checkpointing off. TRL groups no rows with
images by length.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
from measure import Meter, instrument_transformers

_TEMPLATE = (
    "{% for message in messages %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% else %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% if message['role'] == 'assistant' %}{{ eos_token }}{% endif %}{% endfor %}"
)


def llava(reference: str, dtype: torch.dtype) -> tuple[Any, Any]:
    """LLaVA of a random ViT-B/32, as open_clip builds it, and a language model; and its processor."""
    from transformers import (
        AutoModelForCausalLM,
        AutoTokenizer,
        CLIPImageProcessor,
        CLIPVisionConfig,
        LlavaConfig,
        LlavaForConditionalGeneration,
        LlavaProcessor,
    )

    tokenizer = AutoTokenizer.from_pretrained(reference)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    text = AutoModelForCausalLM.from_pretrained(reference, dtype=dtype)
    text.resize_token_embeddings(max(len(tokenizer), text.config.vocab_size), mean_resizing=False)
    vision = CLIPVisionConfig(
        hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        image_size=224, patch_size=32, hidden_act="gelu",
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=vision,
        text_config=text.config,
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
    )
    model = LlavaForConditionalGeneration(config).to(dtype)
    model.model.language_model.load_state_dict(text.model.state_dict())
    model.lm_head.load_state_dict(text.lm_head.state_dict())
    size = {"height": 224, "width": 224}
    processor = LlavaProcessor(
        image_processor=CLIPImageProcessor(size=size, crop_size=size),
        tokenizer=tokenizer,
        patch_size=32,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=_TEMPLATE,
    )
    return model, processor


def conversations(rows: list[dict[str, str]]) -> Any:
    """The questions as TRL takes them."""
    from datasets import Dataset, Image

    asked = [
        {
            "images": [row["image"]],
            "prompt": [{"role": "user", "content": row["context"] + "\n" + row["prompt"]}],
            "completion": [{"role": "assistant", "content": " " + row["completion"]}],
        }
        for row in rows
    ]
    return Dataset.from_list(asked).cast_column("images", [Image()])


def mean_tokens(rows: list[dict[str, str]], tokenizer: Any) -> float:
    """Tokens of a question with its picture of 49, on average over the first 500."""
    texts = [row["context"] + "\n" + row["prompt"] for row in rows[:500]]
    return 49 + sum(len(tokenizer(text).input_ids) + 3 for text in texts) / len(texts)


def main() -> None:
    """Runs it."""
    s = json.loads(sys.argv[1])
    torch.set_num_threads(s["threads"])
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    meter, dtype = Meter(s["warmup"]), getattr(torch, s["dtype"])
    instrument_transformers(meter)
    model, processor = llava(s["model"], dtype)
    rows = [json.loads(line) for line in Path(s["rows"]).read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        settings = SFTConfig(
            output_dir=folder,
            per_device_train_batch_size=max(1, round(s["tokens"] / mean_tokens(rows, processor.tokenizer))),
            max_steps=s["steps"] + s["warmup"],
            learning_rate=5e-4,
            bf16=dtype == torch.bfloat16,
            use_cpu=True,
            completion_only_loss=True,
            gradient_checkpointing=False,
            logging_steps=1000,
            save_strategy="no",
            report_to=[],
            max_length=None,
        )
        trainer = SFTTrainer(
            model=model,
            args=settings,
            train_dataset=conversations(rows),
            processing_class=processor,
            peft_config=LoraConfig(
                r=s["rank"],
                lora_alpha=2 * s["rank"],
                target_modules=r".*language_model\..*\.(q|k|v|o|gate|up|down)_proj",
                modules_to_save=["multi_modal_projector"],
            ),
        )
        trainer.train()
    meter.finish()


if __name__ == "__main__":
    main()
