import io
import os
import random
import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from geneverse_pl.data import images
from geneverse_pl.data.images import IMAGE_FORMATS, check_image_path, decode_image, read_image_bytes
from geneverse_pl.exceptions import ConfigError, DataFormatError


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def noise(size: tuple[int, int] = (24, 32)) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8))


def png_with_size(width: int, height: int) -> bytes:
    """A PNG of a few bytes that claims a size of its own choice."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return (
            struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


# --- paths ---


def test_a_path_below_the_folder_is_taken(tmp_path: Path) -> None:
    assert check_image_path(tmp_path, "a.png") == tmp_path / "a.png"
    assert check_image_path(tmp_path, "tissue/a..b.png") == tmp_path / "tissue" / "a..b.png"
    assert check_image_path(tmp_path, "./a.png") == tmp_path / "a.png"


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("/etc/passwd", "the absolute path '/etc/passwd'"),
        ("C:\\a.png", "the absolute path"),
        ("\\\\server\\share\\a.png", "the absolute path"),
        ("../a.png", "got '../a.png', which has '..'"),
        ("b/../../a.png", "which has '..'"),
        ("b\\..\\a.png", "which has '..'"),
        ("https://example.org/a.png", "the URL 'https://example.org/a.png'"),
        ("data:image/png;base64," + "A" * 500, "the URL 'data:image/png;base64,A{78}...'"),
        ("", "got ''"),
        ("  ", "got '  '"),
        ("a\0.png", "got 'a"),
        ("\ud800.png", "got '.*', which cannot be followed"),
    ],
)
def test_a_path_that_leaves_the_folder_is_refused(name: str, what: str, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=f"must be given by its path below the image folder, got.*{what[4:]}"
    ):
        check_image_path(tmp_path, name)


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder, outside = tmp_path / "images", tmp_path / "outside"
    folder.mkdir()
    outside.mkdir()
    (outside / "a.png").touch()
    (folder / "a.png").symlink_to(outside / "a.png")
    (folder / "deep").symlink_to(outside, target_is_directory=True)
    (folder / "own.png").touch()
    (folder / "inner.png").symlink_to(folder / "own.png")
    (folder / "ring.png").symlink_to(folder / "ring.png")
    for name in ("a.png", "deep/a.png", "deep/none.png"):
        with pytest.raises(ConfigError, match=f"got '{name}', a link out of"):
            check_image_path(folder, name)
    assert check_image_path(folder, "inner.png") == folder / "inner.png"
    with pytest.raises(DataFormatError, match="does not exist|cannot be read"):
        read_image_bytes(folder / "ring.png")
    linked = tmp_path / "linked"
    linked.symlink_to(folder, target_is_directory=True)
    assert check_image_path(linked, "own.png") == linked / "own.png"


@settings(deadline=None)
@given(name=st.text(alphabet="a./\\:~ \0é", max_size=12))
def test_no_name_leads_out(name: str) -> None:
    folder = Path("/images")
    try:
        path = check_image_path(folder, name)
    except ConfigError:
        return
    assert Path(os.path.normpath(path)).is_relative_to(folder)


# --- decoding ---


@pytest.mark.parametrize("kind", IMAGE_FORMATS)
def test_every_format_is_read(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.img"
    path.write_bytes(encoded(noise(), kind))
    data = read_image_bytes(path)
    assert data == path.read_bytes()
    picture = decode_image(data, "a")
    assert (picture.mode, picture.size) == ("RGB", (32, 24))
    if kind in {"PNG", "BMP", "TIFF"}:
        assert np.array_equal(np.asarray(picture), np.asarray(noise()))


@pytest.mark.parametrize("kind", IMAGE_FORMATS)
def test_a_cut_image_is_refused(kind: str) -> None:
    data = encoded(noise(), kind)
    whole = np.asarray(decode_image(data, "a"))
    for length in (*range(0, len(data) - 1, 97), len(data) // 2, len(data) - 20, len(data) - 1):
        try:
            picture = decode_image(data[:length], "cut.img")
        except DataFormatError as error:
            assert str(error).startswith("cut.img: ")
            continue
        # What may be missing are marks behind the last pixel.
        assert np.array_equal(np.asarray(picture), whole)
        assert length >= len(data) - 4


def test_a_changed_byte_of_a_png_is_noticed() -> None:
    data = bytearray(encoded(noise()))
    data[len(data) // 2] ^= 1
    with pytest.raises(DataFormatError, match=r"a.png: cannot be decoded \(.*\), expected a whole image"):
        decode_image(bytes(data), "a.png")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty, expected an image"),
        (b"<html>Not found</html>", "is no image of a known format, expected one of PNG, JPEG, WEBP"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n", "is no image of a known format"),
        (png_with_size(100_000, 100_000), "is too large .*, expected at most 67,108,864 pixels"),
        (png_with_size(8_193, 8_192), r"is too large \(8193 x 8192\), expected at most 67,108,864 pixels"),
        (png_with_size(11_000, 11_000), r"is too large \(11000 x 11000\)"),
        (png_with_size(0, 4), "cannot be decoded|no image"),
    ],
)
def test_what_is_no_whole_image_is_refused_by_name(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.png"
    path.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DataFormatError, match=f"bad.png: {message}"):
            read_image_bytes(path)


def test_size_is_checked_before_pixels_are_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(noise())
    monkeypatch.setattr(images, "MAX_PIXELS", 24 * 32 - 1)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("decoded"))
    with pytest.raises(DataFormatError, match=r"a.png: is too large \(32 x 24\)"):
        decode_image(data, "a.png")


def test_files_that_cannot_be_read_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataFormatError, match="none.png: does not exist, expected an image"):
        read_image_bytes(tmp_path / "none.png")
    with pytest.raises(DataFormatError, match="is no regular file"):
        read_image_bytes(tmp_path)
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DataFormatError, match="pipe.png: is no regular file"):
        read_image_bytes(tmp_path / "pipe.png")
    path = tmp_path / "a.png"
    path.write_bytes(encoded(noise()))
    monkeypatch.setattr(images, "MAX_FILE_BYTES", 100)
    with pytest.raises(DataFormatError, match=r"a.png: has [\d,]+ bytes, expected an image of at most 100"):
        read_image_bytes(path)

    def refuse(_: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(images, "MAX_FILE_BYTES", 10**6)
    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(DataFormatError, match=r"a.png: cannot be read \(Permission denied\)"):
        read_image_bytes(path)


def test_several_pictures_in_one_file_are_refused() -> None:
    frames = [noise(), noise().rotate(180)]
    for kind in ("GIF", "TIFF", "WEBP", "PNG"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        with pytest.raises(DataFormatError, match="a: holds 2 pictures, expected one"):
            decode_image(data, "a")
    preview = encoded(frames[0], "MPO", save_all=True, append_images=frames[1:])
    assert decode_image(preview, "a").size == (32, 24)


# --- to RGB ---


def test_transparent_pixels_stand_over_white() -> None:
    clear = Image.new("RGBA", (2, 1), (255, 0, 0, 0))
    clear.putpixel((1, 0), (255, 0, 0, 255))
    half = Image.new("LA", (1, 1), (0, 128))
    palette = Image.new("P", (2, 1))
    palette.putpalette([0, 255, 0, 0, 0, 255])
    palette.putpixel((1, 0), 1)
    assert list(map(tuple, np.asarray(decode_image(encoded(clear), "a"))[0].tolist())) == [
        (255, 255, 255),
        (255, 0, 0),
    ]
    assert np.asarray(decode_image(encoded(half), "a")).ravel().tolist() == [127] * 3
    over = decode_image(encoded(palette, transparency=0), "a")
    assert np.asarray(over)[0].tolist() == [[255, 255, 255], [0, 0, 255]]
    assert np.asarray(decode_image(encoded(palette), "a"))[0].tolist() == [[0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_stretched_to_eight(kind: str) -> None:
    values = np.array([[100, 1124, 4195]], np.uint16)
    picture = decode_image(encoded(Image.fromarray(values), kind), "a")
    assert np.asarray(picture)[0].tolist() == [[0] * 3, [64] * 3, [255] * 3]
    flat = np.full((2, 2), 65_535, np.uint16)
    assert np.asarray(decode_image(encoded(Image.fromarray(flat), kind), "a")).min() == 255


def test_floats_are_stretched_and_must_be_finite() -> None:
    values = np.array([[-1.0, 0.0, 1.0]], np.float32)
    assert np.asarray(decode_image(encoded(Image.fromarray(values), "TIFF"), "a"))[0, :, 0].tolist() == [
        0,
        128,
        255,
    ]
    values[0, 1] = np.nan
    with pytest.raises(
        DataFormatError, match=r"a.tif: cannot be decoded \(A picture must have finite values"
    ):
        decode_image(encoded(Image.fromarray(values), "TIFF"), "a.tif")


@pytest.mark.parametrize("mode", ["1", "L", "CMYK", "YCbCr"])
def test_other_modes_become_rgb(mode: str) -> None:
    picture = decode_image(encoded(noise().convert(mode), "TIFF"), "a")
    assert np.array_equal(np.asarray(picture), np.asarray(noise().convert(mode).convert("RGB")))


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    for kind in ("PNG", "JPEG", "WEBP", "TIFF"):
        picture = decode_image(encoded(noise(), kind, exif=exif), "a")
        assert picture.size == (24, 32)
    upright = np.asarray(decode_image(encoded(noise(), exif=exif), "a"))
    assert np.array_equal(upright, np.rot90(np.asarray(noise()), -1))


# --- any bytes ---


def decoded_or_refused(data: bytes) -> None:
    try:
        picture = decode_image(data, "any.img")
    except DataFormatError as error:
        assert str(error).startswith("any.img: ")
    else:
        assert picture.mode == "RGB"


@settings(deadline=None)
@given(data=st.binary(max_size=200))
def test_random_bytes_are_refused_or_decoded(data: bytes) -> None:
    decoded_or_refused(data)


WHOLE = {kind: encoded(noise((8, 8)), kind) for kind in IMAGE_FORMATS}


@settings(deadline=None)
@given(
    kind=st.sampled_from(IMAGE_FORMATS),
    length=st.integers(0, 100),
    tail=st.binary(max_size=60),
)
def test_true_beginnings_with_false_ends_are_refused_or_decoded(kind: str, length: int, tail: bytes) -> None:
    decoded_or_refused(WHOLE[kind][:length] + tail)


@settings(deadline=None)
@given(kind=st.sampled_from(IMAGE_FORMATS), seed=st.integers(0, 10_000), num_changes=st.integers(1, 8))
def test_damaged_images_are_refused_or_decoded(kind: str, seed: int, num_changes: int) -> None:
    rng = random.Random(seed)
    data = bytearray(WHOLE[kind])
    for _ in range(num_changes):
        data[rng.randrange(len(data))] = rng.randrange(256)
    decoded_or_refused(bytes(data))
