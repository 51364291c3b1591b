import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datamodules.instruction import InstructionDataModule
from datamodules.instruction.columns import ColumnConfig
from datamodules.instruction.record_splits import RecordSplits
from geneverse_pl.data.datamodule import HELD_OUT, MEMORISED, TRAIN, VAL
from geneverse_pl.data.records import Sample
from geneverse_pl.exceptions import ConfigError, LeakageError

Write = Callable[..., Path]
Records = Callable[..., list[dict[str, Any]]]


def alpaca(numbers: Iterable[int], **fields: Any) -> list[dict[str, Any]]:
    return [{"instruction": f"What is {n}?", "output": f"It is {n}.", **fields} for n in numbers]


def built(data: InstructionDataModule) -> dict[str, list[Sample]]:
    return {split: list(samples) for split, samples in data.build_samples().items()}


def lines(samples: Iterable[Sample]) -> list[Any]:
    return [sample.metadata["line"] for sample in samples]


def test_fractions_split_the_training_files_whole_images_at_a_time(
    write: Write, image_dir: Path, about_images: Records
) -> None:
    path = write("a.jsonl", about_images(range(40)))
    found = built(
        InstructionDataModule(path, image_dir=image_dir, val_fraction=0.125, held_out_fraction=0.25)
    )
    assert {split: len(samples) for split, samples in found.items()} == {
        TRAIN: 25,
        VAL: 5,
        HELD_OUT: 10,
        MEMORISED: 25,
    }
    shown = {split: {sample.images for sample in found[split]} for split in (TRAIN, VAL, HELD_OUT)}
    groups = {split: {sample.group for sample in found[split]} for split in (TRAIN, VAL, HELD_OUT)}
    for first, second in ((TRAIN, VAL), (TRAIN, HELD_OUT), (VAL, HELD_OUT)):
        assert not shown[first] & shown[second]
        assert not groups[first] & groups[second]
    assert found[MEMORISED] == found[TRAIN]
    everything = lines(found[TRAIN] + found[VAL] + found[HELD_OUT])
    assert sorted(everything) == list(range(1, 41))


def test_a_split_follows_the_seed(write: Write) -> None:
    path = write("a.jsonl", alpaca(range(100)))
    first, again, other = (built(InstructionDataModule(path, seed=seed)) for seed in (0, 0, 1))
    assert first == again
    assert lines(first[HELD_OUT]) != lines(other[HELD_OUT])
    assert len(first[VAL]) == 5
    assert len(first[HELD_OUT]) == 10


def test_images_with_the_same_bytes_are_one_image(
    write: Write, image_dir: Path, about_images: Records
) -> None:
    for number in range(8):
        (image_dir / f"{number + 8}.png").write_bytes((image_dir / f"{number}.png").read_bytes())
    path = write("a.jsonl", about_images(range(16), num_images=16))
    found = built(InstructionDataModule(path, image_dir=image_dir, held_out_fraction=0.5))
    numbers = {split: {int(s.images[0].stem) % 8 for s in found[split]} for split in (TRAIN, VAL, HELD_OUT)}
    assert not numbers[TRAIN] & (numbers[VAL] | numbers[HELD_OUT])
    assert not numbers[VAL] & numbers[HELD_OUT]


def test_records_with_one_group_or_question_stay_together(write: Write) -> None:
    rows = ["question\tanswer\tgene\n"]
    rows += [f"What is {n}?\t{n}\tgene{n % 5}\n" for n in range(20)]
    rows += [f"  what IS {n}?\tanew {n}\tgene{n % 5}\n" for n in range(20)]
    path = write("a.tsv", "".join(rows))
    data = InstructionDataModule(path, columns=ColumnConfig(group="gene"), held_out_fraction=0.4)
    found = built(data)
    groups = {split: {sample.group for sample in found[split]} for split in (TRAIN, VAL, HELD_OUT)}
    assert groups[TRAIN] | groups[VAL] | groups[HELD_OUT] == {f"group gene{n}" for n in range(5)}
    assert not groups[TRAIN] & groups[HELD_OUT]
    without = built(InstructionDataModule(write("b.tsv", "".join(rows).replace("gene", "x")), seed=3))
    asked = {
        split: {" ".join(sample.question.casefold().split()) for sample in without[split]}
        for split in (TRAIN, VAL, HELD_OUT)
    }
    assert not asked[TRAIN] & asked[HELD_OUT]
    assert not asked[TRAIN] & asked[VAL]


