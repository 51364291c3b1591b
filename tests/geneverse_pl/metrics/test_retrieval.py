"""Retrieval between pictures and captions, by hand."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from geneverse_pl.metrics import ImageTextRetrieval


def angles(*degrees: float) -> Tensor:
    """Places on a circle."""
    radians = torch.tensor(degrees) * math.pi / 180
    return torch.stack([radians.cos(), radians.sin()], dim=1)


def result(*batches: tuple[Tensor, Tensor, list[int], list[int]]) -> dict[str, float]:
    metric = ImageTextRetrieval()
    for images, texts, image_ids, text_ids in batches:
        metric.update(images, texts, torch.tensor(image_ids), torch.tensor(text_ids))
    return {name: float(value) for name, value in metric.compute().items()}


def test_ranks_by_hand() -> None:
    # Picture 2 lies nearest to the caption of picture 1, its own comes second.
    found = result((angles(0, 40, 60), angles(0, 50, 90), [7, 8, 9], [1, 2, 3]))
    assert found["image_to_text_recall_at_1"] == pytest.approx(2 / 3)
    assert found["image_to_text_recall_at_5"] == 1
    assert found["image_to_text_median_rank"] == 1
    assert found["text_to_image_recall_at_1"] == pytest.approx(1.0)
    far = result((angles(0, 90, 180), angles(180, 90, 0), [0, 1, 2], [0, 1, 2]))
    assert far["image_to_text_recall_at_1"] == pytest.approx(1 / 3)
    assert far["image_to_text_median_rank"] == 3


def test_recall_at_five_and_ten() -> None:
    # Twelve pictures in one place, and captions ever farther away: their ranks are 1 to 12.
    found = result((angles(*[0.0] * 12), angles(*range(0, 120, 10)), list(range(12)), list(range(12))))
    assert [found[f"image_to_text_recall_at_{depth}"] for depth in (1, 5, 10)] == pytest.approx(
        [1 / 12, 5 / 12, 10 / 12]
    )
    assert found["image_to_text_median_rank"] == 6.5
    assert found["text_to_image_recall_at_10"] == 0  # each caption sees twelve equal pictures
    assert found["text_to_image_median_rank"] == 12


def test_several_captions_of_a_picture_and_pictures_of_a_caption() -> None:
    # Picture 0 has captions 0 and 1; pictures 1 and 2 share caption 2.
    images, texts = angles(0, 0, 80, 100), angles(5, 30, 90, 90)
    found = result((images, texts, [0, 0, 1, 2], [0, 1, 2, 2]))
    assert found["image_to_text_recall_at_1"] == 1
    assert found["text_to_image_recall_at_1"] == 1
    # By row, caption 1 and one of the equal captions could not have been first.


def test_pairs_of_all_batches_count_together() -> None:
    whole = (angles(0, 40, 60), angles(0, 50, 90), [7, 8, 9], [1, 2, 3])
    parts = [(whole[0][i : i + 1], whole[1][i : i + 1], [whole[2][i]], [whole[3][i]]) for i in range(3)]
    assert result(*parts) == result(whole)


def test_a_collapsed_model_finds_nothing() -> None:
    found = result((angles(30, 30, 30), angles(30, 30, 30), [0, 1, 2], [0, 1, 2]))
    assert found["image_to_text_recall_at_1"] == found["text_to_image_recall_at_1"] == 0
    assert found["image_to_text_median_rank"] == 3


@pytest.mark.filterwarnings("ignore:The ``compute`` method of metric")
def test_no_pairs_have_no_scores() -> None:
    found = result()
    assert len(found) == 8
    assert all(math.isnan(value) for value in found.values())


def test_two_ranks_equal_one() -> None:
    parts: list[Any] = [
        (angles(0, 40), angles(0, 50), torch.tensor([7, 8]), torch.tensor([1, 2])),
        (angles(60), angles(90), torch.tensor([9]), torch.tensor([3])),
    ]
    here, there, single = (ImageTextRetrieval(sync_on_compute=False) for _ in range(3))
    here.update(*parts[0])
    there.update(*parts[1])
    for part in parts:
        single.update(*part)
    names = iter(here._defaults)
    # Stands for the collective: each state of this rank meets the other rank's state of the same name.
    here.sync(
        dist_sync_fn=lambda state, group: [state, getattr(there, next(names))[0]],
        distributed_available=lambda: True,
    )
    joined, expected = here.compute(), single.compute()
    assert {name: float(joined[name]) for name in joined} == {n: float(v) for n, v in expected.items()}


def test_shapes_that_do_not_agree() -> None:
    with pytest.raises(ValueError, match=r"one shape \(B, D\), and their ids \(B,\), got \[\(2, 2\)"):
        result((angles(0, 1), angles(0), [0, 1], [0, 1]))
    with pytest.raises(ValueError, match=r"Give one pair a row"):
        result((angles(0, 1), angles(0, 1), [0], [0, 1]))
