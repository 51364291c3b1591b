import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

from geneverse_pl.cli import main
from geneverse_pl.data.prompts import PromptTemplate
from geneverse_pl.evaluation.scores import read_scores
from geneverse_pl.models.adapter_folder import save_adapter
from geneverse_pl.models.adapters import AdapterConfig
from geneverse_pl.models.language_model import LanguageModel, load_base
from geneverse_pl.representations.embedding_file import read_embeddings


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """Twenty genes of two families and twenty diseases, each gene linked to one."""
    entities = ["id\tname\tkind\tfamily\tgroup"]
    entities += [f"g{n}\t{('COLA', 'SLCB')[n % 2]}{n}\tgene\t{'ab'[n % 2]}\tg{n // 2}" for n in range(20)]
    entities += [f"d{n}\tdisease type {n}\tdisease\t\t" for n in range(20)]
    pairs = ["subject\tobject\trelation", *(f"g{n}\td{n}\tgene_disease" for n in range(20))]
    (tmp_path / "entities.tsv").write_text("\n".join(entities) + "\n")
    (tmp_path / "relations.tsv").write_text("\n".join(pairs) + "\n")
    return tmp_path / "entities.tsv", tmp_path / "relations.tsv"


@pytest.fixture
def adapter(
    tiny_model_dir: Path, tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> Callable[..., Path]:
    """Writes an adapter folder over the tiny model, its weights moved."""

    def make(method: str) -> Path:
        model = LanguageModel(
            load_base(str(tiny_model_dir), dtype=torch.float32),
            AdapterConfig(method, rank=4),  # type: ignore[arg-type]
        )
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.manual_seed(1)
            for parameter in model.parameters():
                if parameter.requires_grad and parameter.ndim == 2:
                    parameter.add_(0.1 * torch.randn_like(parameter))
        folder = tmp_path / method
        save_adapter(
            model,
            folder,
            template=PromptTemplate("plain"),
            tokenizer=tiny_tokenizer,
            model_reference=str(tiny_model_dir),
        )
        return folder

    return make


def arguments(entities: Path, relations: Path, out: Path) -> list[str]:
    return [
        "embed", "--entities", str(entities), "--relations", str(relations), "--classes", "family",
        "--out", str(out), "--num_resamples", "20", "--device", "cpu",
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["lora", "full"])
def test_tuned_and_untuned_are_scored_and_drawn_beside_controls(
    method: str,
    files: tuple[Path, Path],
    adapter: Callable[..., Path],
    tiny_model_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    code = main(
        [*arguments(*files, out), "--adapter", str(adapter(method)), "--layer", "-1,0", "--projection", "pca"]
    )
    assert code == 0
    scores = read_scores(out / "scores.json")
    assert {score.split for score in scores} == {"layer_0", "layer_2"}
    models = {
        task: {score.model for score in scores if score.task == task}
        for task in ("links/gene_disease", "clusters/gene/family", "probe/gene/family", "change/gene")
    }
    both = {"tuned", "untuned", "random", "ngrams"}
    assert models["links/gene_disease"] == both
    assert models["clusters/gene/family"] == both | {"permuted"}
    assert models["probe/gene/family"] == both | {"majority"}
    assert models["change/gene"] == {"tuned", "random"}
    table = capsys.readouterr().out
    assert all(name in table for name in (*both, "majority", "permuted", "auroc"))
    found = read_embeddings(out / "embeddings.h5")
    assert found.provenance["model"] == str(tiny_model_dir)
    assert len(found.provenance["adapter_sha256"]) == 64
    assert found.vectors["tuned"]["layer_2"].shape == (40, 32)
    assert not np.allclose(found.vectors["tuned"]["layer_2"], found.vectors["untuned"]["layer_2"], atol=1e-3)
    figures = {path.name for path in (out / "figures").iterdir()}
    assert {"pca_kind.png", "pca_gene_family.png", "layers_links_gene_disease.png"} <= figures


def test_a_model_alone_needs_no_adapter_nor_figures(
    files: tuple[Path, Path], tiny_model_dir: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code = main(
        [*arguments(*files, out), "--model", str(tiny_model_dir), "--projection", "none", "--layer", "all"]
    )
    assert code == 0
    found = read_embeddings(out / "embeddings.h5")
    assert list(found.vectors) == ["untuned"]
    assert set(found.vectors["untuned"]) == {"layer_0", "layer_1", "layer_2"}
    assert not (out / "figures").exists()


def test_texts_are_clustered_by_a_sentence_encoder(
    tiny_tokenizer: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        encoder = BertModel(BertConfig(vocab_size=300, max_position_embeddings=128, **sizes))
    encoder.save_pretrained(tmp_path / "encoder")
    tiny_tokenizer.save_pretrained(tmp_path / "encoder")
    words = ("collagen of the skin", "a channel in the membrane")
    rows = [
        {"id": n, "tuned": f"{words[n % 2]} {n}", "gold": words[n % 2], "label": "ab"[n % 2]}
        for n in range(20)
    ]
    (tmp_path / "texts.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    out = tmp_path / "out"
    code = main(
        [
            "embed", "--texts", str(tmp_path / "texts.jsonl"), "--encoder", str(tmp_path / "encoder"),
            "--text_column", "tuned,gold", "--classes", "label", "--out", str(out), "--projection", "none",
            "--num_resamples", "20",
        ]
    )  # fmt: skip
    assert code == 0
    scores = {
        (score.task, score.metric, score.model): score.value for score in read_scores(out / "scores.json")
    }
    assert scores["clusters/label", "kmeans_nmi", "gold"] == pytest.approx(1.0)
    assert ("clusters/label", "linkage_nmi", "permuted") in scores
    assert scores["probe/label", "accuracy", "gold"] == 1.0


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (["--layer", "last"], "layer must be whole numbers"),
        (["--pooling", "mean"], "Unknown pooling 'mean'"),
        (["--carrier", "gene"], "carrier must hold {name} once"),
        (["--centre", "kinds"], "Unknown centre 'kinds'"),
        (["--projection", "mds"], "Unknown projection 'mds'"),
        (["--classes", "famly"], "classes must name a column with classes, and 'famly' has none"),
        (["--batch_size", "0"], "batch_size must be > 0"),
        (["--num_resamples", "0"], "num_resamples must be > 0"),
        (["--texts", "t.tsv"], "embed needs --entities with --adapter or --model, or --texts with --encoder"),
        (["--layers", "1"], "Unknown argument '--layers'. Did you mean '--layer'?"),
        (["--out", "/dev/null/out"], "out must be a folder that can be made, and /dev/null/out is none"),
        (["--layer", "7", "--projection", "none"], "layer must be from 0 (input embeddings) to 2 (last)"),
    ],
)
def test_mistakes_are_told_in_one_line(
    changed: list[str],
    message: str,
    files: tuple[Path, Path],
    tiny_model_dir: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main([*arguments(*files, tmp_path / "out"), "--model", str(tiny_model_dir), *changed])
    assert code == 2
    [line] = capsys.readouterr().err.strip().splitlines()
    assert line.startswith("error: ")
    assert message in line