def test_files_can_be_given_for_each_split(write: Write) -> None:
    train = [write("a.jsonl", alpaca(range(5))), write("b.json", json.dumps(alpaca(range(5, 10))))]
    val, held_out = write("c.jsonl.gz", alpaca(range(10, 13))), write("d.jsonl", alpaca(range(13, 17)))
    data = InstructionDataModule(train, val, [held_out])
    found = built(data)
    assert [sample.answer for sample in found[TRAIN]] == [f"It is {n}." for n in range(10)]
    assert [sample.answer for sample in found[VAL]] == [f"It is {n}." for n in range(10, 13)]
    assert [sample.answer for sample in found[HELD_OUT]] == [f"It is {n}." for n in range(13, 17)]
    assert found[MEMORISED] == found[TRAIN]
    assert data.source_files() == [*train, val, held_out]
    assert {sample.metadata["file"] for sample in found[TRAIN]} == {"a.jsonl", "b.json"}


def test_a_given_file_and_a_fraction_can_be_mixed(write: Write) -> None:
    train, held_out = write("a.jsonl", alpaca(range(20))), write("b.jsonl", alpaca(range(20, 24)))
    found = built(InstructionDataModule(train, held_out=held_out, val_fraction=0.25, held_out_fraction=0.9))
    assert [len(found[split]) for split in (TRAIN, VAL, HELD_OUT)] == [15, 5, 4]
    found = built(InstructionDataModule(train, held_out_fraction=0))
    assert [len(found[split]) for split in (TRAIN, VAL, HELD_OUT)] == [19, 1, 0]


def test_files_that_share_an_image_question_or_group_are_refused(
    write: Write, image_dir: Path, about_images: Records
) -> None:
    train, held_out = write("a.jsonl", alpaca(range(20))), write("b.jsonl", alpaca([30, 7]))
    message = r"a.jsonl line 8 \(train\) and b.jsonl line 2 \(held_out\) have one question. Remove"
    with pytest.raises(LeakageError, match=message):
        built(InstructionDataModule(train, train.with_name("b.jsonl"), held_out, val_fraction=0.1))
    with pytest.raises(LeakageError, match=message):
        built(InstructionDataModule(train, write("c.jsonl", alpaca([40])), held_out))
    allowed = InstructionDataModule(
        train, write("c.jsonl", alpaca([40])), held_out, allow_shared_entities=True
    )
    assert len(built(allowed)[HELD_OUT]) == 2
    train, held_out = write("d.jsonl", about_images([0, 1])), write("e.jsonl", about_images([9]))
    val = write("f.jsonl", about_images([2]))
    with pytest.raises(
        LeakageError, match=r"d.jsonl line 2 \(train\) and e.jsonl line 1 \(held_out\) have one image"
    ):
        built(InstructionDataModule(train, val, held_out, image_dir=image_dir))
    train, held_out = write("g.jsonl", alpaca([1], group="X")), write("h.jsonl", alpaca([2], group="X"))
    with pytest.raises(
        LeakageError, match=r"g.jsonl line 1 \(train\) and h.jsonl line 1 .* have one group X"
    ):
        built(InstructionDataModule(train, val, held_out, image_dir=image_dir))


def test_too_few_groups_are_refused(write: Write) -> None:
    path = write("a.jsonl", alpaca(range(10), group="one"))
    with pytest.raises(
        ConfigError, match="a group of records for each of train, val, held_out, and they have 1"
    ):
        built(InstructionDataModule(path))


