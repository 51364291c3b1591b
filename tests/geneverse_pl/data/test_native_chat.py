"""Chat templates of vision-language models: written for messages in parts, or kept with the processor."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from geneverse_pl.data.native_images import NativeProcessor
from geneverse_pl.data.prompts import PromptTemplate
from geneverse_pl.exceptions import ConfigError
from tests.geneverse_pl.models.tiny_vision_language import write_idefics3
from tests.geneverse_pl.tasks.conftest import ColourDataModule, colour_data


@pytest.fixture
def folder(tmp_path: Path, make_tiny_tokenizer: Callable[[], PreTrainedTokenizerFast]) -> Path:
    """Folder of a model whose template takes messages in parts alone."""
    write_idefics3(tmp_path / "model", make_tiny_tokenizer())
    return tmp_path / "model"


def test_templates_of_parts_give_the_texts_around_a_question(folder: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    parts = PromptTemplate("chat").parts(tokenizer)
    assert parts.head == "<|im_start|>user\n"
    assert parts.tail == "<|im_end|>\n<|im_start|>assistant\n"
    assert parts.end.strip() == "<|im_end|>"
    with_system = PromptTemplate("chat", "Be brief.").parts(tokenizer)
    assert with_system.head == "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\n"


def test_a_template_that_shows_no_text_is_refused(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    tiny_tokenizer.chat_template = "{% for message in messages %}{{ message['role'] }}{% endfor %}"
    with pytest.raises(ConfigError, match="must show the user's text and the answer unchanged"):
        PromptTemplate("chat").parts(tiny_tokenizer)


def test_the_processors_template_serves_where_the_tokenizer_has_none(folder: Path, tmp_path: Path) -> None:
    # As in folders of older releases.
    template = (folder / "chat_template.jinja").read_text()
    (folder / "chat_template.jinja").unlink()
    (folder / "chat_template.json").write_text(json.dumps({"chat_template": template}))
    assert AutoTokenizer.from_pretrained(folder).chat_template is None

    data: ColourDataModule = colour_data(tmp_path / "cache", packing=False)
    data.encoding.template = "chat"
    data.use_model(str(folder))
    with pytest.raises(ConfigError, match="needs a tokenizer with a chat template"):
        _ = data.encoder.parts
    data.use_vision(processor=NativeProcessor(folder, 16))
    assert data.encoder.parts.head == "<|im_start|>user\n"
    assert data.tokenizer.chat_template == template
