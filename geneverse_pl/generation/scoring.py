"""Likelihood of answers, and of every answer of a closed list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from geneverse_pl.data.collate import Batch, pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.packing import RowPacker
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.models.attention import shares_prefixes
from geneverse_pl.models.language_model import LanguageModel
from geneverse_pl.models.losses import target_nll

_ROW_LENGTH = 1024
_PADDED_ROWS = 16


@dataclass(frozen=True)
class AnswerScore:
    """How likely a model finds the answers to one question.

    Args:
        nll: Negative log-likelihood of the true answer with its end token, >= 0.
        num_tokens: Tokens of that answer.
        choices: Log-likelihood of each choice, <= 0, without the end token; empty for free text.
    """

    nll: float
    num_tokens: int
    choices: tuple[float, ...] = ()


def answer_start(sample: EncodedSample) -> int:
    """Number of tokens before the answer.

    Raises:
        ValueError: If the sample does not say where its answer begins.
    """
    start = sample.metadata.get("answer_start")
    if isinstance(start, int):
        return start
    trained = np.flatnonzero(sample.trained)
    if not len(trained):
        raise ValueError("A scored sample must have an answer, and this one has no trained token.")
    return int(trained[0])


def choice_ids(sample: EncodedSample, encoder: Encoder) -> list[list[int]]:
    """Tokens of each choice of a sample, without the end token; empty for free text.

    Raises:
        ValueError: If the choices are no list of texts.
    """
    choices = sample.metadata.get("choices") or []
    if not isinstance(choices, list):
        raise ValueError(f"choices of a sample must be a list, got {choices!r}.")
    ids = [encoder.answer(str(choice))[: -len(encoder.end_ids)] for choice in choices]
    if not all(ids):
        raise ValueError(f"Every choice of a sample must have a token, got {choices!r}.")
    return ids


@torch.inference_mode()
def score_answers(
    model: LanguageModel, samples: Sequence[EncodedSample], encoder: Encoder, device: torch.device
) -> list[AnswerScore]:
    """Scores the true answer and, where there is a closed list, every choice of each sample.

    Prompts that share a context are computed once a row. Choices that are single tokens cost nothing: the
    state that predicts the true answer's first token predicts them all. Longer ones continue the prompt
    as segments of their own.

    Args:
        model: The model, in evaluation mode.
        samples: Encoded samples with answers.
        encoder: Tokenizer and template the samples were encoded with.
        device: Where to compute.

    Returns:
        One score a sample, in order.
    """
    choices = [choice_ids(sample, encoder) for sample in samples]
    scores = _first_pass(model, samples, choices, encoder.pad_id, device)
    longer = [i for i, ids in enumerate(choices) if any(len(choice) > 1 for choice in ids)]
    for index, values in zip(
        longer, _long_choices(model, samples, choices, longer, encoder.pad_id, device), strict=True
    ):
        scores[index] = AnswerScore(scores[index].nll, scores[index].num_tokens, values)
    return scores


def _first_pass(
    model: LanguageModel,
    samples: Sequence[EncodedSample],
    choices: list[list[list[int]]],
    pad_id: int,
    device: torch.device,
) -> list[AnswerScore]:
    items = [_answer_only(sample) for sample in samples]
    scores: list[AnswerScore] = [AnswerScore(0.0, 0)] * len(items)
    for row, batch in _batches(model, items, pad_id, device):
        hidden = model.hidden_states(batch)[batch["target_positions"]]
        nll = (
            target_nll(hidden, batch["target_ids"], model.logits, model.loss_chunk_size)
            .double()
            .cpu()
            .numpy()
        )
        owner = batch["target_sample"].cpu().numpy()
        sums, counts = np.bincount(owner, nll, len(row)), np.bincount(owner, minlength=len(row))
        numbers, first = np.unique(owner, return_index=True)
        log_p = torch.log_softmax(model.logits(hidden[first]).float(), dim=-1).cpu().numpy()
        for number, logs in zip(numbers.tolist(), log_p, strict=True):
            values = tuple(float(logs[choice[0]]) for choice in choices[row[number]])
            scores[row[number]] = AnswerScore(float(sums[number]), int(counts[number]), values)
    return scores


def _long_choices(
    model: LanguageModel,
    samples: Sequence[EncodedSample],
    choices: list[list[list[int]]],
    chosen: list[int],
    pad_id: int,
    device: torch.device,
) -> list[tuple[float, ...]]:
    items = [_with_choice(samples[i], ids, number) for number, i in enumerate(chosen) for ids in choices[i]]
    scores = np.zeros(len(items))
    for row, batch in _batches(model, items, pad_id, device):
        nll = model.target_nll(batch).double().cpu().numpy()
        scores[row] = -np.bincount(batch["target_sample"].cpu().numpy(), nll, len(row))
    ends = np.cumsum([len(choices[i]) for i in chosen]).tolist()
    return [tuple(scores[end - len(choices[i]) : end].tolist()) for i, end in zip(chosen, ends, strict=True)]


def _answer_only(sample: EncodedSample) -> EncodedSample:
    """The sample with its answer alone marked, whatever it was trained on."""
    trained = np.arange(len(sample)) >= answer_start(sample)
    return replace(sample, trained=trained, metadata={})


def _with_choice(sample: EncodedSample, ids: list[int], group: int) -> EncodedSample:
    start = answer_start(sample)
    tokens = np.concatenate([sample.input_ids[:start], np.asarray(ids, np.int32)])
    images = sample.images_between(0, start)
    return EncodedSample(tokens, np.arange(len(tokens)) >= start, start, group, images=images)


def _batches(
    model: LanguageModel, items: Sequence[EncodedSample], pad_id: int, device: torch.device
) -> Iterator[tuple[list[int], Batch]]:
    """Each batch with the numbers of its items: a packed row, or padded rows where a model cannot pack."""
    if model.packing_obstacle is not None:
        order = sorted(range(len(items)), key=lambda i: len(items[i]))
        for start in range(0, len(order), _PADDED_ROWS):
            chosen = order[start : start + _PADDED_ROWS]
            yield chosen, _on_device(pad_collate([items[i] for i in chosen], pad_id), device)
        return
    share = shares_prefixes(model.base)
    for row in _rows(items, share_prefix=share):
        packed = pack_collate([[items[i] for i in row]], pad_id, share_prefix=share)
        yield row, _on_device(packed, device)


def _rows(items: Sequence[EncodedSample], *, share_prefix: bool) -> list[list[int]]:
    """Items packed into rows, contexts kept together."""
    if not items:
        return []
    lengths = np.array([len(item) for item in items], np.int64)
    packer = RowPacker(
        lengths,
        max(_ROW_LENGTH, int(lengths.max())),
        prefix_lengths=np.array([item.prefix_length for item in items], np.int64) if share_prefix else None,
        prefix_groups=np.array([item.prefix_group for item in items], np.int64) if share_prefix else None,
    )
    rows = packer.pack(None)
    return [rows[number].tolist() for number in range(len(rows))]


def _on_device(batch: Batch, device: torch.device) -> Batch:
    return {k: v.to(device) if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