def test_caps_keep_whole_groups(write: Write) -> None:
    records = [record for n in range(20) for record in alpaca(range(10 * n, 10 * n + 10), group=f"gene {n}")]
    path = write("a.jsonl", records)
    data = InstructionDataModule(
        path, val_fraction=0.2, held_out_fraction=0.2, max_val=20, max_held_out=15, max_memorised=0
    )
    found = built(data)
    # A second group of ten does not fit in 15, and none is cut.
    assert [len(samples) for samples in found.values()] == [120, 20, 10, 0]
    assert len({sample.group for sample in found[VAL]}) == 2
    assert len({sample.group for sample in found[HELD_OUT]}) == 1
    memorised = built(InstructionDataModule(path, max_memorised=25))
    assert len(memorised[MEMORISED]) == 20
    assert all(sample in memorised[TRAIN] for sample in memorised[MEMORISED])


@settings(max_examples=100, deadline=None)
@given(
    records=st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4)), min_size=1, max_size=20),
    most=st.integers(0, 12),
    seed=st.integers(0, 3),
)
def test_a_group_is_cut_only_where_none_fits(records: list[tuple[int, int]], most: int, seed: int) -> None:
    groups, counts = [f"g{group}" for group, _ in records], [count for _, count in records]
    found = RecordSplits([VAL] * len(records), {VAL: 0}, groups, counts)
    found.choose({VAL: most}, seed)
    chosen = found.numbers(VAL)
    sizes = {group: sum(c for g, c in zip(groups, counts, strict=True) if g == group) for group in groups}
    taken = sum(counts[number] for number in chosen)
    members = {groups[number] for number in chosen}
    assert bool(chosen) == bool(most)
    if min(sizes.values()) <= most:
        assert taken == sum(sizes[group] for group in members) <= most
        assert all(size > most - taken for group, size in sizes.items() if group not in members)
    else:
        assert len(members) <= 1
        assert taken <= most or len(chosen) == 1


def test_a_cap_counts_answers_and_leaves_no_split_empty(write: Write) -> None:
    records = [
        {
            "messages": [
                {"role": ("user", "assistant")[part % 2], "content": f"{number} {part}"} for part in range(6)
            ]
        }
        for number in range(20)
    ]
    found = built(
        InstructionDataModule(write("a.jsonl", records), val_fraction=0.5, max_val=1, max_memorised=7)
    )
    assert len(found[VAL]) == 3
    assert len(found[MEMORISED]) == 6


NODES = st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans())


@settings(max_examples=40, deadline=None)
@given(records=st.lists(NODES, min_size=3, max_size=25), seed=st.integers(0, 3))
def test_no_group_and_no_question_lies_in_two_splits(
    records: list[tuple[int, int, bool]], seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "split.jsonl"
    path.write_text(
        "".join(
            json.dumps({"question": f"q{q}", "answer": "a", "group": f"g{g}" if has_group else None}) + "\n"
            for q, g, has_group in records
        )
    )
    data = InstructionDataModule(path, val_fraction=0.2, held_out_fraction=0.2, seed=seed)
    try:
        found = built(data)
    except ConfigError as error:
        assert "a group of records for each of" in str(error)
        return
    places: dict[object, set[str]] = {}
    for split in (TRAIN, VAL, HELD_OUT):
        assert found[split]
        for sample in found[split]:
            row = records[int(str(sample.metadata["line"])) - 1]
            places.setdefault(("question", row[0]), set()).add(split)
            places.setdefault(("of", sample.group), set()).add(split)
            if row[2]:
                places.setdefault(("group", row[1]), set()).add(split)
    assert all(len(splits) == 1 for splits in places.values())
    assert sum(len(found[split]) for split in (TRAIN, VAL, HELD_OUT)) == len(records)
