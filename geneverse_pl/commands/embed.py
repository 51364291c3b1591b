"""``embed``: where a model puts entities or texts, before and after tuning, in scores and figures."""

import logging
import re
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geneverse_pl.commands.options import DTYPES, OptionParser, device_and_dtype, load_model
from geneverse_pl.exceptions import ConfigError

if TYPE_CHECKING:
    from geneverse_pl.models.adapter_folder import LoadedAdapter
    from geneverse_pl.representations.analysis import Analysis, AnalysisConfig, Vectors
    from geneverse_pl.representations.embedding import EmbeddingConfig
    from geneverse_pl.representations.items import Item

logger = logging.getLogger(__name__)

EMBEDDINGS_FILE, SCORES_FILE, FIGURES_DIR = "embeddings.h5", "scores.json", "figures"
_TEXTS = "texts"  # the one split of whole texts
_NOTE = (
    "links: cosine of true pairs against false ones. random: normal vectors. ngrams: spelling of the names",
    "alone. permuted: classes dealt at random among the first model's clusters. Brackets of clusters and CKA",
    "are jackknife intervals; those of permuted, and of links of random, quantiles of draws.",
)


def parser() -> OptionParser:
    """The options of the command."""
    options = OptionParser("embed", "Embed entities or texts; score and draw the embeddings.")
    which = options.add_mutually_exclusive_group(required=True)
    which.add_argument("--adapter", type=Path, help="adapter folder that fit wrote, shown beside its base")
    which.add_argument("--model", help="a model that was not tuned here: Hub id, folder, .gguf or pypi:")
    which.add_argument("--encoder", help="sentence encoder for --texts: folder, Hub id or pypi:")
    options.add_argument("--entities", type=Path, help="table with id, name, kind and classes")
    options.add_argument("--texts", type=Path, help="table with whole texts and classes")
    options.add_argument("--text_column", default="text", help="columns of --texts, each embedded, as a,b")
    options.add_argument("--out", type=Path, required=True, help="folder for embeddings, scores and figures")
    options.add_argument("--layer", default="-1", help="layers, as 0,15,-1, or all; 0: input embeddings")
    options.add_argument("--pooling", default="mention_mean", help="mention_mean, mention_last or last_token")
    options.add_argument("--carrier", default="The {kind} {name}", help="prompt around a mention")
    options.add_argument("--relations", type=Path, help="table with subject, object, relation, maybe label")
    options.add_argument("--classes", default="", help="columns of classes, as family,organ_system; kind")
    options.add_argument("--group", default="group", help="column of groups never parted; empty for none")
    options.add_argument("--centre", default="none", help="mean taken off before cosines: none, all or kind")
    options.add_argument("--projection", default="pca,tsne", help="pca, tsne and umap; none for no figures")
    options.add_argument("--figure_format", choices=("png", "svg"), default="png", help="form of figures")
    options.add_argument("--num_resamples", type=int, default=1000, help="resamples of bootstrap intervals")
    options.add_argument("--batch_size", type=int, default=32, help="prompts or texts at a time")
    options.add_argument("--seed", type=int, default=0, help="seed of all that is drawn at random")
    options.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:1, ...")
    options.add_argument("--dtype", choices=DTYPES, default="float32", help="floating type of the weights")
    return options


def run(arguments: Sequence[str]) -> int:
    """Runs the command.

    Args:
        arguments: Arguments after its name.

    Returns:
        Exit code.

    Raises:
        ConfigError: If an option is wrong, or files do not fit each other.
        DataFormatError: If a file cannot be read.
    """
    options = parser().read(_joined(arguments))
    if (options.encoder is None) != (options.texts is None) or (options.texts is None) == (
        options.entities is None
    ):
        raise ConfigError(
            "embed needs --entities with --adapter or --model, or --texts with --encoder. See geneverse_pl "
            "embed --help."
        )
    if options.batch_size < 1:
        raise ConfigError(f"batch_size must be > 0, got {options.batch_size}.")
    # Everything that can be wrong is looked at before a model is loaded.
    from geneverse_pl.representations.analysis import Analysis
    from geneverse_pl.representations.items import read_pairs
    from geneverse_pl.representations.projection import check_methods

    methods = [] if options.projection == "none" else _listed(options.projection)
    config = _analysis_config(options)
    items = _items(options)
    check_methods(methods, len(items))
    analysis = Analysis(items, read_pairs(options.relations) if options.relations else [], config)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(
            f"out must be a folder that can be made, and {options.out} is none ({error.strerror}). Choose "
            "another."
        ) from error
    vectors, origin = _text_vectors(options) if options.texts else _entity_vectors(options, items)
    _write(options, analysis, vectors, origin)
    _draw(options, analysis, vectors, methods)
    return 0


def _joined(arguments: Sequence[str]) -> list[str]:
    """``--layer -1,0`` as one word, since the parser would take ``-1,0`` for an option."""
    words: list[str] = []
    for word in arguments:
        if words and words[-1] == "--layer" and re.fullmatch(r"-\d[\d,\s-]*", word):
            words[-1] = f"--layer={word}"
        else:
            words.append(word)
    return words


