import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tokenizers import processors
from transformers import PreTrainedTokenizerFast

from geneverse_pl.data.prompts import PROMPT_FILE, Encoder, PromptTemplate, TemplateName
from geneverse_pl.exceptions import ConfigError

CONTEXT, QUESTION, ANSWER = "Disease: Marfan syndrome", "Has seizure?", "No"
ALPACA = (
    "Below is an instruction that describes a task. Write a response that appropriately completes the "
    "request.\n\n### Instruction:\n"
)
LLAMA2_CHAT = (
    "{% for m in messages %}"
    "{% if m['role'] == 'user' %}{{ bos_token + '[INST] ' + m['content'] + ' [/INST]' }}"
    "{% else %}{{ ' ' + m['content'] + ' ' + eos_token }}{% endif %}{% endfor %}"
)
THINKING = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' }}"
    "{% if m['role'] == 'assistant' %}{{ '<think>\n\n</think>\n\n' }}{% endif %}"
    "{{ m['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
REFUSES_SYSTEM = (
    "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "{{ m['content'] }}{% endfor %}"
)


def whole(encoder: Encoder, context: str = CONTEXT) -> list[int]:
    return encoder.prefix(context) + encoder.question(QUESTION, context) + encoder.answer(ANSWER)


@pytest.mark.parametrize(
    ("name", "system", "expected"),
    [
        ("plain", None, f"{CONTEXT}\n{QUESTION} No<|im_end|>"),
        ("plain", "Be brief.", f"Be brief.\n\n{CONTEXT}\n{QUESTION} No<|im_end|>"),
        ("alpaca", None, f"{ALPACA}{CONTEXT}\n{QUESTION}\n\n### Response:\nNo<|im_end|>"),
        ("alpaca", "Be brief.", f"Be brief.\n\n{ALPACA}{CONTEXT}\n{QUESTION}\n\n### Response:\nNo<|im_end|>"),
        ("llama2", None, f"[INST] {CONTEXT}\n{QUESTION} [/INST] No<|im_end|>"),
        (
            "llama2",
            "Be brief.",
            f"[INST] <<SYS>>\nBe brief.\n<</SYS>>\n\n{CONTEXT}\n{QUESTION} [/INST] No<|im_end|>",
        ),
        ("vicuna", None, f"USER: {CONTEXT}\n{QUESTION} ASSISTANT: No<|im_end|>"),
        ("vicuna", "Be brief.", f"Be brief. USER: {CONTEXT}\n{QUESTION} ASSISTANT: No<|im_end|>"),
        (
            "chat",
            None,
            f"<|im_start|>user\n{CONTEXT}\n{QUESTION}<|im_end|>\n<|im_start|>assistant\nNo<|im_end|>",
        ),
        (
            "chat",
            "Be brief.",
            "<|im_start|>system\nBe brief.<|im_end|>\n"
            f"<|im_start|>user\n{CONTEXT}\n{QUESTION}<|im_end|>\n<|im_start|>assistant\nNo<|im_end|>",
        ),
    ],
)
def test_a_whole_sample_as_text(
    name: TemplateName, system: str | None, expected: str, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate(name, system))
    ids = whole(encoder)
    assert tiny_tokenizer.decode(ids) == expected
    assert ids[-1] == tiny_tokenizer.eos_token_id
    assert ids.count(tiny_tokenizer.eos_token_id) == 1 + expected.count("<|im_end|>\n")
    # Without a context the question stands alone, without the line break before it.
    assert tiny_tokenizer.decode(whole(encoder, "")) == expected.replace(f"{CONTEXT}\n", "")


def test_the_chat_prompt_is_the_tokenizers_own(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate("chat", "Be brief."))
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": f"{CONTEXT}\n{QUESTION}"},
    ]
    prompt = tiny_tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert tiny_tokenizer.decode(encoder.prefix(CONTEXT) + encoder.question(QUESTION, CONTEXT)) == prompt


def test_many_texts_at_once_give_the_same_tokens(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate("vicuna"))
    texts = ["Yes", "", "Marfan syndrome; a longer text", "Yes"]
    assert encoder.answers(texts) == [encoder.answer(text) for text in texts]
    assert encoder.prefixes(texts) == [encoder.prefix(text) for text in texts]
    assert encoder.questions(texts, follow_context=True) == [encoder.question(text, "c") for text in texts]
    assert encoder.answers([]) == []


def test_padding_and_truncation_of_another_call_do_not_matter(
    tiny_tokenizer: PreTrainedTokenizerFast,
) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate("plain"))
    expected = encoder.answers(["Yes", "a much longer answer"])
    tiny_tokenizer(["a", "b c d"], padding="max_length", truncation=True, max_length=3)
    assert encoder.answers(["Yes", "a much longer answer"]) == expected


def test_the_first_token_of_a_text_comes_once(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    tiny_tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<|im_start|> $A", special_tokens=[("<|im_start|>", 1)]
    )
    encoder = Encoder(tiny_tokenizer, PromptTemplate("llama2"))
    assert (
        tiny_tokenizer.decode(whole(encoder))
        == f"<|im_start|>[INST] {CONTEXT}\n{QUESTION} [/INST] No<|im_end|>"
    )
    assert (
        tiny_tokenizer.decode(whole(Encoder(tiny_tokenizer, PromptTemplate("chat")))).count("<|im_start|>")
        == 2
    )


def test_blanks_round_the_answer_of_a_chat_template(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    tiny_tokenizer.chat_template = LLAMA2_CHAT
    encoder = Encoder(tiny_tokenizer, PromptTemplate("chat"))
    # The blank before the end token is no token that could stop generation, and is left out.
    assert (
        tiny_tokenizer.decode(whole(encoder))
        == f"<|im_start|>[INST] {CONTEXT}\n{QUESTION} [/INST] No<|im_end|>"
    )
    assert encoder.end_ids == [tiny_tokenizer.eos_token_id]
    assert encoder.parts.answer_lead == " "


def test_an_empty_thinking_block_is_not_put_before_the_answer(
    tiny_tokenizer: PreTrainedTokenizerFast,
) -> None:
    tiny_tokenizer.chat_template = THINKING
    encoder = Encoder(tiny_tokenizer, PromptTemplate("chat"))
    assert tiny_tokenizer.decode(whole(encoder)).endswith("<|im_start|>assistant\nNo<|im_end|>")


def test_an_end_of_ordinary_text_gives_way_to_the_end_token(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    tiny_tokenizer.chat_template = (
        "{% for m in messages %}{{ m['role'] + ': ' + m['content'] + '\n###' }}{% endfor %}"
    )
    assert Encoder(tiny_tokenizer, PromptTemplate("chat")).end_ids == [tiny_tokenizer.eos_token_id]


def test_generated_tokens_are_cut_at_the_end(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    encoder = Encoder(tiny_tokenizer, PromptTemplate("plain"))
    pads = [encoder.pad_id] * 2
    assert encoder.decode(encoder.answer("aortic root aneurysm") + pads) == "aortic root aneurysm"
    assert encoder.decode(encoder.answer("Yes") + encoder.answer("and more")) == "Yes"
    assert encoder.decode([]) == ""


def test_padding_falls_back_on_the_end_token(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    assert Encoder(tiny_tokenizer, PromptTemplate("plain")).pad_id == tiny_tokenizer.pad_token_id
    tiny_tokenizer.pad_token = None
    assert Encoder(tiny_tokenizer, PromptTemplate("plain")).pad_id == tiny_tokenizer.eos_token_id


def test_it_is_saved_with_an_adapter(tmp_path: Path) -> None:
    template = PromptTemplate("vicuna", "Kürze ist Würze.")
    template.save(tmp_path)
    assert PromptTemplate.load(tmp_path) == template
    assert json.loads((tmp_path / PROMPT_FILE).read_text()) == {
        "name": "vicuna",
        "system": "Kürze ist Würze.",
    }


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"name": "plain"}', "3"])
def test_a_damaged_template_file_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / PROMPT_FILE).write_text(content)
    with pytest.raises(
        ConfigError, match=r"prompt_template\.json must be a JSON object with name and system"
    ):
        PromptTemplate.load(tmp_path)


def test_a_missing_template_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"An adapter folder must hold prompt_template\.json"):
        PromptTemplate.load(tmp_path)


def test_an_unknown_template_is_refused() -> None:
    name: Any = "alpacca"
    with pytest.raises(ConfigError, match=r"Unknown template 'alpacca'\. Did you mean 'alpaca'\?"):
        PromptTemplate(name)


def lose_template(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.chat_template = None


def hide_answer(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.chat_template = "{{ messages[0]['content'] }}"


def shout(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.chat_template = "{% for m in messages %}{{ m['content'] | lower }}{% endfor %}"


def refuse_system(tokenizer: PreTrainedTokenizerFast) -> None:
    tokenizer.chat_template = REFUSES_SYSTEM


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lose_template, "needs a tokenizer with a chat template, and this one has none"),
        (hide_answer, "must show the user's text and the answer unchanged"),
        (shout, "must show the user's text and the answer unchanged"),
        (refuse_system, r"must take the messages, and it says: no system\. Leave out .*encoding\.system"),
    ],
)
def test_chat_templates_that_cannot_be_used(
    change: Callable[[PreTrainedTokenizerFast], None], message: str, tiny_tokenizer: PreTrainedTokenizerFast
) -> None:
    change(tiny_tokenizer)
    with pytest.raises(ConfigError, match=message):
        PromptTemplate("chat", "Be brief.").parts(tiny_tokenizer)


def test_a_tokenizer_without_an_end_is_refused(tiny_tokenizer: PreTrainedTokenizerFast) -> None:
    tiny_tokenizer.eos_token = None
    with pytest.raises(ConfigError, match="must have an end token"):
        Encoder(tiny_tokenizer, PromptTemplate("plain"))
