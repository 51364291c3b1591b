"""The transform of a tower equals what the tower was trained with, for pictures of any size and mode."""

import pickle
from typing import Any

import numpy as np
import open_clip
import pytest
import timm
import torch
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from timm.data.transforms_factory import create_transform
from transformers import LlavaImageProcessor

from geneverse_pl.data.images import to_rgb
from geneverse_pl.exceptions import ConfigError
from geneverse_pl.models.image_transform import ImageTransform, image_transform
from geneverse_pl.models.vision_tower import VisionConfig, describe_tower

HALF = (0.5, 0.5, 0.5)
SIZES = [(50, 30), (30, 50), (41, 40), (24, 24), (7, 90), (13, 11)]


def picture(width: int, height: int) -> Image.Image:
    """Smooth colours with some noise."""
    rng = np.random.default_rng(width * 1000 + height)
    down, across = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None]
    colours = np.stack([down + 0 * across, across + 0 * down, down * across], axis=-1)
    return Image.fromarray(
        (255 * np.clip(colours + rng.normal(0, 0.1, colours.shape), 0, 1)).astype(np.uint8)
    )


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_crop_equals_open_clip(size: tuple[int, int], interpolation: Any) -> None:
    mean, std = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
    theirs = image_transform_v2(PreprocessCfg(size=24, interpolation=interpolation), is_train=False)
    ours = ImageTransform(24, mean, std, interpolation, fit="crop")
    assert torch.equal(ours(picture(*size)), theirs(picture(*size)))


@pytest.mark.parametrize("size", SIZES)
def test_stretch_equals_open_clip(size: tuple[int, int]) -> None:
    cfg = PreprocessCfg(size=24, mean=HALF, std=HALF, resize_mode="squash")
    ours = ImageTransform(24, HALF, HALF, fit="stretch")
    assert torch.equal(ours(picture(*size)), image_transform_v2(cfg, is_train=False)(picture(*size)))


@pytest.mark.parametrize("size", SIZES)
def test_crop_of_a_fraction_equals_timm(size: tuple[int, int]) -> None:
    settings = timm.get_pretrained_cfg("test_vit")
    assert settings is not None
    options: dict[str, Any] = {"mean": settings.mean, "std": settings.std, "crop_pct": settings.crop_pct}
    theirs: Any = create_transform(
        settings.input_size, interpolation=settings.interpolation, crop_mode=settings.crop_mode, **options
    )
    ours = image_transform(VisionConfig("timm:test_vit", "random", pad_to_square=False))
    assert (ours.fit, ours.crop_fraction) == ("crop", settings.crop_pct)
    assert ours.crop_fraction < 1
    assert torch.equal(ours(picture(*size)), theirs(picture(*size)))


@pytest.mark.parametrize("size", [(50, 30), (30, 50), (40, 40)])
def test_padding_equals_that_of_llava(size: tuple[int, int]) -> None:
    mean, std = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
    square = {"height": 24, "width": 24}
    theirs: Any = LlavaImageProcessor(
        do_pad=True, size={"shortest_edge": 24}, crop_size=square, image_mean=mean, image_std=std
    )
    ours = ImageTransform(24, mean, std)(picture(*size))
    expected = theirs(picture(*size), return_tensors="pt")["pixel_values"][0]
    # It resamples tensors, where Pillow resamples bytes: half a shade of 255 is the difference to expect.
    assert (ours - expected).abs().mean() < 0.5 / 255 / min(std)


def test_padding_by_hand() -> None:
    mean, std = (0.2, 0.4, 0.6), (0.1, 0.2, 0.4)
    image = Image.new("RGB", (4, 2), (255, 0, 51))
    result = ImageTransform(4, mean, std)(image)
    assert result.shape == (3, 4, 4)
    assert result.dtype == torch.float32
    assert result.is_contiguous()
    colour = torch.tensor([(1 - 0.2) / 0.1, (0 - 0.4) / 0.2, (0.2 - 0.6) / 0.4])
    # The margins are within one shade of zero, which is the mean colour.
    shades = torch.tensor([1 / 255 / deviation for deviation in std])
    for row, expected in ((0, torch.zeros(3)), (1, colour), (2, colour), (3, torch.zeros(3))):
        difference = (result[:, row] - expected[:, None]).abs()
        assert (difference <= (shades[:, None] if row in (0, 3) else 1e-6)).all()


def test_odd_margin_is_below() -> None:
    rows = ImageTransform(3, HALF, HALF, "nearest", fill=(0, 0, 0))(Image.new("RGB", (3, 2), (255,) * 3))[
        0, :, 0
    ]
    assert rows.tolist() == [1.0, 1.0, -1.0]


