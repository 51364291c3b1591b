"""Base of the data modules: from samples to the store, and from the store to batches."""

import gc
import logging
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import lightning as L
from torch.utils.data import DataLoader
from tqdm import tqdm

from geneverse_pl import __version__
from geneverse_pl.data.collate import pack_collate, pad_collate
from geneverse_pl.data.encoded import EncodedSample, SampleBatch
from geneverse_pl.data.pairs import KNOWN_PAIRS, PairEncoder
from geneverse_pl.data.planned_sampler import PlannedBatchSampler
from geneverse_pl.data.prompts import Encoder, PromptTemplate, TemplateName
from geneverse_pl.data.provenance import code_digest, tokenizer_digest
from geneverse_pl.data.records import Sample
from geneverse_pl.data.sampler import PackedBatchSampler, TokenBudgetBatchSampler
from geneverse_pl.data.store import StoreWriter, TokenSplit, TokenStore, build_once, file_digest, store_key
from geneverse_pl.data.tokenization import EncodingCounts, SampleEncoder
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.cache import cache_directory

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

logger = logging.getLogger(__name__)

TRAIN, VAL, HELD_OUT, MEMORISED = "train", "val", "held_out", "memorised"
SPLITS = (TRAIN, VAL, HELD_OUT, MEMORISED)
COUNTS = "counts"  # name of the document with an EncodingCounts a split
_SAMPLER_STATE = "sampler"
_TEST_BATCH = 128


@dataclass
class EncodingConfig:
    """How samples become tokens.

    Args:
        template: ``chat`` (the tokenizer's own template), ``alpaca``, ``llama2``, ``vicuna`` or ``plain``.
        system: System message; None leaves it to the template.
        max_length: Most tokens of a sample, > 0.
        train_on_prompt: Learn the prompt's tokens too, not the answer's alone.
        tokenizer: Model reference of the tokenizer; None takes the task's model.
    """

    template: TemplateName = "chat"
    system: str | None = None
    max_length: int = 1024
    train_on_prompt: bool = False
    tokenizer: str | None = None


@dataclass
class BatchingConfig:
    """How samples become batches.

    Args:
        packing: Lay several samples in a row, each attending only to itself; else pad, grouped by length.
        row_length: Tokens of a packed row, > 0.
        rows_per_batch: Packed rows of a batch, >= 1.
        share_prefix: Compute the context that packed samples have in common once.
        max_per_family: Most samples of one context in a row; None sets no limit.
        tokens_per_batch: Most tokens of a padded batch, padding counted.
        grouping: Order of padded batches: ``length`` or ``none``.
        num_workers: Processes that read the store; 0 reads in the training process.
    """

    packing: bool = True
    row_length: int = 1024
    rows_per_batch: int = 1
    share_prefix: bool = True
    max_per_family: int | None = 8
    tokens_per_batch: int = 2048
    grouping: Literal["length", "none"] = "length"
    num_workers: int = 0


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
        ConfigError: If the prompt template is unknown.
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
        self._model_reference: str | None = None
        self._new_tokens: Mapping[str, str] = {}
        self._train_sampler: PlannedBatchSampler[Any] | None = None
        self._resume_state: Mapping[str, int] | None = None
        _ = self.template  # an unknown one is refused before anything is loaded

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
        """Builds the store unless it is there."""
        self.follow(getattr(self.trainer, "lightning_module", None))
        with _rare_collections():
            build_once(self.store_path, self._build_store)

    def setup(self, stage: str) -> None:
        """Opens the store."""
        self.follow(getattr(self.trainer, "lightning_module", None))
        self.store = TokenStore(self.store_path)

    @cached_property
    def _provenance(self) -> dict[str, object]:
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
        return {
            "tokenizer": tokenizer_digest(self.tokenizer),
            "template": [*astuple(self.encoder.parts), self.encoder.end_ids],
            "max_length": self.encoding.max_length,
            "train_on_prompt": self.encoding.train_on_prompt,
        }

    def _build_store(self, path: Path) -> None:
        logger.info("preparing %s once, as %s", type(self).__name__, path.name)
        samples = self.build_samples()
        counts: dict[str, EncodingCounts] = {}
        with StoreWriter(path, self._provenance, list(samples)) as writer:
            encoder = self._sample_encoder(writer)
            for split, split_samples in samples.items():
                encoder.counts = counts[split] = EncodingCounts()
                encoded = encoder.encode(split_samples)
                for sample in tqdm(encoded, f"encoding {split}", unit=" samples", leave=False, disable=None):
                    writer.append(split, sample)
            documents = dict(self.documents())
            if isinstance(encoder, PairEncoder):
                documents[KNOWN_PAIRS] = encoder.known_pairs()
            for name, document in documents.items():
                writer.write_document(name, document)
            writer.write_document(COUNTS, {split: asdict(count) for split, count in counts.items()})

    def _sample_encoder(self, writer: StoreWriter) -> SampleEncoder | PairEncoder:
        """What turns samples into those of the store."""
        return SampleEncoder(
            self.encoder,
            self.encoding.max_length,
            train_on_prompt=self.encoding.train_on_prompt,
            add_image=self._image_writer(writer),
        )

    def _image_writer(self, writer: StoreWriter) -> Callable[[Path], int] | None:
        """What keeps the samples' images; none here, where samples are text."""
        return None

    # --- batches ---

    def train_dataloader(self) -> DataLoader[Any]:
        """Shuffled training batches, resumable in the middle of an epoch."""
        split = self.store.split(TRAIN)
        self._train_sampler = self._sampler(split, shuffle=True)
        if self._resume_state is not None:
            self._train_sampler.load_state_dict(self._resume_state)
            self._resume_state = None
        return self._loader(split, self._train_sampler)

    def val_dataloader(self) -> DataLoader[Any]:
        """Validation batches in a fixed order."""
        split = self.store.split(VAL)
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
        if len(split) == 0:
            raise ConfigError("A split that is trained or validated on must have samples, and one has none.")
        options = self.batching
        if options.packing:
            return PackedBatchSampler(
                split.lengths,
                options.row_length,
                rows_per_batch=options.rows_per_batch,
                prefix_lengths=split.prefix_lengths,
                prefix_groups=split.prefix_groups,
                share_prefix=options.share_prefix,
                max_per_family=options.max_per_family,
                shuffle=shuffle,
                seed=self.seed,
                num_replicas=self._world_size,
                rank=self._rank,
            )
        return TokenBudgetBatchSampler(
            split.lengths,
            options.tokens_per_batch,
            shuffle=shuffle,
            seed=self.seed,
            grouping=options.grouping,
            num_replicas=self._world_size,
            rank=self._rank,
        )

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
        for index in range(len(stored)):
            yield stored[index]


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Has the garbage collector run rarely while many objects are made that live on."""
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, 50, 100)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
