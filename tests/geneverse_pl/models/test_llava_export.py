"""Models of this package, written so that plain Transformers computes the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from transformers import (
    AutoModelForCausalLM,
    AutoTokenizer,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models import llava_export, llava_weights
from geneverse_pl.models.adapters import AdapterConfig, set_input_casting
from geneverse_pl.models.image_transform import image_transform
from geneverse_pl.models.llava_checkpoint import load_llava
from geneverse_pl.models.llava_export import export_llava
from geneverse_pl.models.projector import ProjectorConfig, build_projector
from geneverse_pl.models.vision_language import VisionLanguageModel
from geneverse_pl.models.vision_tower import VisionConfig, describe_tower, load_tower
from tests.geneverse_pl.models.tiny_towers import write_clip
from tests.geneverse_pl.models.tiny_vision_language import far_from_trivial, stripes, write_llava

PIXELS = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(4))


@pytest.fixture
def llava(tmp_path: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]) -> Path:
    """Folder of a random LLaVA."""
    write_llava(tmp_path / "llava", make_tiny_tokenizer())
    return tmp_path / "llava"


def logits(model: VisionLanguageModel, pixels: Tensor = PIXELS, num_places: int = 4) -> Tensor:
    """Logits of this package's model for a picture before a few words."""
    ids = torch.tensor([[0] * num_places + [7, 21, 60]])
    places = torch.arange(num_places)
    with torch.no_grad():
        embeddings = model.eval().input_embeddings({"pixel_values": pixels, "image_positions": places}, ids)
        return model.base(inputs_embeds=embeddings).logits  # type: ignore[no-any-return]


def logits_of(folder: Path, pixels: Tensor = PIXELS, num_places: int = 4) -> Tensor:
    """The same, computed by plain Transformers."""
    model = LlavaForConditionalGeneration.from_pretrained(folder).eval()
    ids = torch.tensor([[model.config.image_token_index] * num_places + [7, 21, 60]])
    with torch.no_grad():
        return model(input_ids=ids, pixel_values=pixels).logits  # type: ignore[no-any-return]


def one_step(model: VisionLanguageModel) -> None:
    """A step of training, large enough to change every logit."""
    ids = torch.tensor([[0] * 4 + [7, 21, 60]])
    batch = {"pixel_values": PIXELS, "image_positions": torch.arange(4)}
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(parameters, lr=0.5)
    for _ in range(2):  # at first LoRA's B is zero, and so is the gradient of A
        output = model.train().base(inputs_embeds=model.input_embeddings(batch, ids)).logits
        torch.nn.functional.cross_entropy(output[0, 3:6], ids[0, 4:]).backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()


def test_a_checkpoint_comes_back_as_it_was(llava: Path, tmp_path: Path) -> None:
    model, tokenizer, _ = load_llava(llava)
    export_llava(model, tokenizer, tmp_path / "again")
    torch.testing.assert_close(logits_of(tmp_path / "again"), logits_of(llava), rtol=1e-4, atol=1e-5)
    before = LlavaForConditionalGeneration.from_pretrained(llava).state_dict()
    after = LlavaForConditionalGeneration.from_pretrained(tmp_path / "again").state_dict()
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "llava"]


@pytest.mark.parametrize("method", ["lora", "rslora", "dora", "pissa", "oft", "ia3", "full", "head_only"])
def test_what_was_trained_is_merged_and_comes_back(llava: Path, tmp_path: Path, method: Any) -> None:
    adapter = AdapterConfig(method, rank=2, oft_block_size=8)
    model, tokenizer, _ = load_llava(llava, adapter)
    before = logits(model)
    one_step(model)
    tuned = logits(model)
    assert (tuned - before).abs().max() > 1e-2
    export_llava(model, tokenizer, tmp_path / "tuned")
    torch.testing.assert_close(logits_of(tmp_path / "tuned"), tuned, rtol=1e-3, atol=1e-4)
    again, _, _ = load_llava(tmp_path / "tuned")
    torch.testing.assert_close(logits(again), tuned, rtol=1e-3, atol=1e-4)
    # The model in memory is as it was.
    torch.testing.assert_close(logits(model), tuned)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_trained_tower_is_merged(llava: Path, tmp_path: Path, method: Any) -> None:
    model, tokenizer, _ = load_llava(llava)
    assert model.vision is not None
    config = VisionConfig(model.vision.model, layer=-2, adapter=AdapterConfig(method, rank=2))
    model.tower, model.vision = load_tower(config), config
    before = logits(model)
    one_step(model)
    assert (logits(model) - before).abs().max() > 1e-2
    export_llava(model, tokenizer, tmp_path / "tuned")
    torch.testing.assert_close(logits_of(tmp_path / "tuned"), logits(model), rtol=1e-3, atol=1e-4)


def test_half_precision_and_adapters_in_full(llava: Path, tmp_path: Path) -> None:
    model, tokenizer, _ = load_llava(llava, AdapterConfig("lora", rank=2), torch.bfloat16)
    model.projector.float()
    assert {p.dtype for n, p in model.named_parameters() if "lora_" in n} == {torch.float32}
    set_input_casting(model, enabled=False)  # as after training in mixed precision
    export_llava(model, tokenizer, tmp_path / "out")
    assert {v.dtype for v in load_file(tmp_path / "out" / "model.safetensors").values()} == {torch.bfloat16}
    assert LlavaForConditionalGeneration.from_pretrained(tmp_path / "out").dtype == torch.bfloat16
    casting = [m.cast_input_dtype_enabled for m in model.modules() if hasattr(m, "cast_input_dtype_enabled")]
    assert casting
    assert not any(casting)


def test_rows_of_new_tokens_are_merged(llava: Path, tmp_path: Path) -> None:
    plain, tokenizer, _ = load_llava(llava)
    assert plain.tower is not None
    model = VisionLanguageModel(
        plain.base,
        AdapterConfig("lora", rank=2),
        plain.tower,
        plain.projector,
        [7, 21],
        vision=plain.vision,
        projector_config=plain.projector_config,
        feature_dtype=torch.float32,
    )
    one_step(model)
    export_llava(model, tokenizer, tmp_path / "out")
    torch.testing.assert_close(logits_of(tmp_path / "out"), logits(model), rtol=1e-3, atol=1e-4)


def test_a_base_in_four_bits_is_refused(llava: Path, tmp_path: Path) -> None:
    model, tokenizer, _ = load_llava(llava)
    model.adapter = AdapterConfig("qlora")
    with pytest.raises(ConfigError, match=r"base in 4 bits \(adapter 'qlora'\) cannot be exported"):
        export_llava(model, tokenizer, tmp_path / "out")


def test_kept_features_need_no_tower_in_memory(llava: Path, tmp_path: Path) -> None:
    model, tokenizer, _ = load_llava(llava)
    model.tower = None
    model.feature_dtype = torch.bfloat16
    export_llava(model, tokenizer, tmp_path / "again")
    assert model.tower is None
    assert model.feature_dtype == torch.bfloat16
    torch.testing.assert_close(logits_of(tmp_path / "again"), logits_of(llava), rtol=1e-4, atol=1e-5)


def own_model(base: Path, tower: VisionConfig, **projector: Any) -> VisionLanguageModel:
    """A model of any language model and tower, with a projector as LLaVA's unless told otherwise."""
    language = AutoModelForCausalLM.from_pretrained(base)
    settings = ProjectorConfig("mlp", **{"input_norm": False, **projector})
    model = VisionLanguageModel(
        language,
        AdapterConfig("freeze"),
        load_tower(tower),
        build_projector(settings, describe_tower(tower), 32),
        vision=tower,
        projector_config=settings,
        feature_dtype=torch.float32,
    )
    far_from_trivial(model.projector)
    return model


@pytest.mark.parametrize("class_token", [False, True])
def test_a_model_of_other_parts_gets_an_image_token(
    tiny_model_dir: Path, tmp_path: Path, class_token: bool
) -> None:
    tower = VisionConfig(write_clip(tmp_path), layer=-2, class_token=class_token)
    model = own_model(tiny_model_dir, tower)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model_dir)
    size = len(tokenizer)
    export_llava(model, tokenizer, tmp_path / "out")
    assert len(tokenizer) == size
    processor = LlavaProcessor.from_pretrained(tmp_path / "out")
    assert processor.tokenizer.convert_tokens_to_ids("<image>") == size
    pixels = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(5))
    num_places = 16 + class_token
    own, theirs = logits(model, pixels, num_places), logits_of(tmp_path / "out", pixels, num_places)
    torch.testing.assert_close(theirs[..., : own.shape[-1]], own, rtol=1e-4, atol=1e-5)
    assert (theirs.argmax(-1) < size).all()


