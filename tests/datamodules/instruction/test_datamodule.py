import json
import logging
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from datamodules.instruction import InstructionDataModule
from datamodules.instruction.columns import ColumnConfig
from datamodules.sources.tables import MissingFileError
from geneverse_pl.cli import main
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL, EncodingConfig
from geneverse_pl.data.images import decode_image
from geneverse_pl.data.records import Sample
from geneverse_pl.data.store import TokenStore
from geneverse_pl.data.vision_datamodule import ImagesConfig
from geneverse_pl.exceptions import ConfigError, DataFormatError, GeneverseError
from geneverse_pl.models.projector import ProjectorConfig
from geneverse_pl.models.vision_tower import VisionConfig

Write = Callable[..., Path]
Records = Callable[..., list[dict[str, Any]]]


def alpaca(numbers: Iterable[int], **fields: Any) -> list[dict[str, Any]]:
    return [{"instruction": f"What is {n}?", "output": f"It is {n}.", **fields} for n in numbers]


def built(data: InstructionDataModule) -> dict[str, list[Sample]]:
    return {split: list(samples) for split, samples in data.build_samples().items()}


# --- options and errors ---


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"record_format": "alpacca"}, "Unknown record_format 'alpacca'. Did you mean 'alpaca'"),
        ({"delimiter": ",,"}, "delimiter must be one character between cells, got ',,'"),
        ({"delimiter": '"'}, "delimiter must be one character"),
        ({"val_fraction": 0}, r"val_fraction must be in \(0, 1\), got 0"),
        ({"held_out_fraction": 1}, r"held_out_fraction must be in \[0, 1\), got 1"),
        ({"val_fraction": 0.5, "held_out_fraction": 0.5}, "must be < 1, to leave something to train on"),
        ({"max_val": 0}, "max_val must be >= 1, got 0"),
        ({"max_memorised": -1}, "max_memorised must be >= 0, got -1"),
        ({"train": []}, "train must name at least one file, got none"),
        (
            {"record_format": "llava", "columns": ColumnConfig(question="q")},
            "are for record_format 'columns', got 'llava'",
        ),
    ],
)
def test_options_are_checked(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        InstructionDataModule(**{"train": Path("a.jsonl"), **options})


@pytest.mark.parametrize(
    ("record", "options", "message"),
    [
        (
            {"image": "none.png"},
            {},
            "names the image 'none.png', and .*none.png does not exist. Check the name",
        ),
        ({"image": "."}, {}, "names the image '.', and .* is no file"),
        ({"image": "../a.jsonl"}, {}, "has an image that cannot be used.*got '../a.jsonl', which has '..'"),
        ({"image": "/etc/hostname"}, {}, "has an image that cannot be used.*the absolute path"),
        ({"image": "0.png"}, {"image_dir": None}, "names the image '0.png', and no image folder is given"),
        ({"image": []}, {}, "has 1 <image> mark and no images"),
        ({"instruction": "a", "image": "0.png"}, {}, "has 1 image and no <image> mark"),
    ],
)
def test_faulty_images_are_placed(
    record: dict[str, Any], options: dict[str, Any], message: str, write: Write, image_dir: Path
) -> None:
    path = write("a.jsonl", [*alpaca(range(5)), {"instruction": "<image>\na", "output": "b", **record}])
    data = InstructionDataModule(path, **{"image_dir": image_dir, **options})
    with pytest.raises(DataFormatError, match=f"a.jsonl: line 6 {message}"):
        built(data)


def test_repeated_ids_are_refused_in_one_file(write: Write) -> None:
    records = [{**record, "id": n % 9} for n, record in enumerate(alpaca(range(10)))]
    path = write("a.json", json.dumps(records, indent=0))
    message = r"a.json: line \d+ \(record 10\) has the id '0', which a.json line 2 \(record 1\) has too"
    with pytest.raises(DataFormatError, match=message):
        built(InstructionDataModule(path))
    assert built(InstructionDataModule(path, allow_repeated_ids=True))[TRAIN]
    one, other = write("b.jsonl", records[:9]), write("c.jsonl", [records[9]])
    assert built(InstructionDataModule([one, other]))[TRAIN]


def test_a_named_column_that_no_record_has_is_refused(write: Write) -> None:
    path = write("a.csv", "question,answer,picture\na,b,0.png\nc,d,\n")
    data = InstructionDataModule(path, columns=ColumnConfig(image="pictur"))
    message = (
        "a.csv: has no column 'pictur', which columns.image names. Did you mean 'picture'. Found: question"
    )
    with pytest.raises(DataFormatError, match=message.replace("'picture'.", r"'picture'\?")):
        built(data)


def test_missing_files_are_named_with_their_option(tmp_path: Path, write: Write) -> None:
    data = InstructionDataModule(write("a.jsonl", alpaca(range(5))), held_out=tmp_path / "none.jsonl")
    for ask in (data.source_files, data.options):
        with pytest.raises(
            MissingFileError, match=r"none.jsonl: no such file. Check data.init_args.held_out"
        ):
            ask()


def test_options_tell_one_data_set_from_another(write: Write, image_dir: Path, about_images: Records) -> None:
    path, other = write("a.jsonl", about_images(range(16))), write("b.jsonl", about_images(range(16, 20)))

    def digest(**options: Any) -> str:
        given: dict[str, Any] = {"train": path, "image_dir": image_dir, **options}
        return json.dumps(InstructionDataModule(**given).options(), sort_keys=True)

    first = digest()
    assert digest() == first == digest(seed=5)
    changed = [
        digest(train=[path, other]),
        digest(train=[other, path]),
        digest(val=other),
        digest(held_out=other),
        digest(record_format="llava"),
        digest(columns=ColumnConfig(group="id")),
        digest(add_missing_mark=True),
        digest(max_val=3),
        digest(val_fraction=0.3),
        digest(allow_shared_entities=True),
    ]
    assert len({first, *changed}) == len(changed) + 1
    Image.new("RGB", (5, 5)).save(image_dir / "unused.png")
    assert digest() == first
    status = (image_dir / "3.png").stat()
    os.utime(image_dir / "3.png", ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    assert digest() != first


def test_every_format_may_be_in_one_data_set(write: Write, image_dir: Path, about_images: Records) -> None:
    message = [{"role": "user", "content": "b"}, {"role": "assistant", "content": "c"}]
    files = [
        write("a.jsonl", alpaca(range(3))),
        write("b.json", json.dumps(about_images(range(3)))),
        write("c.jsonl.gz", [{"messages": message}]),
        write("d.csv", 'context,question,answer,image\n"<image>\nGene: X",Is it?,Yes,7.png\n'),
    ]
    found = built(InstructionDataModule(files, image_dir=image_dir, held_out_fraction=0, max_memorised=0))
    samples = {str(sample.metadata["file"]): sample for sample in found[TRAIN] + found[VAL]}
    assert samples.keys() == {"a.jsonl", "b.json", "c.jsonl.gz", "d.csv"}
    assert samples["d.csv"].context == "<image>\nGene: X"
    assert samples["d.csv"].images == (image_dir / "7.png",)


# --- with the machinery ---


def test_text_is_prepared_for_a_text_task(
    write: Write, tiny_model_dir: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = InstructionDataModule(
        write("a.jsonl", alpaca(range(20), system="Be brief.")),
        encoding=EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
        cache_dir=tmp_path / "stores",
    )
    with caplog.at_level(logging.INFO):
        data.prepare_data()
    assert "split: train 17 records, val 1 records, held_out 2 records" in caplog.text
    data.setup("fit")
    stored = list(data.iter_samples(TRAIN))
    assert len(stored) == 17
    texts = [str(data.tokenizer.decode(sample.input_ids)) for sample in stored]
    first = built(data)[TRAIN][0]
    assert f"Be brief.\n{first.question} {first.answer}" in texts[0]
    assert stored[0].metadata["line"] == first.metadata["line"]
    batch = next(iter(data.train_dataloader()))
    assert batch["target_ids"].numel() > 0
    assert "image_ids" not in batch


def test_images_are_refused_by_a_text_task(
    write: Write, image_dir: Path, tiny_model_dir: Path, tmp_path: Path, about_images: Records
) -> None:
    data = InstructionDataModule(
        write("a.jsonl", about_images(range(20))),
        image_dir=image_dir,
        encoding=EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
        cache_dir=tmp_path / "stores",
    )
    with pytest.raises(GeneverseError, match="has images .*, and this task reads text alone"):
        data.prepare_data()


@pytest.fixture
def vision_data(
    write: Write, image_dir: Path, tiny_model_dir: Path, tmp_path: Path, about_images: Records
) -> InstructionDataModule:
    """Twenty questions about eight images, and one without, for a task with a random tiny tower."""
    turns = [{"from": "human", "value": "Two and two?"}, {"from": "gpt", "value": "4"}]
    data = InstructionDataModule(
        write("a.jsonl", [*about_images(range(20)), {"id": 20, "conversations": turns}]),
        image_dir=image_dir,
        encoding=EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
        images=ImagesConfig(cache_features="off"),
        cache_dir=tmp_path / "stores",
    )
    data.use_vision(VisionConfig("timm:test_efficientnet", pretrained="random"), ProjectorConfig())
    return data


def test_each_image_is_stored_once(vision_data: InstructionDataModule) -> None:
    data = vision_data
    data.prepare_data()
    data.setup("fit")
    assert len(data.store.images) == 8
    samples = [sample for split in (TRAIN, VAL, HELD_OUT) for sample in data.iter_samples(split)]
    assert sorted(len(sample.images) for sample in samples) == [0, *[1] * 20]
    for sample in samples:
        if len(sample.images):
            number = (int(str(sample.metadata["line"])) - 1) % 8
            stored = decode_image(data.store.images[int(sample.images[0])], "stored")
            assert stored.getpixel((0, 0)) == (30 * number, 0, 0)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-20], "cannot be decoded"),
        (lambda data: b"", "is empty, expected an image"),
        (lambda data: b"<html>", "is no image of a known format"),
    ],
)
def test_a_damaged_image_is_refused_with_its_record(
    damage: Callable[[bytes], bytes],
    message: str,
    image_dir: Path,
    vision_data: InstructionDataModule,
) -> None:
    path = image_dir / "5.png"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(
        DataFormatError, match=f"a.jsonl: line 6 names an image that cannot be used. .*5.png: {message}"
    ):
        vision_data.prepare_data()


def test_a_configuration_can_name_one_file_or_several(
    write: Write, tiny_model_dir: Path, tmp_path: Path
) -> None:
    write("a.csv", "question,answer,gene\n" + "".join(f"What is {n}?,{n},gene {n}\n" for n in range(20)))
    write("b.jsonl", alpaca(range(20, 30), gene="x"))
    for files, expected in (('"a.csv"', 20), ('["a.csv", "b.jsonl"]', 30)):
        config = write(
            "run.yaml",
            f"""
model: {{class_path: geneverse_pl.TextTask, init_args: {{model: "{tiny_model_dir}"}}}}
data:
  class_path: datamodules.instruction.InstructionDataModule
  init_args:
    train: {files.replace('"a', f'"{tmp_path}/a').replace('"b', f'"{tmp_path}/b')}
    columns: {{group: gene}}
    max_memorised: 0
    cache_dir: {tmp_path / "stores"}
""",
        )
        before = set(tmp_path.glob("stores/*.h5"))
        main(["prepare", "--config", str(config)])
        [path] = set(tmp_path.glob("stores/*.h5")) - before
        store = TokenStore(path)
        assert sum(len(store.split(split)) for split in store.splits) == expected
