"""``max_skipped_rows`` of data modules: what is passed over, what the store says of it, and when it stops."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from datamodules import GeneFunctionDataModule, GenePhenotypeDataModule, InstructionDataModule
from datamodules.sources.tolerance import SKIPPED_ROWS
from geneverse_pl.cli import main
from geneverse_pl.data.datamodule import EncodingConfig, TextDataModule
from geneverse_pl.data.store import TokenStore
from geneverse_pl.exceptions import ConfigError, DataFormatError

Make = Callable[..., TextDataModule]
RECORDS = [{"question": f"What is {n}?", "answer": f"It is {n}.", "id": f"r{n}"} for n in range(30)]
BAD_RECORDS = ["{", '["no object"]', '{"question": "Why?"}', json.dumps(RECORDS[0] | {"question": "Who?"})]


@pytest.fixture
def makers(
    tiny_hpo_folder: Path, tiny_gene_folder: Path, tiny_model_dir: Path, tmp_path: Path
) -> dict[str, Make]:
    """Data modules over files of which one has two faulty rows, or four faulty records."""
    with (tiny_hpo_folder / "phenotype.hpoa").open("a") as file:
        file.write("OMIM:1\tcut\n")
        file.write(
            "\t".join(["OMIM 1", "Odd", "", "HP:0100001", "PMID:1", "PCS", *[""] * 4, "P", "me"]) + "\n"
        )
    with (tiny_gene_folder / "genes_to_disease.txt").open("a") as file:
        file.write("x\tA\tMENDELIAN\tOMIM:1\ts\ny\tA\tMENDELIAN\tOMIM:1\ts\n")
    records = tmp_path / "records.jsonl"
    records.write_text("\n".join([*map(json.dumps, RECORDS), *BAD_RECORDS]) + "\n")
    common: dict[str, Any] = {
        "encoding": EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
        "cache_dir": tmp_path / "stores",
    }
    return {
        "hpo": lambda **options: GenePhenotypeDataModule(hpo_dir=tiny_hpo_folder, **common, **options),
        "genes": lambda **options: GeneFunctionDataModule(
            tiny_gene_folder, sources=["gene2go", "diseases"], **common, **options
        ),
        "records": lambda **options: InstructionDataModule(records, **common, **options),
    }


FOUND = {"hpo": [1, 1], "genes": [2], "records": [1, 1, 1, 1]}


@pytest.mark.parametrize("name", FOUND)
def test_faulty_rows_are_passed_over_and_summed_up_in_the_store(
    name: str, makers: dict[str, Make], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(DataFormatError, match=r": line \d+ "):
        makers[name]().prepare_data()
    assert list(tmp_path.glob("stores/*.h5")) == []
    data = makers[name](max_skipped_rows=4)
    data.prepare_data()
    data.setup("fit")
    about = data.store.document(SKIPPED_ROWS)
    assert about["max_skipped_rows"] == 4
    assert [rows["num_rows"] for rows in about["rows"]] == FOUND[name]
    assert all(rows["first_line"] > 1 and rows["file"] and rows["reason"] for rows in about["rows"])
    assert f"passed over {sum(FOUND[name])} faulty rows" in caplog.text
    assert len(list(data.iter_samples("train"))) > 10


@pytest.mark.parametrize("name", FOUND)
def test_too_many_are_an_error_with_the_summary(name: str, makers: dict[str, Make], tmp_path: Path) -> None:
    with pytest.raises(DataFormatError, match=r"(?s)expected at most max_skipped_rows=1 .* [12] x .*First: "):
        makers[name](max_skipped_rows=1).prepare_data()
    assert list(tmp_path.glob("stores/*.h5")) == []


@pytest.mark.parametrize("name", FOUND)
def test_the_option_is_checked_and_names_the_store(name: str, makers: dict[str, Make]) -> None:
    with pytest.raises(ConfigError, match="max_skipped_rows must be a number of rows"):
        makers[name](max_skipped_rows=-1)
    one, same, other = (makers[name](max_skipped_rows=most) for most in (4, 4, 0.5))
    assert one.store_path == same.store_path != other.store_path


def test_whole_files_need_no_document(
    make_tiny_hpo: Callable[..., Path], tiny_model_dir: Path, tmp_path: Path
) -> None:
    data = GenePhenotypeDataModule(
        hpo_dir=make_tiny_hpo(tmp_path / "whole"),
        max_skipped_rows=0.5,
        encoding=EncodingConfig(template="plain", tokenizer=str(tiny_model_dir)),
        cache_dir=tmp_path / "stores",
    )
    assert data.build_samples()["train"]
    assert SKIPPED_ROWS not in data.documents()


def test_a_record_with_a_missing_picture_is_a_faulty_one(tiny_model_dir: Path, tmp_path: Path) -> None:
    chat = [{"from": "human", "value": "<image> What?"}, {"from": "gpt", "value": "This."}]
    lines = [json.dumps({"conversations": chat, "image": "none.png"}), *map(json.dumps, RECORDS)]
    mixed = tmp_path / "mixed.jsonl"
    mixed.write_text("\n".join(lines))
    data = InstructionDataModule(mixed, image_dir=tmp_path, record_format="llava", max_skipped_rows=1)
    with pytest.raises(DataFormatError, match=r"(?s)max_skipped_rows=1 .*names the image"):
        data.build_samples()


def test_prepare_takes_the_option(tiny_model_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "question,answer\n" + "".join(f"Q{n}?,A{n}\n" for n in range(30)) + "odd\n"
    )
    (tmp_path / "run.yaml").write_text(
        f"model: {{class_path: geneverse_pl.TextTask, init_args: {{model: '{tiny_model_dir}'}}}}\n"
        f"data: {{class_path: datamodules.InstructionDataModule, init_args: {{train: {tmp_path}/a.csv, "
        f"cache_dir: {tmp_path}/stores}}}}\n"
    )
    command = ["prepare", "--config", str(tmp_path / "run.yaml")]
    assert main(command) == 2
    assert main([*command, "--data.init_args.max_skipped_rows", "0.1"]) == 0
    [store] = tmp_path.glob("stores/*.h5")
    [rows] = TokenStore(store).document(SKIPPED_ROWS)["rows"]
    assert (rows["file"], rows["first_line"], rows["num_rows"]) == ("a.csv", 32, 1)
    assert rows["reason"] == "has ... cells, expected 2 as in the header. The file may be cut."
