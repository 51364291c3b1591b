"""Writing a vision-language model as a LLaVA checkpoint that plain Transformers loads."""

import contextlib
import copy
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.adapters import set_input_casting
from geneverse_pl.models.image_transform import image_transform
from geneverse_pl.models.language_model import quiet_transformers
from geneverse_pl.models.llava_weights import Part, State, checkpoint_name, tower_from_open_clip
from geneverse_pl.models.projector import MLPProjector
from geneverse_pl.models.vision_language import VisionLanguageModel
from geneverse_pl.models.vision_tower import VisionTower, load_tower

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

IMAGE_TEXT = "<image>"
_PROJECTOR = ["linear_1", "activation_1", "linear_2"]
_ACTIVATIONS = {"QuickGELU": "quick_gelu", "GELU": "gelu"}
# Largest difference of two logits over the largest logit: rounding differs between two ways to the same.
_TOLERANCE = {torch.float32: 1e-4, torch.float16: 0.02, torch.bfloat16: 0.1}
_SHARD_SIZE = "5GB"
_NUM_WORDS = 16  # of the compared text, before the picture and after it


def export_llava(
    model: VisionLanguageModel, tokenizer: "PreTrainedTokenizerBase", folder: str | Path
) -> None:
    """Writes a model as a LLaVA checkpoint that plain Transformers loads, adapters merged into its weights.

    The folder serves ``LlavaForConditionalGeneration`` and ``LlavaProcessor``. Before it takes its name, it
    is loaded on the CPU, and its logits for a random picture and text are compared with the model's own.

    Args:
        model: The model, with the settings of its vision tower and projector.
        tokenizer: Its tokenizer; ``<image>`` is added where it has no such token.
        folder: Where to write; must not exist or be empty.

    Raises:
        ConfigError: If the model has parts that LLaVA's format has not, the folder holds something, or the
            checkpoint that was written computes something else. Nothing is left of it then.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise ConfigError(f"folder must not exist yet or be empty, and {folder} is not. Choose another.")
    _check_parts(model)
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with _with_tower(model) as tower:
            _write(model, tower, copy.deepcopy(tokenizer), partial)
            _compare(model, partial)
        partial.chmod(0o755)
        partial.replace(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _check_parts(model: VisionLanguageModel) -> None:
    if model.vision is None:
        raise ConfigError(
            "A model must know the settings of its vision tower to be exported. Give it vision."
        )
    projector = model.projector
    if not isinstance(projector, MLPProjector) or list(dict(projector.named_children())) != _PROJECTOR:
        raise ConfigError(
            "LLaVA's format takes a projector of kind mlp with depth 2 and without input_norm, and this "
            "model has another. Train one with those settings, or share the adapter folder."
        )
    if model.adapter.uses_four_bits:
        raise ConfigError(
            f"A base in 4 bits (adapter '{model.adapter.method}') cannot be exported. Build the model with "
            "adapter lora instead, and give it the weights with load_trained_weights and read_vision."
        )


@contextlib.contextmanager
def _with_tower(model: VisionLanguageModel) -> Iterator[VisionTower]:
    """The tower of a model, loaded for a while where it works from kept features."""
    own = model.tower
    if own is None and model.vision is not None:
        model.tower = load_tower(model.vision).to(next(model.projector.parameters()).device)
    try:
        tower: Any = model.tower
        yield tower
    finally:
        model.tower = own


def _write(
    model: VisionLanguageModel, tower: VisionTower, tokenizer: "PreTrainedTokenizerBase", folder: Path
) -> None:
    from huggingface_hub import save_torch_state_dict
    from transformers import GenerationConfig, LlavaConfig

    network: Any = merged_copy(tower.model)
    tower_state = tower_from_open_clip(network.state_dict())
    vision_config = _vision_config(network)
    base: Any = merged_copy(model.model)
    tokenizer.add_tokens([IMAGE_TEXT], special_tokens=True)
    image_id = int(tokenizer.convert_tokens_to_ids(IMAGE_TEXT))
    if image_id >= base.get_input_embeddings().num_embeddings:
        base.resize_token_embeddings(image_id + 1, mean_resizing=False)
        _give_mean_rows(base, image_id)
    language_model = base.state_dict()
    if base.get_output_embeddings().weight is base.get_input_embeddings().weight:
        language_model.pop("lm_head.weight", None)
    parts: dict[Part, State] = {
        "vision_tower": tower_state,
        "multi_modal_projector": model.projector.state_dict(),
        "language_model": language_model,
    }
    state = {checkpoint_name(part, name): value for part, of in parts.items() for name, value in of.items()}
    config = LlavaConfig(
        vision_config=vision_config,
        text_config=copy.deepcopy(base.config),
        image_token_index=image_id,
        image_seq_length=tower.shape.num_patches,
        vision_feature_layer=tower.config.layer,
        vision_feature_select_strategy="full" if tower.config.class_token else "default",
        tie_word_embeddings=base.config.tie_word_embeddings,
        dtype=base.dtype,
        architectures=["LlavaForConditionalGeneration"],
    )
    config.save_pretrained(folder)
    save_torch_state_dict(_plain(state, base.dtype), folder, max_shard_size=_SHARD_SIZE)
    own = base.generation_config
    ids = {name: getattr(own, name) for name in ("bos_token_id", "eos_token_id", "pad_token_id")}
    GenerationConfig(**ids).save_pretrained(folder)
    _processor(tower, network.patch_size[0], tokenizer).save_pretrained(folder)


def merged_copy(module: nn.Module) -> nn.Module:
    """A copy of a model on the CPU, its PEFT adapter merged into its weights.

    Args:
        module: A ``PeftModel`` or any other module.
    """
    memo: dict[int, Any] = {}
    for tensor in [*module.parameters(), *module.buffers()]:
        own = tensor.detach().to("cpu", copy=True)
        memo[id(tensor)] = nn.Parameter(own, False) if isinstance(tensor, nn.Parameter) else own
    copied: Any = copy.deepcopy(module, memo)
    if not hasattr(copied, "merge_and_unload"):
        return copied  # type: ignore[no-any-return]
    return copied.merge_and_unload(safe_merge=True)  # type: ignore[no-any-return]


@torch.no_grad()
def _give_mean_rows(base: Any, first: int) -> None:
    """Gives new tokens the mean row, so that none is the likeliest to be generated."""
    for module in (base.get_input_embeddings(), base.get_output_embeddings()):
        module.weight[first:] = module.weight[:first].float().mean(0).to(module.weight.dtype)


def _plain(state: State, dtype: torch.dtype) -> State:
    return {
        name: value.detach().to("cpu", dtype if value.is_floating_point() else value.dtype).contiguous()
        for name, value in state.items()
    }


def _vision_config(network: Any) -> Any:
    """Transformers' settings of a vision transformer of open_clip."""
    from transformers import CLIPVisionConfig

    block = network.transformer.resblocks[0]
    activation = block.mlp.gelu
    kind = type(activation).__name__
    if kind not in _ACTIVATIONS or getattr(activation, "approximate", "none") != "none":
        raise ConfigError(
            f"LLaVA's format takes vision towers with {' or '.join(_ACTIVATIONS)}, and this one has "
            f"{activation}. Share the adapter folder instead."
        )
    return CLIPVisionConfig(
        hidden_size=network.conv1.out_channels,
        intermediate_size=block.mlp.c_fc.out_features,
        projection_dim=network.output_dim,
        num_hidden_layers=len(network.transformer.resblocks),
        num_attention_heads=block.attn.num_heads,
        image_size=network.image_size[0],
        patch_size=network.patch_size[0],
        hidden_act=_ACTIVATIONS[kind],
        layer_norm_eps=block.ln_1.eps,
    )


def _processor(tower: VisionTower, patch_size: int, tokenizer: "PreTrainedTokenizerBase") -> Any:
    """Transformers' processor that prepares pictures as the tower's transform does."""
    from PIL import Image
    from transformers import CLIPImageProcessor, LlavaImageProcessor, LlavaProcessor

    transform = image_transform(tower.config)
    square = {"height": transform.image_size, "width": transform.image_size}
    options: dict[str, Any] = {
        "image_mean": list(transform.mean),
        "image_std": list(transform.std),
        "resample": Image.Resampling[transform.interpolation.upper()],
        "crop_size": square,
    }
    if transform.fit == "pad":
        size = {"shortest_edge": transform.image_size}
        images: Any = LlavaImageProcessor(size=size, do_pad=True, **options)
    elif transform.fit == "crop":
        size = {"shortest_edge": int(transform.image_size / transform.crop_fraction)}
        images = CLIPImageProcessor(size=size, **options)
    else:
        images = CLIPImageProcessor(size=square, do_center_crop=False, **options)
    return LlavaProcessor(
        image_processor=images,
        tokenizer=tokenizer,
        patch_size=patch_size,
        vision_feature_select_strategy="full" if tower.config.class_token else "default",
        num_additional_image_tokens=1,
        chat_template=tokenizer.chat_template,
    )


