"""The draft of a store: blocks that come back after a kill, and those that must not."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from geneverse_pl.data.blocks import CountedBlock, EncodedBlock, EncodingCounts
from geneverse_pl.data.encoded import EncodedSample
from geneverse_pl.data.store import StoreDraft, TokenStore
from geneverse_pl.data.store import draft as draft_module
from geneverse_pl.data.store.draft import draft_folder
from geneverse_pl.exceptions import ConfigError, DataFormatError

PROVENANCE = {"source": "phénotype.hpoa", "seed": 3}
SPLITS = ["train", "val"]


def block(number: int, images: tuple[int, ...] = ()) -> CountedBlock:
    ids = np.arange(5, dtype=np.int32) + number
    sample = EncodedSample(ids, ids % 2 == 0, 1, number, {"number": number})
    encoded = EncodedBlock.of([sample] * 3)
    shown = np.array(images * 3, np.int64), np.full(3, len(images))
    encoded = replace(encoded, images=shown[0], num_images=shown[1])
    return CountedBlock(encoded, EncodingCounts(3, 0, 9, {"fact/x": 3}), 3, f"digest {number}")


def started(path: Path, provenance: dict[str, object] | None = None) -> StoreDraft:
    """A draft as a killed process leaves it open: never left as a context manager."""
    return StoreDraft(path, provenance or PROVENANCE, SPLITS).__enter__()


def kept(draft: StoreDraft, split: str) -> list[str]:
    """Digests of the blocks that are taken over."""
    digests = []
    while (encoded := draft.next(split)) is not None:
        digests.append(encoded.digest)
        draft.keep()
    return digests


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.h5"


@pytest.fixture
def killed(path: Path) -> Path:
    """A draft of two blocks for training and one for validation."""
    draft = started(path)
    for number, split in enumerate(("train", "train", "val")):
        draft.add(split, block(number))
    return draft_folder(path)


def test_blocks_are_taken_over_split_by_split(path: Path, killed: Path) -> None:
    with StoreDraft(path, PROVENANCE, SPLITS) as draft:
        assert draft.next("val") is None  # training comes first
        found = draft.next("train")
        assert found is not None
        assert (found.digest, found.num_sources, found.counts) == ("digest 0", 3, block(0).counts)
        for one, other in zip(found.block.samples(), block(0).block.samples(), strict=True):
            assert one.input_ids.tolist() == other.input_ids.tolist()
            assert one.trained.tolist() == other.trained.tolist()
            assert (one.prefix_group, one.metadata) == (other.prefix_group, other.metadata)
        assert kept(draft, "train") == ["digest 0", "digest 1"]
        assert kept(draft, "val") == ["digest 2"]
        draft.add("val", block(3))
        draft.finish({"table": [1]})
    store = TokenStore(path)
    numbers = {name: [s.metadata["number"] for s in store.split(name).read_many(range(6))] for name in SPLITS}
    assert numbers == {"train": [0, 0, 0, 1, 1, 1], "val": [2, 2, 2, 3, 3, 3]}
    assert store.document("table") == [1]
    assert store.provenance == PROVENANCE
    assert [file.name for file in path.parent.iterdir()] == ["a.h5"]


def test_what_is_not_taken_over_is_gone_once_something_is_added(path: Path, killed: Path) -> None:
    draft = started(path)
    assert draft.next("train") is not None
    draft.keep()
    draft.add("train", block(9))
    assert draft.next("train") is None
    again = started(path)
    assert kept(again, "train") == ["digest 0", "digest 9"]
    assert kept(again, "val") == []


def test_a_draft_of_another_provenance_is_removed(path: Path, killed: Path) -> None:
    draft = started(path, {"source": "phénotype.hpoa", "seed": 4})
    assert kept(draft, "train") == []
    assert sorted(file.name for file in killed.iterdir()) == ["about.json"]


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"version": 0})])
def test_a_draft_without_a_good_note_is_removed(content: str, path: Path, killed: Path) -> None:
    (killed / "about.json").write_text(content)
    assert kept(started(path), "train") == []


@pytest.mark.parametrize("place", [0.0, 0.3, 0.6, 0.99])
def test_a_damaged_block_and_those_after_it_are_made_again(place: float, path: Path, killed: Path) -> None:
    file = killed / "00000001.npz"
    whole = file.read_bytes()
    file.write_bytes(whole[: int(place * len(whole))])
    assert kept(started(path), "train") == ["digest 0"]


def test_a_flipped_token_is_recognised(path: Path, killed: Path) -> None:
    file = killed / "00000000.npz"
    tokens = block(0).block.input_ids.tobytes()
    content = file.read_bytes()
    assert tokens in content
    file.write_bytes(content.replace(tokens, bytes([tokens[0] ^ 1]) + tokens[1:]))
    assert kept(started(path), "train") == []


def test_nothing_is_kept_that_was_not_given(path: Path) -> None:
    with pytest.raises(ValueError, match="must be given by next before it is kept"):
        started(path).keep()


# --- errors ---


@pytest.mark.parametrize(
    ("error", "worth", "stays"),
    [
        (OSError("disk full"), 1, True),
        (KeyboardInterrupt(), 1, True),
        (OSError("disk full"), 2**20, False),
        (ConfigError("max_length must hold it."), 1, False),
        (DataFormatError("a.csv", "is no table."), 1, False),
    ],
)
def test_after_an_error_a_draft_stays_where_it_helps(
    error: BaseException, worth: int, stays: bool, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(draft_module, "_WORTH_KEEPING", worth)
    with pytest.raises(type(error)), StoreDraft(path, PROVENANCE, SPLITS) as draft:
        draft.add("train", block(0))
        raise error
    assert draft_folder(path).exists() == stays
    assert not path.exists()
    if stays:
        assert kept(started(path), "train") == ["digest 0"]


def test_wrong_splits_and_provenance_are_refused_at_once(path: Path) -> None:
    with pytest.raises(ValueError, match="splits must be distinct"):
        StoreDraft(path, {}, ["a", "a"])
    with pytest.raises(TypeError, match="not JSON serializable"):
        StoreDraft(path, {"path": path}, ["a"])


# --- images ---


def test_images_follow_their_blocks(path: Path) -> None:
    draft = started(path)
    assert [draft.add_image(data) for data in (b"one", b"two", b"one")] == [0, 1, 0]
    draft.add("train", block(0, (0, 1)))
    assert draft.add_image(b"lost") == 2  # its block was never finished
    draft = started(path)
    assert kept(draft, "train") == ["digest 0"]
    assert [draft.add_image(data) for data in (b"two", b"three")] == [1, 2]
    draft.add("val", block(1, (1,)))
    draft.add("val", block(2))
    with StoreDraft(path, PROVENANCE, SPLITS) as draft:
        assert len(kept(draft, "train") + kept(draft, "val")) == 3
        draft.finish({})
    store = TokenStore(path)
    assert [store.images[number] for number in range(len(store.images))] == [b"one", b"two", b"three"]


def test_a_block_whose_images_are_missing_is_made_again(path: Path) -> None:
    draft = started(path)
    draft.add("train", block(0))
    draft.add_image(b"a picture")
    draft.add("train", block(1, (0,)))
    (draft_folder(path) / "images.data").write_bytes(b"a pic")
    draft = started(path)
    assert kept(draft, "train") == ["digest 0"]
    assert draft.add_image(b"another") == 0
