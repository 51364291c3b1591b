from pathlib import Path
from typing import Any, get_args

import pytest

from geneverse_pl.data.encoded import IMAGE_TOKEN
from geneverse_pl.data.prompt_texts import PromptText, prompt_text
from geneverse_pl.data.prompts import Encoder, PromptTemplate, TemplateName
from geneverse_pl.data.records import Sample
from geneverse_pl.data.tokenization import SampleEncoder

CONTEXT, QUESTION = "Disease: Marfan syndrome", "Has seizure?"


@pytest.mark.parametrize("template", get_args(TemplateName))
@pytest.mark.parametrize("context", [CONTEXT, ""])
@pytest.mark.parametrize("on_prompt", [False, True])
def test_words_of_a_prompt_come_back(
    tiny_tokenizer: Any, template: TemplateName, context: str, on_prompt: bool
) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate(template, "Be brief."))
    samples = SampleEncoder(encoder, 2048, train_on_prompt=on_prompt).encode(
        [Sample(QUESTION, "No", context)]
    )
    assert prompt_text(next(iter(samples)), encoder) == PromptText(context, QUESTION)


def test_each_picture_is_a_mark(tiny_tokenizer: Any, tmp_path: Path) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate("plain"), [IMAGE_TOKEN] * 3)
    sample = Sample("<image> or <image>?", "No", "<image>\nTissue", images=(tmp_path,) * 3)
    encoded = next(iter(SampleEncoder(encoder, 100, add_image=lambda _: 0).encode([sample])))
    assert prompt_text(encoded, encoder) == PromptText("<image>\nTissue", "<image> or <image>?")
