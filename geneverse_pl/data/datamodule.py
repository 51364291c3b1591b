"""Base of the data modules: from samples to the store, and from the store to batches."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, astuple
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightning as L
from torch.utils.data import DataLoader

from geneverse_pl import __version__
from geneverse_pl.data.block_map import BlockMapper, LocalBlocks, check_not_in_worker
from geneverse_pl.data.collate import pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample, SampleBatch
from geneverse_pl.data.fetch import RemoteFile, check_present
from geneverse_pl.data.garbage import rare_collections
from geneverse_pl.data.mixture_draw import split_mixture
from geneverse_pl.data.pairs import KNOWN_PAIRS, PairEncoder
from geneverse_pl.data.planned_sampler import PlannedBatchSampler
from geneverse_pl.data.preparation import encode_splits
from geneverse_pl.data.prompts import Encoder, PromptTemplate
from geneverse_pl.data.provenance import code_digest, tokenizer_digest
from geneverse_pl.data.records import Sample
from geneverse_pl.data.retrieved import retrieval_provenance, with_passages
from geneverse_pl.data.sampler import PackedBatchSampler, TokenBudgetBatchSampler
from geneverse_pl.data.settings import BatchingConfig, EncodingConfig
from geneverse_pl.data.splits import (
    HELD_OUT,
    MEMORISED,
    SPLITS,
    TRAIN,
    VAL,
    batched_splits,
    split_with_samples,
)
from geneverse_pl.data.store import StoreDraft, TokenSplit, TokenStore, build_once, file_digest, store_key
from geneverse_pl.data.tokenization import SampleEncoder
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.cache import cache_directory

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

__all__ = [
    "COUNTS",
    "HELD_OUT",
    "MEMORISED",
    "SPLITS",
    "TRAIN",
    "VAL",
    "BatchingConfig",
    "EncodingConfig",
    "TextDataModule",
]

logger = logging.getLogger(__name__)

COUNTS = "counts"  # name of the document with an EncodingCounts a split
_SAMPLER_STATE = "sampler"
_TEST_BATCH = 128


class TextDataModule(L.LightningDataModule):
    """Base of the data modules for text.

    A subclass names its source files, gives the options that determine its samples, and yields the samples
    of each split (``train``, ``val``, ``held_out``, ``memorised``). The rest is done here: they are encoded
    once into an HDF5 store named by a hash of all that determines it, and read back as batches.

    Args:
        encoding: How samples become tokens.
        batching: How samples become batches.
        seed: Seed of splits, questions and batches, >= 0.
        cache_dir: Folder of the prepared stores; None takes the user's cache.

    Raises:
        ConfigError: If the prompt template is unknown or a value out of range.
    """

    has_knowledge = False
    provided_fields: frozenset[str] = frozenset(
        {"input_ids", "attention_mask", "position_ids", "labels", "target_positions", "target_ids"}
    )

    def __init__(
        self,
        encoding: EncodingConfig | None = None,
        batching: BatchingConfig | None = None,
        seed: int = 0,
        cache_dir: Path | None = None,
    ) -> None:
        super().__init__()
        self.encoding = encoding or EncodingConfig()
        self.batching = batching or BatchingConfig()
        self.seed = seed
        self.cache_dir = cache_dir
        self.block_mapper: BlockMapper | None = None  # encodes in place of processes of this machine
        self._model_reference: str | None = None
        self._new_tokens: Mapping[str, str] = {}
        self._train_sampler: PlannedBatchSampler[Any] | None = None
        self._resume_state: Mapping[str, int] | None = None
        _ = self.template  # an unknown one is refused before anything is loaded
        self.encoding.check()
        self.batching.check()
        if seed < 0:
            raise ConfigError(f"seed must be >= 0, got {seed}. Choose another seed.")

    # --- what a subclass gives ---

    @abstractmethod
    def source_files(self) -> list[Path]:
        """Files that the samples are made from; their digests are part of the store's name."""

    @abstractmethod
    def options(self) -> Mapping[str, object]:
        """Settings that determine the samples; JSON-able, part of the store's name."""

    @abstractmethod
    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        """The samples of each split; called once, and each iterable is read once, in the order given."""

    def documents(self) -> Mapping[str, Any]:
        """JSON-able values kept in the store beside the samples (relation tables for controls)."""
        return {}

    def download_files(self) -> Sequence[RemoteFile]:
        """Source files that ``prepare --download`` can fetch; all must be there to prepare."""
        return ()

    # --- tokenizer and template ---

    def use_model(self, reference: str, new_tokens: Mapping[str, str] | None = None) -> None:
        """Takes the tokenizer of this model, unless one is configured.

        Args:
            reference: Model reference.
            new_tokens: Tokens to add, with their descriptions.
        """
        self._model_reference = reference
        self._new_tokens = dict(new_tokens or {})
        for name in ("tokenizer", "encoder", "store_path", "_provenance"):
            self.__dict__.pop(name, None)

    def follow(self, task: object) -> None:
        """Takes the model of a task; the data module may have served another one before.

        Args:
            task: The task; one without a model changes nothing.
        """
        reference = getattr(task, "model_reference", None)
        new_tokens = dict(getattr(task, "new_tokens", None) or {})
        if reference is not None and (reference, new_tokens) != (self._model_reference, self._new_tokens):
            self.use_model(reference, new_tokens)

    @property
    def template(self) -> PromptTemplate:
        """The prompt template."""
        return PromptTemplate(self.encoding.template, self.encoding.system)

    @cached_property
    def tokenizer(self) -> "PreTrainedTokenizerBase":
        """The tokenizer, with the new tokens added; its files alone are loaded, never weights."""
        from transformers import AutoTokenizer

        from geneverse_pl.models.references import resolve_tokenizer

        reference = self.encoding.tokenizer or self._model_reference
        if reference is None:
            raise ConfigError(
                "The data module must know its tokenizer, and has neither one of its own nor a task's. "
                "Set data.init_args.encoding.tokenizer, or call use_model."
            )
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            resolve_tokenizer(reference), trust_remote_code=False
        )
        if self._new_tokens:
            own = tokenizer.get_vocab().keys() - tokenizer.get_added_vocab().keys()
            if known := sorted(self._new_tokens.keys() & own):
                raise ConfigError(
                    f"new_tokens must be new to the vocabulary, and it has {', '.join(known)}, which stand "
                    f"in other words too. Leave them out, or write them in brackets: [{known[0]}]."
                )
            tokenizer.add_tokens(sorted(self._new_tokens))
        return tokenizer

    @cached_property
    def encoder(self) -> Encoder:
        """Tokenizer and template together."""
        return Encoder(self.tokenizer, self.template)

    # --- the store ---

    @cached_property
    def store_path(self) -> Path:
        """Where the prepared data set lies; the name is a hash of all that determines it."""
        folder = self.cache_dir or cache_directory() / "stores"
        return Path(folder) / f"{type(self).__name__}-{store_key(self._provenance)}.h5"

    def prepare_data(self) -> None:
        """Builds the store unless it is there, from where an interrupted build was stopped."""
        check_not_in_worker(self.encoding.num_processes)
        self.follow(getattr(self.trainer, "lightning_module", None))
        with rare_collections():
            build_once(self.store_path, self._build_store)

    def setup(self, stage: str) -> None:
        """Opens the store, and makes sure that the run's batches can be made, before a model is loaded.

        Raises:
            ConfigError: If a split has no samples, or one longer than a row or batch.
        """
        self.follow(getattr(self.trainer, "lightning_module", None))
        self.store = TokenStore(self.store_path)
        self._check_batches()

    def _check_batches(self) -> None:
        """Makes the samplers of the run once, which say what does not fit."""
        for name in batched_splits(self.trainer):
            self._sampler(split_with_samples(self.store, name), shuffle=False)

    @cached_property
    def _provenance(self) -> dict[str, object]:
        check_present(self.download_files(), type(self).__name__)
        return {
            "data_module": f"{type(self).__module__}.{type(self).__name__}",
            "version": __version__,
            "code": code_digest(type(self), TextDataModule),
            # A list, as files of two folders may have one name.
            "files": [[path.name, file_digest(path)] for path in self.source_files()],
            **self._encoding_provenance(),
            "seed": self.seed,
            "options": dict(self.options()),
        }

    def _encoding_provenance(self) -> dict[str, object]:
        """What decides how samples become tokens."""
        retrieval = self.encoding.retrieval
        looked_up = {} if retrieval is None else {"retrieval": retrieval_provenance(retrieval)}
        return looked_up | {
            "tokenizer": tokenizer_digest(self.tokenizer),
            "template": [*astuple(self.encoder.parts), self.encoder.end_ids],
            "max_length": self.encoding.max_length,
            "train_on_prompt": self.encoding.train_on_prompt,
        }

    def _build_store(self, path: Path) -> None:
        logger.info("preparing %s once, as %s", type(self).__name__, path.name)
        samples, encoding = self.build_samples(), self.encoding
        if encoding.retrieval is not None:
            samples = with_passages(
                samples, encoding.retrieval, self.encoder, encoding.max_length, self.seed, (TRAIN, VAL)
            )
        with StoreDraft(path, self._provenance, list(samples)) as draft:
            encoder = self._sample_encoder(draft)
            with self._block_mapper() as mapper:
                counts = encode_splits(samples, encoder, draft, mapper)
            documents = dict(self.documents())
            if isinstance(encoder, PairEncoder):
                documents[KNOWN_PAIRS] = encoder.known_pairs()
            documents[COUNTS] = {split: asdict(count) for split, count in counts.items()}
            draft.finish(documents)

    def _block_mapper(self) -> AbstractContextManager[BlockMapper]:
        """Who encodes blocks of samples."""
        mapper = self.block_mapper
        return nullcontext(mapper) if mapper is not None else LocalBlocks(self.encoding.num_processes)

    def _sample_encoder(self, draft: StoreDraft) -> SampleEncoder | PairEncoder:
        """What turns samples into those of the store."""
        return SampleEncoder(
            self.encoder,
            self.encoding.max_length,
            train_on_prompt=self.encoding.train_on_prompt,
            add_image=self._image_writer(draft),
        )

    def _image_writer(self, draft: StoreDraft) -> Callable[[Path], int] | None:
        """What keeps the samples' images; none here, where samples are text."""
        return None

    # --- batches ---

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled training batches, resumable in the middle of an epoch.

        With ``trainer.overfit_batches`` they are the same in every epoch, and no mixture is drawn.
        """
        split = split_with_samples(self.store, TRAIN)
        self._train_sampler = self._sampler(split, shuffle=not getattr(self.trainer, "overfit_batches", 0))
        if self._resume_state is not None:
            self._train_sampler.load_state_dict(self._resume_state)
            self._resume_state = None
        return self._loader(split, self._train_sampler)

    def val_dataloader(self) -> DataLoader[Any]:
        """Validation batches in a fixed order."""
        split = split_with_samples(self.store, VAL)
        return self._loader(split, self._sampler(split, shuffle=False))

    def test_dataloader(self) -> list[DataLoader[Any]]:
        """One loader a test split (``test_splits``); batches hold encoded samples."""
        return [self._sample_loader(self.store.split(name)) for name in self.test_splits]

    def predict_dataloader(self) -> list[DataLoader[Any]]:
        """The test splits again, to be answered."""
        return self.test_dataloader()

    @property
    def test_splits(self) -> list[str]:
        """Names of the test splits that are not empty, in the order of ``test_dataloader``."""
        return [
            name
            for name in self.store.splits
            if name in (HELD_OUT, MEMORISED) and len(self.store.split(name))
        ]

    def _sampler(self, split: TokenSplit, *, shuffle: bool) -> PlannedBatchSampler[Any]:
        options = self.batching
        order = self._order(split, shuffle=shuffle)
        if options.packing:
            return PackedBatchSampler(
                split.lengths,
                options.row_length,
                rows_per_batch=options.rows_per_batch,
                prefix_lengths=split.prefix_lengths,
                prefix_groups=split.prefix_groups,
                share_prefix=options.share_prefix,
                max_per_family=options.max_per_family,
                **order,
            )
        return TokenBudgetBatchSampler(
            split.lengths, options.tokens_per_batch, grouping=options.grouping, **order
        )

    def _order(self, split: TokenSplit, *, shuffle: bool) -> dict[str, Any]:
        """What all samplers take: order, ranks, and the mixture to train on."""
        mixture = split_mixture(split, self.batching, self.seed, self.trainer) if shuffle else None
        ranks = {"num_replicas": self._world_size, "rank": self._rank}
        return {"shuffle": shuffle, "seed": self.seed, "mixture": mixture, **ranks}

    def _loader(self, split: TokenSplit, sampler: Any) -> DataLoader[Any]:
        return DataLoader(
            split, batch_sampler=sampler, collate_fn=self._collate(), num_workers=self.batching.num_workers
        )

    def _collate(self) -> Callable[[Any], dict[str, Any]]:
        if not self.batching.packing:
            return partial(pad_collate, pad_token_id=self.encoder.pad_id)
        return partial(
            pack_collate, pad_token_id=self.encoder.pad_id, share_prefix=self.batching.share_prefix
        )

    def _sample_loader(self, split: TokenSplit) -> DataLoader[Any]:
        # Fixed size and the stored order whatever the training batches are like, so that scores do not depend
        # on them, and that a test of the first items alone does not take the longest.
        sampler = TokenBudgetBatchSampler(
            split.lengths,
            None,
            batch_size=_TEST_BATCH,
            shuffle=False,
            grouping="none",
            num_replicas=self._world_size,
            rank=self._rank,
        )
        return DataLoader(split, batch_sampler=sampler, collate_fn=SampleBatch)

    @property
    def _world_size(self) -> int:
        return int(self.trainer.world_size) if self.trainer is not None else 1

    @property
    def _rank(self) -> int:
        return int(self.trainer.global_rank) if self.trainer is not None else 0

    # --- resume ---

    def state_dict(self) -> dict[str, Any]:
        """The place in the epoch, for checkpoints."""
        if self._train_sampler is None or self.trainer is None:
            return {}
        progress: Any = self.trainer.fit_loop.epoch_loop.batch_progress
        state = self._train_sampler.state_dict()
        # The sampler runs ahead by what is prefetched; the loop knows what was trained on.
        finished = int(progress.current.processed)
        return {_SAMPLER_STATE: {**state, "consumed": finished}}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remembers the place for the next ``train_dataloader``."""
        self._resume_state = state_dict.get(_SAMPLER_STATE)

    def iter_samples(self, split: str) -> Iterator[EncodedSample]:
        """Samples of a split in stored order."""
        stored = self.store.split(split)
        return (stored[index] for index in range(len(stored)))