def _listed(text: str) -> list[str]:
    return list(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _analysis_config(options: Namespace) -> "AnalysisConfig":
    from geneverse_pl.evaluation.bootstrap import BootstrapSettings
    from geneverse_pl.representations.analysis import AnalysisConfig

    if options.num_resamples < 1:
        raise ConfigError(f"num_resamples must be > 0, got {options.num_resamples}.")
    bootstrap = BootstrapSettings(options.num_resamples, seed=options.seed)
    return AnalysisConfig(
        tuple(_listed(options.classes)),
        options.group.strip(),
        options.centre,
        bootstrap=bootstrap,
        seed=options.seed,
    )


def _embedding_config(options: Namespace) -> "EmbeddingConfig":
    from geneverse_pl.representations.embedding import EmbeddingConfig

    layers = _listed(options.layer)
    if layers != ["all"] and not all(re.fullmatch(r"-?\d+", layer) for layer in layers):
        raise ConfigError(f"layer must be whole numbers, as 0,15,-1, or all, got '{options.layer}'.")
    numbers = (-1,) if layers == ["all"] else tuple(map(int, layers))
    return EmbeddingConfig(numbers, options.pooling, options.carrier, options.batch_size)


def _items(options: Namespace) -> "list[Item]":
    from geneverse_pl.representations.items import read_entities, read_texts

    if options.entities is not None:
        _embedding_config(options)
        return read_entities(options.entities)
    columns = _listed(options.text_column)
    if not columns:
        raise ConfigError("text_column must name at least one column, got none.")
    return read_texts(options.texts, columns[0])


def _entity_vectors(
    options: Namespace, items: "Sequence[Item]"
) -> "tuple[dict[str, dict[str, Vectors]], dict[str, Any]]":
    """Vectors by model and layer, and what determined them."""
    from dataclasses import replace

    from geneverse_pl.evaluation.report import TUNED, UNTUNED
    from geneverse_pl.models.adapter_folder import folder_digest
    from geneverse_pl.representations.embedding import embed_mentions

    loaded = load_model(Namespace(**vars(options), template=None, system=None))
    config = _embedding_config(options)
    if options.layer.strip() == "all":
        num_layers = loaded.language_model.base.config.get_text_config().num_hidden_layers
        config = replace(config, layers=tuple(range(num_layers + 1)))

    def embedded(one: "LoadedAdapter") -> "dict[str, Vectors]":
        found = embed_mentions(one.language_model, one.encoder.tokenizer, items, config)
        return {f"layer_{layer}": vectors for layer, vectors in found.items()}

    origin: dict[str, Any] = {
        "model": loaded.manifest["model"],
        "pooling": config.pooling,
        "carrier": config.carrier,
        "dtype": str(loaded.language_model.base.dtype),
    }
    if options.adapter is None:
        return {UNTUNED: embedded(loaded)}, origin
    origin["adapter_sha256"] = folder_digest(options.adapter)
    tuned = embedded(loaded)
    if loaded.language_model.can_switch_off:
        with loaded.language_model.untuned():
            return {TUNED: tuned, UNTUNED: embedded(loaded)}, origin
    base = Namespace(**{**vars(options), "adapter": None, "model": loaded.manifest["model"]})
    del loaded  # two whole models need not be in memory together
    untuned = load_model(Namespace(**vars(base), template=None, system=None))
    return {TUNED: tuned, UNTUNED: embedded(untuned)}, origin


def _text_vectors(options: Namespace) -> "tuple[dict[str, dict[str, Vectors]], dict[str, Any]]":
    """Vectors of each column of texts, and what determined them."""
    from geneverse_pl.models.sentence_encoder import SentenceEncoder
    from geneverse_pl.representations.items import read_texts

    columns = {name: read_texts(options.texts, name) for name in _listed(options.text_column)}
    device, _ = device_and_dtype(options.device, "float32")
    encoder = SentenceEncoder.load(options.encoder, device=device)
    vectors = {
        name: {_TEXTS: encoder.encode([item.name for item in items], options.batch_size).numpy()}
        for name, items in columns.items()
    }
    return vectors, {"encoder": options.encoder}


def _write(
    options: Namespace,
    analysis: "Analysis",
    vectors: "Mapping[str, Mapping[str, Vectors]]",
    origin: Mapping[str, Any],
) -> None:
    """Writes embeddings and scores, and prints the table."""
    from geneverse_pl.evaluation.report import format_table
    from geneverse_pl.evaluation.scores import write_scores
    from geneverse_pl.models.cache import file_sha256
    from geneverse_pl.representations.embedding_file import EmbeddingFile, write_embeddings

    sources = {name: getattr(options, name) for name in ("entities", "texts", "relations")}
    digests = {name: file_sha256(path) for name, path in sources.items() if path is not None}
    provenance = {
        **origin,
        "sha256": digests,
        "classes": options.classes,
        "group": options.group,
        "centre": options.centre,
        "seed": options.seed,
    }
    write_embeddings(options.out / EMBEDDINGS_FILE, EmbeddingFile(analysis.items, vectors, provenance))
    scores = analysis.scores(vectors)
    write_scores(options.out / SCORES_FILE, scores)
    if scores:
        sys.stdout.write("\n".join([format_table(scores), *_NOTE]) + "\n")
    logger.info("%d items embedded; embeddings and scores are in %s", len(analysis.items), options.out)


def _draw(
    options: Namespace,
    analysis: "Analysis",
    vectors: "Mapping[str, Mapping[str, Vectors]]",
    methods: Sequence[str],
) -> None:
    """Writes the figures: the last of the layers by class, and scores over layers where there are several."""
    if not methods:
        return
    from geneverse_pl.evaluation.scores import read_scores
    from geneverse_pl.representations.drawing import draw_all, draw_scores

    folder = options.out / FIGURES_DIR
    draw_all(analysis, vectors, methods, folder, options.figure_format, options.seed)
    draw_scores(read_scores(options.out / SCORES_FILE), folder, options.figure_format)
    logger.info("figures are in %s", folder)
