"""Answers about pictures do not depend on the batch either."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from geneverse_pl import ProjectorConfig, VisionConfig
from geneverse_pl.data.native_images import NativeProcessor
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation import DecodingConfig, Generator, Question
from geneverse_pl.generation.engines import TransformersEngine
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.native_vision_language import NativeVisionLanguageModel, load_native
from geneverse_pl.models.projector import build_projector
from geneverse_pl.models.vision_folder import image_block_of
from geneverse_pl.models.vision_language import VisionLanguageModel
from geneverse_pl.models.vision_tower import describe_tower, load_tower
from tests.geneverse_pl.generation.conftest import random_model
from tests.geneverse_pl.models.tiny_vision_language import write_llava

SHADES = [(250, 10, 10), (10, 250, 10), (10, 10, 250), (200, 200, 10)]


def native(tokenizer: PreTrainedTokenizerFast, folder: Path) -> Generator:
    write_llava(folder / "llava", tokenizer)
    processor = NativeProcessor(folder / "llava", 16)
    base = load_native(str(folder / "llava"), dtype=torch.float32)
    model = NativeVisionLanguageModel(base, AdapterConfig("freeze"), processor)
    encoder = Encoder(
        AutoTokenizer.from_pretrained(folder / "llava"), PromptTemplate("plain"), processor.image_block
    )
    return Generator(TransformersEngine(model, encoder), encoder)


def joined(tokenizer: PreTrainedTokenizerFast, folder: Path) -> Generator:
    vision = VisionConfig("timm:test_efficientnet", "random", image_size=32, layer=-3)
    projector = ProjectorConfig("mlp")
    base = random_model("llama").base
    torch.manual_seed(0)
    module = build_projector(projector, describe_tower(vision), 32)
    for parameter in module.parameters():
        parameter.data.normal_(std=0.3)
    model = VisionLanguageModel(
        base,
        AdapterConfig("freeze"),
        load_tower(vision),
        module,
        vision=vision,
        projector_config=projector,
    )
    encoder = Encoder(tokenizer, PromptTemplate("plain"), image_block_of(model))
    return Generator(TransformersEngine(model, encoder), encoder)


@pytest.mark.parametrize("make", [native, joined])
def test_the_batch_does_not_change_an_answer_about_pictures(
    make: Callable[[PreTrainedTokenizerFast, Path], Generator],
    tiny_tokenizer: PreTrainedTokenizerFast,
    tmp_path: Path,
) -> None:
    generator = make(tiny_tokenizer, tmp_path)
    paths = [tmp_path / f"{number}.png" for number in range(len(SHADES))]
    for path, shade in zip(paths, SHADES, strict=True):
        Image.new("RGB", (20, 16), shade).save(path)
    asked = [
        Question("Which?" * (place % 3 + 1), images=(path,)) for place, path in enumerate([*paths, paths[0]])
    ]
    asked += [
        Question("Which of <image> and <image>?", images=(paths[1], paths[0])),
        Question("Two and two?"),
        Question("Is it?", images=(paths[2],), choices=("yes", "no", "a red one")),
    ]
    decoding = DecodingConfig(max_new_tokens=6)
    alone = generator.generate(asked, decoding, batch_size=1)
    assert len({answer.text for answer in alone[:-1]}) > 2
    for size in (3, 100):
        answers = generator.generate(asked, decoding, batch_size=size)
        assert answers[:-1] == alone[:-1]
        assert answers[-1].likelihoods == pytest.approx(alone[-1].likelihoods, rel=1e-4)
    with pytest.raises(ConfigError, match="1 marks and 2 images"):
        generator.generate([Question("<image>?", images=(paths[0], paths[1]))])
