"""A conversation's tokens are those of the chat template over all its messages."""

from typing import Any

import pytest
from transformers import PreTrainedTokenizerFast

from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.generation.dialogue import Dialogue


def conversation(tokenizer: PreTrainedTokenizerFast, name: Any, length: int | None = None) -> Dialogue:
    return Dialogue(Encoder(tokenizer, PromptTemplate(name, "Be brief.")), length, 8)


def ids_of(tokenizer: PreTrainedTokenizerFast, text: str) -> tuple[int, ...]:
    return tuple(tokenizer(text, add_special_tokens=False).input_ids)


def test_turns_are_those_of_the_chat_template(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    talk = conversation(tiny_tokenizer, "chat")
    messages = [{"role": "system", "content": "Be brief."}]
    for asked, said in (("Which gene?", "FBN1"), ("And the disease?", "Marfan syndrome"), ("Why?", "")):
        messages.append({"role": "user", "content": asked})
        expected = tiny_tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
        prompt = talk.ask(asked)
        assert tiny_tokenizer.decode(prompt.input_ids) == expected
        talk.answered(ids_of(tiny_tokenizer, said))
        messages.append({"role": "assistant", "content": said})
    assert (talk.has_turns, talk.num_turns) == (True, 3)
    talk.reset()
    alone = talk.ask("Which gene?").input_ids.tolist()
    assert alone == conversation(tiny_tokenizer, "chat").ask("Which gene?").input_ids.tolist()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("vicuna", "Be brief. USER: A? ASSISTANT:b<|im_end|>USER: C? ASSISTANT:"),
        ("llama2", "[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\nA? [/INST]b<|im_end|>[INST] C? [/INST]"),
        ("plain", "Be brief.\n\nC?"),
        ("alpaca", "C?\n\n### Response:\n"),
    ],
)
def test_fixed_templates(name: str, text: str, tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    talk = conversation(tiny_tokenizer, name)
    talk.ask("A?")
    talk.answered(ids_of(tiny_tokenizer, "b"))
    shown = tiny_tokenizer.decode(talk.ask("C?").input_ids)
    assert talk.has_turns == (name in ("vicuna", "llama2"))
    assert shown.endswith(text)
    assert ("A?" in shown) == talk.has_turns


def test_the_oldest_turns_are_lost_first(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    talk = conversation(tiny_tokenizer, "chat", 128)
    for number in range(12):
        prompt = talk.ask(f"Question {number}?")
        assert len(prompt) <= 120
        talk.answered(ids_of(tiny_tokenizer, f"Answer {number}"))
    text = tiny_tokenizer.decode(prompt.input_ids)
    assert text.startswith("<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nQuestion ")
    assert "Answer 10" in text
    assert "Answer 0" not in text
    assert 0 < talk.num_turns < 12
    with pytest.raises(ConfigError, match="must leave room for its answer: at most 120 tokens"):
        talk.ask("long " * 200)
    encoder = Encoder(tiny_tokenizer, PromptTemplate("chat"))
    with pytest.raises(ConfigError, match="max_new_tokens must leave room for a question in the model's 8 t"):
        Dialogue(encoder, 8, 8)


def test_images_need_a_model_that_reads_them(tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Any) -> None:
    with pytest.raises(ConfigError, match="reads text alone"):
        conversation(tiny_tokenizer, "chat").ask("A?", [tmp_path / "a.png"])
