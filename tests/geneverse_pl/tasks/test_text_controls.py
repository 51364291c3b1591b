"""Controls of open and closed questions, from the samples of a store."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from geneverse_pl import TextDataModule
from geneverse_pl.data.datamodule import HELD_OUT, TRAIN, VAL, EncodingConfig
from geneverse_pl.data.drawn import drawn_samples
from geneverse_pl.data.records import Sample
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.tasks.text_controls import add_controls


class OpenDataModule(TextDataModule):
    """Open and closed questions on twenty things."""

    def source_files(self) -> list[Path]:
        return []

    def options(self) -> Mapping[str, object]:
        return {}

    def build_samples(self) -> Mapping[str, Iterable[Sample]]:
        texts = [Sample(f"What is thing {n}?", f"It is {n}.", kind="text/thing") for n in range(20)]
        closed = [
            Sample(f"Is thing {n} odd?", "Yes" if n % 5 else "No", kind="choice/odd", choices=("Yes", "No"))
            for n in range(20)
        ]
        return {TRAIN: [*texts, *closed], VAL: texts[:1], HELD_OUT: texts[:1]}


def test_they_learn_from_the_training_samples(tiny_model_dir: Path, tmp_path: Path) -> None:
    data = OpenDataModule(encoding=EncodingConfig(template="plain"), cache_dir=tmp_path)
    data.use_model(str(tiny_model_dir))
    data.prepare_data()
    data.setup("test")
    results = [
        ItemResult("held_out", {"kind": "text/thing"}, 1, question="What is thing 17?", texts={"tuned": "x"}),
        ItemResult(
            "held_out",
            {"kind": "choice/odd", "choices": ["No", "Yes"]},
            1,
            question="Is thing 3 odd?",
            choices={"tuned": [-1.0, -2.0]},
        ),
        ItemResult("held_out", {"kind": "text/unknown"}, 1, question="Why?", texts={"tuned": "x"}),
    ]
    add_controls(results, data)
    assert results[0].texts["nearest_neighbour"] == "It is 17."
    assert results[0].texts["constant"].startswith("It is")
    assert results[1].choices["majority"] == [0.0, 1.0]
    assert results[1].choices["nearest_neighbour"][1] > results[1].choices["nearest_neighbour"][0]
    assert results[2].texts == {"tuned": "x"}
    few = drawn_samples(data.store.split(TRAIN), ["choice/odd", "none"], 5)
    again = drawn_samples(data.store.split(TRAIN), ["choice/odd"], 5)
    assert [len(samples) for samples in few.values()] == [5]
    assert [s.input_ids.tolist() for s in few["choice/odd"]] == [
        s.input_ids.tolist() for s in again["choice/odd"]
    ]
