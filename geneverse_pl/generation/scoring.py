"""Likelihood of answers, and of every answer of a closed list."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch

from geneverse_pl.data.collate import Batch, pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample, answer_start
from geneverse_pl.data.packing import RowPacker
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.attention import shares_prefixes
from geneverse_pl.models.language_model import LanguageModel
from geneverse_pl.models.losses import target_nll

_ROW_LENGTH = {"cpu": 512}  # of a packed row; on a CPU the mask of a longer one costs more than it saves
_OTHER_ROW_LENGTH = 1024
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


def choice_ids(sample: EncodedSample, encoder: Encoder) -> list[list[int]]:
    """Tokens of each choice of a sample; empty for free text.

    The end token is left out, unless one choice goes on where another ends ("X-linked", "X-linked
    recessive"): without its end the shorter would be the likelier one by definition.

    Raises:
        ValueError: If the choices are no list of texts.
    """
    choices = sample.metadata.get("choices") or []
    if not isinstance(choices, list):
        raise ValueError(f"choices of a sample must be a list, got {choices!r}.")
    ended = encoder.answers([str(choice) for choice in choices])
    ids = [choice[: -len(encoder.end_ids)] for choice in ended]
    if not all(ids):
        raise ValueError(f"Every choice of a sample must have a token, got {choices!r}.")
    return ended if _one_continues_another(ids) else ids


def _one_continues_another(choices: Sequence[list[int]]) -> bool:
    ordered = sorted(choices)  # what continues a list comes right after it, or after its other continuations
    return any(later[: len(first)] == first for first, later in pairwise(ordered))


#: Log-likelihoods of the choices of questions that were asked before, by what was asked.
KnownChoices = dict[Hashable, tuple[float, ...]]


@torch.inference_mode()
def score_answers(
    model: LanguageModel,
    samples: Sequence[EncodedSample],
    encoder: Encoder,
    device: torch.device,
    known: KnownChoices | None = None,
) -> list[AnswerScore]:
    """Scores the true answer and, where there is a closed list, every choice of each sample.

    Prompts that share a context are computed once a row, and samples that are alike (blank pictures make many
    so) once at all. Choices that are single tokens cost nothing: the state that predicts the true answer's
    first token predicts them all. Longer ones continue the prompt as segments of their own.

    Samples that ask the same have the same likelihoods of their choices to the last bit, whatever their true
    answers are. They stand in rows of different lengths, and a ranking would tell their roundings apart.

    Args:
        model: The model, in evaluation mode.
        samples: Encoded samples with answers.
        encoder: Tokenizer and template the samples were encoded with.
        device: Where to compute.
        known: What the model was asked before, which is added to; None to compare within the samples alone.

    Returns:
        One score a sample, in order.

    Raises:
        ConfigError: If a likelihood is not a number.
    """
    keys = [_likeness(sample) for sample in samples]
    of_key = dict(zip(keys, samples, strict=True))
    distinct = list(of_key.values())
    choices = [choice_ids(sample, encoder) for sample in distinct]
    scores = _first_pass(model, distinct, choices, encoder.pad_id, device)
    if any(np.isnan(score.nll) for score in scores):
        raise ConfigError(
            "The model's likelihoods must be numbers, and some are NaN: its training has diverged, or its "
            "weights are damaged. Train again with a lower optimizer.lr, or trainer.gradient_clip_val, or in "
            "another trainer.precision."
        )
    for (index, number), value in _long_choices(model, distinct, choices, encoder.pad_id, device).items():
        own = scores[index].choices
        values = (*own[:number], value, *own[number + 1 :])
        scores[index] = replace(scores[index], choices=values)
    known = {} if known is None else known
    for index, sample in enumerate(distinct):
        scores[index] = replace(
            scores[index], choices=known.setdefault(_question(sample), scores[index].choices)
        )
    score_of = dict(zip(of_key, scores, strict=True))
    return [score_of[key] for key in keys]


@torch.inference_mode()
def choice_likelihoods(
    model: LanguageModel, samples: Sequence[EncodedSample], encoder: Encoder, device: torch.device
) -> list[tuple[float, ...]]:
    """Log-likelihood of every choice of each sample, whose own answer does not count.

    A prompt is computed once for all its choices where the model can share a row (see
    ``geneverse_pl.models.attention``), and once for several questions with one context where their choices
    are single tokens.

    Args:
        model: The model, in evaluation mode.
        samples: Encoded samples with choices.
        encoder: Tokenizer and template the samples were encoded with.
        device: Where to compute.

    Returns:
        For each sample, in order, one value <= 0 a choice, as :func:`score_answers` gives them.
    """
    choices = [choice_ids(sample, encoder) for sample in samples]
    single = [i for i, own in enumerate(choices) if all(len(ids) == 1 for ids in own)]
    longer = [(i, k) for i in sorted(set(range(len(samples))) - set(single)) for k in range(len(choices[i]))]
    asked = []
    for i in single:
        prefix_length, group = samples[i].prefix_length, samples[i].prefix_group
        item = _with_choice(samples[i], choices[i][0], group)
        asked.append(replace(item, prefix_length=prefix_length))
    first = _first_pass(model, asked, [choices[i] for i in single], encoder.pad_id, device)
    found = {i: score.choices for i, score in zip(single, first, strict=True)}
    whole = _whole_choices(model, samples, choices, longer, encoder.pad_id, device)
    for index, number in longer:
        found[index] = (*found.get(index, ()), whole[index, number])
    return [found[index] for index in range(len(samples))]


def _likeness(sample: EncodedSample) -> Hashable:
    """Equal for samples that get equal scores."""
    return sample.input_ids.tobytes(), sample.images.tobytes(), answer_start(sample), _choices(sample)


def _question(sample: EncodedSample) -> Hashable:
    """Equal for samples that ask the same, whatever is true."""
    start = answer_start(sample)
    images = sample.images_between(0, start)
    return sample.input_ids[:start].tobytes(), images.tobytes(), _choices(sample)


def _choices(sample: EncodedSample) -> tuple[str, ...]:
    choices = sample.metadata.get("choices")
    return tuple(map(str, choices)) if isinstance(choices, list) else ()


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
    pad_id: int,
    device: torch.device,
) -> dict[tuple[int, int], float]:
    """Log-likelihood of each choice of several tokens, by the numbers of its sample and of the choice."""
    longer = [
        (index, number) for index, own in enumerate(choices) for number, ids in enumerate(own) if len(ids) > 1
    ]
    return _whole_choices(model, samples, choices, longer, pad_id, device)


def _whole_choices(
    model: LanguageModel,
    samples: Sequence[EncodedSample],
    choices: list[list[list[int]]],
    longer: Sequence[tuple[int, int]],
    pad_id: int,
    device: torch.device,
) -> dict[tuple[int, int], float]:
    """Log-likelihood of choices token by token, those of one sample after one prompt."""
    items = [_with_choice(samples[index], choices[index][number], index) for index, number in longer]
    scores = np.zeros(len(items))
    for row, batch in _batches(model, items, pad_id, device):
        nll = model.target_nll(batch).double().cpu().numpy()
        scores[row] = -np.bincount(batch["target_sample"].cpu().numpy(), nll, len(row))
    return dict(zip(longer, scores.tolist(), strict=True))


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
    length = _ROW_LENGTH.get(device.type, _OTHER_ROW_LENGTH)
    for row in _rows(items, length, share_prefix=share):
        packed = pack_collate([[items[i] for i in row]], pad_id, share_prefix=share)
        yield row, _on_device(packed, device)


def _rows(items: Sequence[EncodedSample], row_length: int, *, share_prefix: bool) -> list[list[int]]:
    """Items packed into rows, contexts kept together."""
    if not items:
        return []
    lengths = np.array([len(item) for item in items], np.int64)
    packer = RowPacker(
        lengths,
        max(row_length, int(lengths.max())),
        prefix_lengths=np.array([item.prefix_length for item in items], np.int64) if share_prefix else None,
        prefix_groups=np.array([item.prefix_group for item in items], np.int64) if share_prefix else None,
    )
    rows = packer.pack(None)
    return [rows[number].tolist() for number in range(len(rows))]


def _on_device(batch: Batch, device: torch.device) -> Batch:
    return {k: v.to(device) if isinstance(v, torch.Tensor) else v for k, v in batch.items()}