@torch.no_grad()
def _compare(model: VisionLanguageModel, folder: Path) -> None:
    """Refuses a written checkpoint whose logits are not those of the model."""
    from transformers import LlavaForConditionalGeneration

    base = model.base
    with quiet_transformers():
        written, info = LlavaForConditionalGeneration.from_pretrained(
            folder, dtype=base.dtype, output_loading_info=True
        )
    if info["missing_keys"] or info["unexpected_keys"]:
        odd = sorted([*info["missing_keys"], *info["unexpected_keys"]])
        raise ConfigError(
            f"LLaVA's format must have the weights of this model, and {odd[0]} and {len(odd) - 1} others are "
            "not in both. Share the adapter folder instead."
        )
    ids, places, pixels = _probe(written.config, base.device)
    own = _own_logits(model, ids.masked_fill(places, 0), places, pixels).float().cpu()
    ids, pixels = ids.cpu(), pixels.cpu().to(written.dtype)
    theirs = written.eval()(
        input_ids=ids, pixel_values=pixels, attention_mask=torch.ones_like(ids)
    ).logits.float()
    difference = float((theirs[..., : own.shape[-1]] - own).abs().max() / own.abs().max())
    tolerance = _TOLERANCE.get(base.dtype, _TOLERANCE[torch.float32])
    if not difference <= tolerance:
        raise ConfigError(
            f"The checkpoint that is written must compute what the model computes, and its logits differ by "
            f"{difference:.2g} of the largest, more than {tolerance:g}. Nothing was kept. LLaVA's format "
            f"does not fit a language model of type {base.config.model_type}; share the adapter folder."
        )


def _probe(config: Any, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids ``(1, T)`` with a picture among random words, the picture's places, and pixels."""
    generator = torch.Generator().manual_seed(0)
    image_id = config.image_token_index
    # Tokens before it, as those behind it may be unknown to the model in memory.
    words = torch.randint(0, image_id, (2, 1, _NUM_WORDS), generator=generator)
    image = torch.full((1, config.image_seq_length), image_id)
    size = config.vision_config.image_size
    pixels = torch.randn(1, 3, size, size, generator=generator)
    ids = torch.cat([words[0], image, words[1]], dim=1).to(device)
    return ids, ids == image_id, pixels.to(device)


def _own_logits(model: VisionLanguageModel, ids: Tensor, places: Tensor, pixels: Tensor) -> Tensor:
    """Logits ``(1, T, V)`` of the model in memory, its picture's features unrounded."""
    feature_dtype, was_training = model.feature_dtype, model.training
    # Without autocast the adapter must cast for itself.
    casting = [module for module in model.modules() if hasattr(module, "cast_input_dtype_enabled")]
    before = [module.cast_input_dtype_enabled for module in casting]
    batch = {"pixel_values": pixels, "image_positions": places.flatten().nonzero().flatten()}
    try:
        model.feature_dtype = torch.float32
        set_input_casting(model, enabled=True)
        embeddings = model.eval().input_embeddings(batch, ids)
        output = model.base(inputs_embeds=embeddings, attention_mask=torch.ones_like(ids))
        return output.logits  # type: ignore[no-any-return]
    finally:
        model.feature_dtype = feature_dtype
        model.train(was_training)
        for module, enabled in zip(casting, before, strict=True):
            module.cast_input_dtype_enabled = enabled
