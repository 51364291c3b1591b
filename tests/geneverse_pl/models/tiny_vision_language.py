"""Random vision-language models of Transformers, a few kilobytes each, with their processors."""

from pathlib import Path
from typing import Any

import torch
from PIL import Image
from torch import nn
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    Idefics3Config,
    Idefics3ForConditionalGeneration,
    Idefics3ImageProcessor,
    Idefics3Processor,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
)

CLIP: dict[str, Any] = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 2,
    "image_size": 16,
    "patch_size": 8,
}
LANGUAGE: dict[str, Any] = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
}


def far_from_trivial(model: nn.Module) -> None:
    """Draws weights so large that a tensor in the wrong place changes the result; always the same."""
    generator = torch.Generator().manual_seed(1)
    for name, parameter in model.named_parameters():
        drawn = 0.2 * torch.randn(parameter.shape, generator=generator)
        is_scale = parameter.ndim == 1 and name.endswith("weight")
        parameter.data.copy_(1 + drawn if is_scale else drawn)


def language_settings(tokenizer: PreTrainedTokenizerFast, **settings: Any) -> dict[str, Any]:
    """Settings of a two-layer language model for a tokenizer."""
    return {
        "vocab_size": len(tokenizer),
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
        **LANGUAGE,
        **settings,
    }


def write_llava(
    folder: Path,
    tokenizer: PreTrainedTokenizerFast,
    *,
    vision: dict[str, Any] | None = None,
    text: dict[str, Any] | None = None,
    **settings: Any,
) -> LlavaForConditionalGeneration:
    """Writes a LLaVA of 4 patches and a two-layer Llama; options of its configurations by name."""
    tokenizer.add_special_tokens({"additional_special_tokens": ["<image>"]})
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(**{**CLIP, **(vision or {})}),
        text_config=LlamaConfig(**language_settings(tokenizer, **(text or {}))),
        image_token_index=tokenizer.convert_tokens_to_ids("<image>"),
        **settings,
    )
    model = LlavaForConditionalGeneration(config)
    far_from_trivial(model)
    model.eval().save_pretrained(folder)
    size = {"height": CLIP["image_size"], "width": CLIP["image_size"]}
    LlavaProcessor(
        image_processor=CLIPImageProcessor(size=size, crop_size=size, do_center_crop=False),
        tokenizer=tokenizer,
        patch_size=CLIP["patch_size"],
        vision_feature_select_strategy=config.vision_feature_select_strategy,
        num_additional_image_tokens=1,
    ).save_pretrained(folder)
    return model


def stripes(width: int, height: int) -> Image.Image:
    """A picture with something to see in each corner."""
    picture = Image.new("RGB", (width, height))
    for x in range(width):
        for y in range(height):
            picture.putpixel((x, y), (255 * x // width, 255 * y // height, 40 * ((x + y) % 6)))
    return picture


_PARTS = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['content'] is string %}{{ message['content'] }}{% else %}"
    "{% for part in message['content'] %}"
    "{{ IMAGE if part['type'] == 'image' else part['text'] }}"
    "{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def chat_template(image: str) -> str:
    """A ChatML template that takes texts and pictures, and writes this for a picture."""
    return _PARTS.replace("IMAGE", repr(image))


def write_qwen2_vl(folder: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    """Writes a Qwen2-VL: patches of 4 pixels, 2 x 2 of them a token, three parts of rotary positions."""
    names = ["<|vision_start|>", "<|vision_end|>", "<|image_pad|>", "<|video_pad|>"]
    tokenizer.add_special_tokens({"additional_special_tokens": names})
    tokenizer.chat_template = chat_template("<|vision_start|><|image_pad|><|vision_end|>")
    start, end, image, video = tokenizer.convert_tokens_to_ids(names)
    config = Qwen2VLConfig(
        text_config=language_settings(
            tokenizer, rope_parameters={"rope_type": "default", "mrope_section": [2, 1, 1]}
        ),
        vision_config={
            "depth": 2,
            "embed_dim": 16,
            "hidden_size": LANGUAGE["hidden_size"],
            "num_heads": 2,
            "patch_size": 4,
            "mlp_ratio": 2,
        },
        vision_start_token_id=start,
        vision_end_token_id=end,
        image_token_id=image,
        video_token_id=video,
    )
    model = Qwen2VLForConditionalGeneration(config)
    far_from_trivial(model)
    model.save_pretrained(folder)
    pictures = {"patch_size": 4, "size": {"shortest_edge": 64, "longest_edge": 4096}}
    Qwen2VLProcessor(
        image_processor=Qwen2VLImageProcessor(**pictures),
        tokenizer=tokenizer,
        video_processor=Qwen2VLVideoProcessor(**pictures),
        chat_template=tokenizer.chat_template,
    ).save_pretrained(folder)


def write_idefics3(folder: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    """Writes an Idefics3, as SmolVLM is one: tiles of 16 pixels, 4 tokens each, and the whole picture."""
    tiles = [f"<row_{row}_col_{column}>" for row in range(1, 7) for column in range(1, 7)]
    names = ["<fake_token_around_image>", "<image>", "<end_of_utterance>", "<global-img>", *tiles]
    tokenizer.add_special_tokens({"additional_special_tokens": names})
    # Their template takes messages in parts alone, and no plain texts.
    tokenizer.chat_template = chat_template("<image>").replace("message['content'] is string", "false")
    config = Idefics3Config(
        text_config={"model_type": "llama", **language_settings(tokenizer)},
        vision_config={
            "hidden_size": 16,
            "intermediate_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 16,
            "patch_size": 4,
        },
        image_token_id=tokenizer.convert_tokens_to_ids("<image>"),
        scale_factor=2,
    )
    model = Idefics3ForConditionalGeneration(config)
    far_from_trivial(model)
    model.save_pretrained(folder)
    Idefics3Processor(
        Idefics3ImageProcessor(size={"longest_edge": 64}, max_image_size={"longest_edge": 16}),
        tokenizer,
        image_seq_len=4,
        chat_template=tokenizer.chat_template,
    ).save_pretrained(folder)
