"""Small real parts that many tests share: a trained tokenizer and a random two-layer language model."""

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path

# Read when huggingface_hub is imported: no test reaches the network by accident.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Read when torch is imported: threads of models this small do nothing but wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import hypothesis
import pytest
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

# Speed is no matter of tests, and a loaded machine is slow at times.
hypothesis.settings.register_profile("untimed", deadline=None)
# The same examples each time, so that a check of a change does not fail over what the change did not touch.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "untimed"))

_CHATML = (
    "{% for message in messages %}"
    "{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_SENTENCES = (
    "Is seizure a phenotype of Dravet syndrome? Answer yes or no.\n\n1\n\n2\n\n3\n\n4\n\n5\n\n6\n\n7\n\n8",
    "Which phenotypes does the disease have? Arachnodactyly; ectopia lentis; aortic root aneurysm.",
    "The gene FBN1 is associated with the disease Marfan syndrome and with abnormal connective tissue.",
    "The disease is inherited in an autosomal dominant manner; the onset of the phenotype is in childhood.",
)


def _build_tokenizer() -> PreTrainedTokenizerFast:
    backend = Tokenizer(models.BPE())
    digits = pre_tokenizers.Digits(individual_digits=True)
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [digits, pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    backend.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(_SENTENCES, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        unk_token="<|endoftext|>",
        bos_token="<|im_start|>",
        eos_token="<|im_end|>",
        pad_token="<|pad|>",
        chat_template=_CHATML,
        model_max_length=512,
    )


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """Undoes what the command line does to the loggers, which ``caplog`` reads."""
    loggers = [logging.getLogger(name) for name in ("geneverse_pl", "datamodules")]
    before = [(list(one.handlers), one.level, one.propagate) for one in loggers]
    yield
    for one, (handlers, level, propagate) in zip(loggers, before, strict=True):
        one.handlers, one.propagate = handlers, propagate
        one.setLevel(level)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests share a cache of their own and never touch the user's."""
    monkeypatch.setenv("GENEVERSE_CACHE", str(tmp_path_factory.getbasetemp() / "geneverse-cache"))


@pytest.fixture(autouse=True)
def _own_randomness() -> None:
    """Each test draws the same numbers, whatever ran before it: a training of a few steps hangs on them."""
    torch.manual_seed(0)


@pytest.fixture(scope="session")
def make_tiny_tokenizer() -> Callable[[], PreTrainedTokenizerFast]:
    """Builds a new tokenizer at each call, for fixtures that live longer than a test."""
    return _build_tokenizer


@pytest.fixture
def tiny_tokenizer() -> PreTrainedTokenizerFast:
    """Byte-level BPE of 300 tokens with a ChatML template; ``<|im_end|>`` ends, ``<|pad|>`` pads."""
    return _build_tokenizer()


@pytest.fixture(scope="session")
def tiny_model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a random two-layer Llama (width 32, 4 heads, 2 of them for keys) and the tiny tokenizer."""
    folder = tmp_path_factory.mktemp("models") / "tiny-llama"
    tokenizer = _build_tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=512,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = LlamaForCausalLM(config)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder
