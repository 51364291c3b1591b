"""LLaVA checkpoints compute in this package what they compute in Transformers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from transformers import LlavaForConditionalGeneration, PreTrainedTokenizerFast

from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.llava_checkpoint import load_llava
from geneverse_pl.models.llava_config import find_llava, read_llava
from geneverse_pl.models.projector import ProjectorConfig
from geneverse_pl.models.vision_language import VisionLanguageModel
from geneverse_pl.models.vision_tower import VisionConfig, describe_tower, load_tower, tower_digest
from tests.geneverse_pl.models.tiny_vision_language import write_llava

Write = Callable[..., LlavaForConditionalGeneration]


@pytest.fixture
def write(tmp_path: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]) -> Write:
    """Writes a random LLaVA to the folder ``llava``."""

    def make(**settings: Any) -> LlavaForConditionalGeneration:
        return write_llava(tmp_path / "llava", make_tiny_tokenizer(), **settings)

    return make


def both_logits(
    model: VisionLanguageModel, reference: LlavaForConditionalGeneration, num_places: int = 4
) -> tuple[Tensor, Tensor]:
    """Logits of this package and of Transformers for two pictures and a text."""
    generator = torch.Generator().manual_seed(2)
    image = reference.config.image_token_index
    words = torch.randint(5, 250, (2, 9), generator=generator)
    ids = torch.cat([words[:, :3], torch.full((2, num_places), image), words[:, 3:]], dim=1)
    pixels = torch.randn(2, 3, 16, 16, generator=generator)
    places = (ids == image).flatten().nonzero().flatten()
    batch = {"pixel_values": pixels, "image_positions": places}
    with torch.no_grad():
        embeddings = model.eval().input_embeddings(batch, ids.masked_fill(ids == image, 0))
        own = model.base(inputs_embeds=embeddings).logits
        theirs = reference(input_ids=ids, pixel_values=pixels).logits
    return own, theirs


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"vision": {"hidden_act": "gelu"}},
        {"vision": {"layer_norm_eps": 0.3}},
        {"vision_feature_layer": -1},
        {"vision_feature_layer": 1},
        {"vision_feature_select_strategy": "full"},
        {"text": {"tie_word_embeddings": True}},
    ],
    ids=str,
)
def test_logits_are_those_of_transformers(write: Write, tmp_path: Path, settings: dict[str, Any]) -> None:
    reference = write(**settings)
    model, tokenizer, image_block = load_llava(tmp_path / "llava")
    num_places = 5 if settings.get("vision_feature_select_strategy") == "full" else 4
    assert image_block == [-1] * num_places
    assert tokenizer.convert_tokens_to_ids("<image>") == reference.config.image_token_index
    own, theirs = both_logits(model, reference, num_places)
    assert theirs.std() > 0.1
    torch.testing.assert_close(own, theirs, rtol=1e-4, atol=1e-5)


def old_name(name: str) -> str:
    """The name that a tensor has in the first LLaVA checkpoints, such as those on the Hub."""
    name = name.removeprefix("model.")
    if name.startswith("vision_tower."):
        return name.replace("vision_tower.", "vision_tower.vision_model.")
    if name.startswith("language_model."):
        return name.replace("language_model.", "language_model.model.")
    return f"language_model.{name}" if name.startswith("lm_head") else name


@pytest.mark.parametrize("file", ["one file", "pickle", "shards", "as in memory"])
def test_names_and_files_of_older_releases(write: Write, tmp_path: Path, file: str) -> None:
    reference = write()
    folder = tmp_path / "llava"
    rename = str if file == "as in memory" else old_name
    state = {rename(name): value for name, value in reference.state_dict().items()}
    state["vision_tower.vision_model.embeddings.position_ids"] = torch.arange(5)[None]
    (folder / "model.safetensors").unlink()
    if file == "shards":
        names = sorted(state)
        parts = {f"model-0000{i + 1}-of-00002.safetensors": names[i::2] for i in range(2)}
        for part, of_part in parts.items():
            save_file({name: state[name] for name in of_part}, folder / part)
        index = {"weight_map": {name: part for part, of_part in parts.items() for name in of_part}}
        (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    elif file == "pickle":
        torch.save(state, folder / "pytorch_model.bin")
    else:
        save_file(state, folder / "model.safetensors")
    model, _, _ = load_llava(folder)
    own, theirs = both_logits(model, reference)
    torch.testing.assert_close(own, theirs, rtol=1e-4, atol=1e-5)


def test_an_adapter_is_attached_and_starts_as_the_checkpoint(write: Write, tmp_path: Path) -> None:
    reference = write()
    model, _, _ = load_llava(tmp_path / "llava", AdapterConfig("lora", rank=2))
    trained = [name for name, p in model.named_parameters() if p.requires_grad]
    assert any("lora_A" in name for name in trained)
    assert all("lora_" in name or name.startswith("projector.") for name in trained)
    own, theirs = both_logits(model, reference)
    torch.testing.assert_close(own, theirs, rtol=1e-4, atol=1e-5)


def test_weights_are_held_in_the_type_asked_for(write: Write, tmp_path: Path) -> None:
    write()
    model, _, _ = load_llava(tmp_path / "llava", dtype=torch.bfloat16)
    assert {p.dtype for p in model.parameters()} == {torch.bfloat16}


def test_the_tower_serves_by_its_name(write: Write, tmp_path: Path) -> None:
    reference = write()
    config = VisionConfig(f"llava:{tmp_path / 'llava'}", layer=-2)
    shape = describe_tower(config)
    assert (shape.grid, shape.width, shape.image_size) == ((2, 2), 16, 16)
    assert shape.mean == pytest.approx((0.48145466, 0.4578275, 0.40821073))
    pixels = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        hidden = reference.model.vision_tower(pixels, output_hidden_states=True).hidden_states
    torch.testing.assert_close(load_tower(config)(pixels), hidden[-2][:, 1:], rtol=1e-4, atol=1e-5)


def test_the_digest_follows_the_towers_weights_alone(write: Write, tmp_path: Path) -> None:
    reference = write()
    folder = tmp_path / "llava"
    config = VisionConfig(f"llava:{folder}", layer=-2)
    first = tower_digest(config)
    with torch.no_grad():
        reference.lm_head.weight[0, 0] += 1
    reference.save_pretrained(folder)
    assert tower_digest(config) == first
    with torch.no_grad():
        reference.model.vision_tower.pre_layrnorm.bias[0] += 1
    reference.save_pretrained(folder)
    assert tower_digest(config) != first


def test_other_models_are_none(tiny_model_dir: Path, tmp_path: Path) -> None:
    assert find_llava(str(tiny_model_dir)) is None
    assert find_llava("pypi:some-model==1.0") is None
    with pytest.raises(ModelReferenceError, match="must be a LLaVA checkpoint"):
        load_llava(tiny_model_dir)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"vision": {"hidden_act": "gelu_new"}}, r"hidden_act gelu or quick_gelu, got .* gelu_new"),
        ({"projector_hidden_act": "relu"}, "projector_hidden_act 'relu'. Set .*backend to transformers"),
        ({"multimodal_projector_bias": False}, "must have biases"),
        ({"vision_feature_layer": [-2, -1]}, r"must be the number of one layer, got \[-2, -1\]"),
        ({"vision_feature_layer": 0}, "must be the number of one layer, got 0"),
    ],
)
def test_parts_of_another_kind_are_refused(
    write: Write, tmp_path: Path, settings: dict[str, Any], message: str
) -> None:
    write(**settings)
    with pytest.raises(ModelReferenceError, match=message):
        load_llava(tmp_path / "llava")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lm_head.weight", "1 are missing, as lm_head.weight"),
        ("multi_modal_projector.linear_2.bias", "projector in .* must be that of its config.json"),
        ("pre_layrnorm.bias", "must fit llava:.* 1 missing"),
        ("vision_tower.encoder.layers.1.self_attn.k_proj.bias", "must fit llava:.* 1 missing"),
    ],
)
def test_missing_weights_are_named(write: Write, tmp_path: Path, name: str, message: str) -> None:
    path = tmp_path / "llava" / "model.safetensors"
    write()
    state = load_file(path)
    del state[next(own for own in state if own.endswith(name))]
    save_file(state, path, metadata={"format": "pt"})
    with pytest.raises(ModelReferenceError, match=message):
        load_llava(tmp_path / "llava")


def test_settings_beside_the_checkpoint_must_be_its_own(write: Write, tmp_path: Path) -> None:
    write()
    checkpoint = read_llava(str(tmp_path / "llava"))
    checkpoint.check_settings(None, None)
    checkpoint.check_settings(VisionConfig(f"llava:{tmp_path / 'llava'}", layer=-2), None)
    for vision, projector in (
        (VisionConfig("timm:test_vit", "random"), None),
        (VisionConfig(f"llava:{tmp_path / 'llava'}"), None),
        (None, ProjectorConfig("linear")),
    ):
        with pytest.raises(
            ConfigError, match="Leave out vision and projector; .* layer -2 and class_token false"
        ):
            checkpoint.check_settings(vision, projector)
    with pytest.raises(ConfigError, match=r"vision\.pretrained must be left out"):
        describe_tower(VisionConfig(f"llava:{tmp_path / 'llava'}", "openai"))