def test_fill_of_another_colour() -> None:
    corner = ImageTransform(4, HALF, HALF, "nearest", fill=(0, 255, 0))(Image.new("RGB", (4, 2)))[:, 0, 0]
    assert corner.tolist() == [-1.0, 1.0, -1.0]


def test_pickles() -> None:
    transform = image_transform(VisionConfig("timm:test_vit", "random"))
    copy = pickle.loads(pickle.dumps(transform))
    assert copy == transform
    assert torch.equal(copy(picture(20, 10)), transform(picture(20, 10)))


# --- modes of pictures ---


def test_transparent_pixels_lie_over_white() -> None:
    image = Image.new("RGBA", (2, 1), (200, 0, 0, 0))
    image.putpixel((1, 0), (200, 0, 0, 128))
    left, right = np.asarray(to_rgb(image))[0].astype(int)
    assert left.tolist() == [255, 255, 255]
    assert np.abs(right - (227, 127, 127)).max() <= 1


def test_greyscale_with_transparency() -> None:
    image = Image.new("LA", (1, 1), (0, 51))
    assert to_rgb(image).getpixel((0, 0)) == (204, 204, 204)


def test_palette_keeps_its_colours_and_its_transparent_one() -> None:
    image = Image.new("P", (3, 1))
    image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90])
    for x in range(3):
        image.putpixel((x, 0), x)
    assert [to_rgb(image).getpixel((x, 0)) for x in range(3)] == [(10, 20, 30), (40, 50, 60), (70, 80, 90)]
    image.info["transparency"] = 1
    assert [to_rgb(image).getpixel((x, 0)) for x in (0, 1)] == [(10, 20, 30), (255, 255, 255)]


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "YCbCr", "HSV", "LAB", "RGBX"])
def test_other_modes_give_three_colours(mode: str) -> None:
    source = picture(8, 8).convert("L" if mode == "1" else "RGB")
    image = Image.new("LAB", (8, 8)) if mode == "LAB" else source.convert(mode)
    assert ImageTransform(4, HALF, HALF)(image).shape == (3, 4, 4)
    if mode in ("L", "1"):
        assert torch.equal(*ImageTransform(4, HALF, HALF)(image)[:2])


@pytest.mark.parametrize("kind", [np.uint16, np.int32, np.float32])
def test_more_than_8_bits_are_stretched(kind: Any) -> None:
    # A camera of 12 bits: clipped at 255, all of it would be white.
    values = np.array([[100, 2100], [4100, 1100]]).astype(kind)
    shades = np.asarray(to_rgb(Image.fromarray(values)))[:, :, 0]
    assert shades.tolist() == [[0, 128], [255, 64]]


def test_one_shade_of_16_bits_keeps_its_brightness() -> None:
    image = Image.fromarray(np.full((2, 2), 65_535 // 5, dtype=np.uint16))
    assert to_rgb(image).getpixel((0, 0)) == (51, 51, 51)


def test_values_that_are_not_finite() -> None:
    with pytest.raises(ConfigError, match=r"must have finite values, got some from -?[\w.]+ to -?[\w.]+\."):
        to_rgb(Image.fromarray(np.array([[1.0, np.inf]], dtype=np.float32)))


# --- the transform of a model ---


@pytest.mark.parametrize(
    ("config", "size", "mean", "interpolation"),
    [
        (VisionConfig(), 224, HALF, "bicubic"),
        (VisionConfig(image_size=128), 128, HALF, "bicubic"),
        (VisionConfig("ViT-L-14-336", "openai"), 336, open_clip.OPENAI_DATASET_MEAN, "bicubic"),
        (VisionConfig("ViT-B-16-SigLIP", "webli"), 224, HALF, "bicubic"),
        (VisionConfig("ViT-B-16-SigLIP", "random"), 224, HALF, "bicubic"),
        (VisionConfig("timm:test_resnet", "random"), 160, HALF, "bilinear"),
    ],
)
def test_a_model_has_its_own(
    config: VisionConfig, size: int, mean: tuple[float, float, float], interpolation: str
) -> None:
    transform = image_transform(config)
    assert (transform.image_size, transform.mean, transform.interpolation) == (size, mean, interpolation)
    assert (transform.fit, transform.fill) == ("pad", None)
    shape = describe_tower(config)
    assert (shape.image_size, shape.mean, shape.std) == (size, mean, transform.std)


def test_without_padding_it_is_the_models_own() -> None:
    squash = image_transform(VisionConfig("ViT-B-16-SigLIP", "webli", pad_to_square=False))
    assert squash.fit == "stretch"
    crop = image_transform(VisionConfig("ViT-L-14-336", "openai", pad_to_square=False))
    assert (crop.fit, crop.crop_fraction) == ("crop", 1.0)
    lite = image_transform(VisionConfig(pad_to_square=False))
    assert (lite.fit, lite.crop_fraction) == ("crop", 0.875)
