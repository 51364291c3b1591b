"""Passages in the context of questions: for answers, for tests and for training."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from random import Random

from geneverse_pl import retrieval as retrieval_package
from geneverse_pl.data.blocks import samples_digest
from geneverse_pl.data.prompts import Encoder
from geneverse_pl.data.records import IMAGE_MARK, Sample
from geneverse_pl.data.store import file_digest, store_key
from geneverse_pl.retrieval.block import PassageWriter
from geneverse_pl.retrieval.config import RetrievalConfig, TrainingRetrieval
from geneverse_pl.retrieval.index import index_digest
from geneverse_pl.retrieval.retriever import Found, Retriever

logger = logging.getLogger(__name__)


class PassageContext:
    """Puts the passages that are found for a question before its context.

    Question, context and answer are never cut for passages: these get the room that is left.

    Args:
        config: What is looked up, and how much of it is shown.
        encoder: Tokenizer and template of the prompts.
        room: Most tokens of a prompt with its answer; None where there is no limit.
        retriever: The opened index; None opens it.

    Raises:
        ConfigError: If a value is out of range, the index lacks a method, or bm25s is not installed.
        DataFormatError: If the index is none, of another version, or damaged.
    """

    def __init__(
        self,
        config: RetrievalConfig,
        encoder: Encoder,
        room: int | None = None,
        retriever: Retriever | None = None,
    ) -> None:
        config.check()
        self.config = config
        self.retriever = retriever or Retriever.load(config.index)
        self.retriever.chosen_methods(config.methods)
        self._encoder = encoder
        self._room = room
        tokenizer = encoder.tokenizer
        self._writer = PassageWriter(lambda text: len(tokenizer(text, add_special_tokens=False).input_ids))

    def add(
        self, question: str, context: str = "", answer: str | None = None, exclude: Iterable[str] = ()
    ) -> tuple[str, list[Found]]:
        """The context of a question with passages, and which they are, in the order of their numbers.

        Args:
            question: The question.
            context: Text before it.
            answer: An answer that must have room too.
            exclude: Names and identifiers; no passage that has one of them is shown.
        """
        found = self.search(question, context, exclude)
        return self.written(found, question, context, answer)

    def search(self, question: str, context: str = "", exclude: Iterable[str] = ()) -> list[Found]:
        """The passages that are found for a question, best first.

        Args:
            question: The question.
            context: Text before it.
            exclude: Names and identifiers; no passage that has one of them is given.
        """
        return self.retriever.search(
            asked(question, context), self.config.top_k, methods=self.config.methods, exclude=exclude
        )

    def written(
        self, found: list[Found], question: str, context: str = "", answer: str | None = None
    ) -> tuple[str, list[Found]]:
        """The context of a question with given passages, and those of them that have room.

        Args:
            found: The passages.
            question: The question.
            context: Text before it.
            answer: An answer that must have room too.
        """
        passages = [
            replace(one.passage, title=_unmarked(one.passage.title), text=_unmarked(one.passage.text))
            for one in found
        ]
        budget = self.config.max_tokens
        if self._room is not None:
            budget = min(budget, self._room - self._length(context, question, answer))
        while budget > 0:
            block, shown = self._writer.write(passages, budget)
            if not shown:
                break
            whole = f"{block}\n\n{context}" if context else block
            over = 0 if self._room is None else self._length(whole, question, answer) - self._room
            if over <= 0:
                return whole, [found[place] for place in shown]
            budget -= over
        return context, []

    def _length(self, context: str, question: str, answer: str | None) -> int:
        """Tokens of a prompt, with its answer if it has one."""
        encoder = self._encoder
        prompt = len(encoder.prefix(context)) + len(encoder.question(question, context))
        return prompt + (0 if answer is None else len(encoder.answer(answer)))

    def sample(self, sample: Sample) -> Sample:
        """A sample of a test with its passages.

        Args:
            sample: The sample; its metadata may name its ``subject``.
        """
        exclude = subjects(sample) if self.config.exclude_subject else ()
        context, _ = self.add(sample.question, sample.context, sample.answer, exclude)
        return replace(sample, context=context)


def asked(question: str, context: str) -> str:
    """What passages are looked up for.

    Args:
        question: The question.
        context: Text before it.
    """
    return _unmarked(f"{context}\n{question}" if context else question)


def subjects(sample: Sample) -> list[str]:
    """Id and name of what a sample asks about, as far as its metadata tell.

    Args:
        sample: The sample.
    """
    values = (sample.metadata.get(name) for name in ("subject", "subject_name"))
    return [str(value) for value in values if value]


def _unmarked(text: str) -> str:
    return text.replace(IMAGE_MARK, " ")


class TrainingPassages:
    """Samples with passages, for training.

    A share of the samples gets passages on other subjects only: what search finds when everything that the
    question names, and its subject, is left out; passages at random where that is too little. Whose turn it
    is follows from the seed and the sample alone.

    Args:
        samples: The samples; read anew each time where they can be.
        passages: Finds and writes passages.
        config: How often passages are on other subjects.
        seed: Seed of the draws.
    """

    def __init__(
        self, samples: Iterable[Sample], passages: PassageContext, config: TrainingRetrieval, seed: int
    ) -> None:
        self._samples = samples
        self._passages = passages
        self._config = config
        self._seed = seed

    def __iter__(self) -> Iterator[Sample]:
        return map(self._augmented, self._samples)

    def _augmented(self, sample: Sample) -> Sample:
        # A text is hashed the same way in every process.
        rng = Random(f"{self._seed}/retrieval/{samples_digest([sample])}")
        found = self._distractors(sample, rng) if rng.random() < self._config.drop else self._found(sample)
        context, shown = self._passages.written(found, sample.question, sample.context, sample.answer)
        told = {"passages": [one.passage.id for one in shown]}
        return replace(sample, context=context, metadata={**sample.metadata, **told})

    def _found(self, sample: Sample) -> list[Found]:
        exclude = subjects(sample) if self._config.exclude_subject else ()
        return self._passages.search(sample.question, sample.context, exclude)

    def _distractors(self, sample: Sample, rng: Random) -> list[Found]:
        retriever, k = self._passages.retriever, self._config.top_k
        text = asked(sample.question, sample.context)
        exclude = [*subjects(sample), *retriever.named(text)]
        others = [one for one in self._config.methods or retriever.methods if one != "name"]
        found = retriever.search(text, k, methods=others, exclude=exclude)
        if len(found) < k:
            known = [*exclude, *(one.passage.id for one in found)]
            found += retriever.draw(rng, k - len(found), known)
        return found


def with_passages(
    samples: Mapping[str, Iterable[Sample]],
    config: TrainingRetrieval,
    encoder: Encoder,
    max_length: int,
    seed: int,
    splits: Iterable[str],
) -> Mapping[str, Iterable[Sample]]:
    """The samples of each split, those of some splits with passages.

    Args:
        samples: Samples by split.
        config: What is looked up.
        encoder: Tokenizer and template.
        max_length: Most tokens of a sample.
        seed: Seed of the draws.
        splits: The splits that get passages.
    """
    passages = PassageContext(config, encoder, max_length)
    chosen = set(splits)
    return {
        split: TrainingPassages(own, passages, config, seed) if split in chosen else own
        for split, own in samples.items()
    }


def retrieval_provenance(config: TrainingRetrieval) -> dict[str, object]:
    """What decides which passages samples get: the index by its contents, the settings, and the code.

    Args:
        config: What is looked up.

    Raises:
        DataFormatError: If there is no index.
    """
    code = sorted(Path(str(retrieval_package.__file__)).parent.glob("*.py"))
    return {
        "index": index_digest(Path(config.index)),
        "settings": [config.top_k, config.max_tokens, config.exclude_subject, config.drop, config.methods],
        "code": store_key({"files": [file_digest(path) for path in code]}),
    }