@pytest.mark.parametrize(
    ("pad_to_square", "size"), [(True, (40, 24)), (True, (32, 32)), (False, (40, 24)), (False, (24, 50))]
)
def test_the_processor_prepares_pictures_and_prompts_in_the_same_way(
    tiny_model_dir: Path, tmp_path: Path, pad_to_square: bool, size: tuple[int, int]
) -> None:
    tower = VisionConfig(write_clip(tmp_path), layer=-2, pad_to_square=pad_to_square)
    tokenizer = AutoTokenizer.from_pretrained(tiny_model_dir)
    export_llava(own_model(tiny_model_dir, tower), tokenizer, tmp_path / "out")
    processor = LlavaProcessor.from_pretrained(tmp_path / "out")
    picture = stripes(*size)
    made = processor(images=picture, text="<image>\nIs it red?", return_tensors="pt")
    assert (made["input_ids"] == len(tokenizer)).sum() == 16
    own = image_transform(tower)(picture)[None]
    assert made["pixel_values"].shape == own.shape
    difference = (made["pixel_values"] - own).abs()
    assert float(difference.mean()) < 0.03  # Pillow and torchvision resample a little differently


def test_a_checkpoint_that_differs_is_not_kept(
    llava: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, tokenizer, _ = load_llava(llava)
    original = llava_weights.tower_from_open_clip

    def wrong(state: Any) -> Any:
        return {name: value.flip(0) for name, value in original(state).items()}

    monkeypatch.setattr(llava_export, "tower_from_open_clip", wrong)
    with pytest.raises(ConfigError, match=r"its logits differ by .* Nothing was kept"):
        export_llava(model, tokenizer, tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["llava"]


def test_a_folder_with_content_is_left_alone(llava: Path) -> None:
    model, tokenizer, _ = load_llava(llava)
    with pytest.raises(ConfigError, match="must not exist yet or be empty"):
        export_llava(model, tokenizer, llava)
    assert (llava / "model.safetensors").is_file()


@pytest.mark.parametrize(
    ("tower", "projector", "message"),
    [
        (
            {"model": "timm:test_vit", "pretrained": "random", "image_size": 32},
            {},
            "plain vision transformers",
        ),
        ({}, {"input_norm": True}, "projector of kind mlp with depth 2 and without input_norm"),
        ({}, {"depth": 1}, "projector of kind mlp with depth 2"),
        ({}, {"kind": "linear"}, "projector of kind mlp"),
    ],
)
def test_parts_that_the_format_has_not_are_named(
    tiny_model_dir: Path, tmp_path: Path, tower: dict[str, Any], projector: dict[str, Any], message: str
) -> None:
    settings = VisionConfig(**{"model": write_clip(tmp_path), **tower})
    kind = projector.pop("kind", None)
    model = own_model(tiny_model_dir, settings, **projector)
    if kind:
        model.projector = build_projector(ProjectorConfig(kind), describe_tower(settings), 32)
    with pytest.raises(ConfigError, match=message):
        export_llava(model, AutoTokenizer.from_pretrained(tiny_model_dir), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_towers_with_another_activation_are_refused(tiny_model_dir: Path, tmp_path: Path) -> None:
    tower = VisionConfig(write_clip(tmp_path), layer=-2)
    model = own_model(tiny_model_dir, tower)
    assert model.tower is not None
    network: Any = model.tower.network
    assert isinstance(network, open_clip.transformer.VisionTransformer)
    for block in network.transformer.resblocks:
        block.mlp.gelu = torch.nn.ReLU()
    with pytest.raises(ConfigError, match="QuickGELU or GELU, and this one has ReLU"):
        export_llava(model, AutoTokenizer.from_pretrained(tiny_model_dir), tmp_path / "out")
