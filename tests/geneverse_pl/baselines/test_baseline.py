"""Another model on the questions of a run."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from geneverse_pl.baselines import Baseline, Example
from geneverse_pl.baselines.baseline import baseline_folder, describe_items, write_baseline
from geneverse_pl.baselines.examples import ExamplePool
from geneverse_pl.endpoint.client import Endpoint
from geneverse_pl.endpoint.usage import describe_usage
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.item_file import read_items
from geneverse_pl.evaluation.scores import Score, read_scores
from geneverse_pl.evaluation.text_report import ItemResult
from geneverse_pl.exceptions import ConfigError, EndpointError
from tests.chat_site import ChatSite, Reply

Make = Callable[..., Endpoint]
QUICK = BootstrapSettings(20)


def find(scores: list[Score], task: str, metric: str) -> dict[str, Score]:
    """Scores of one task and metric by model."""
    return {one.model: one for one in scores if (one.task, one.metric) == (task, metric)}


def test_its_scores_stand_beside_those_of_the_run(
    items: list[ItemResult], make_endpoint: Make, tmp_path: Path
) -> None:
    with make_endpoint(input_price=1.0, output_price=2.0) as endpoint:
        result = Baseline("gpt/x", bootstrap=QUICK).ask(items, endpoint)
    folder = write_baseline(tmp_path, "gpt/x", result)
    assert folder == tmp_path / "baselines" / "gpt_x"
    assert read_items(folder) == result.items
    scores = read_scores(folder / "scores.json")
    # Always yes: right in 4 of 8; the tuned model says yes to the first 6.
    accuracy = find(scores, "relation/gene_disease", "accuracy")
    assert {name: one.value for name, one in accuracy.items()} == {"tuned": 0.5, "untuned": 0.5, "gpt/x": 0.5}
    assert find(scores, "relation/gene_disease", "f1")["gpt/x"].value == pytest.approx(2 / 3)
    assert find(scores, "relation/gene_disease", "unparsable")["gpt/x"].value == 0
    assert set(find(scores, "relation/gene_disease", "auroc")) == {"tuned", "untuned"}
    assert "gpt/x" not in find(scores, "relation/gene_disease", "loss")
    assert find(scores, "list/gene_disease", "gold_recall")["gpt/x"].value == 1
    assert find(scores, "fact/gene_type", "exact_match")["gpt/x"].value == 1
    assert {"tuned", "untuned", "shuffled", "gpt/x"} <= set(find(scores, "text/gene_function", "rouge_1"))
    assert {one.n for one in scores} == {8}
    used = json.loads((folder / "usage.json").read_text())
    assert (used["num_answers"], used["num_asked_now"], used["num_failed"]) == (32, 32, 0)
    assert (used["prompt_tokens"], used["completion_tokens"]) == (32 * 7, 32 * 3)
    assert used["cost"] == pytest.approx(32 * (7 + 2 * 3) / 1e6)
    assert 0 < used["latency_seconds"]["mean"] <= used["latency_seconds"]["p95"] < 5
    assert used["latency_seconds"]["n"] == 32
    assert "32 answered of 32 chosen, 32 possible" in describe_items(result)


def test_closed_answers_that_cannot_be_read_are_wrong_and_counted(
    items: list[ItemResult], site: ChatSite, make_endpoint: Make
) -> None:
    site.answer = lambda message: "It depends." if "cause" in message else "x"
    with make_endpoint() as endpoint:
        scores = Baseline("gpt", bootstrap=QUICK).ask(items, endpoint).scores
    for metric, value in (("accuracy", 0), ("mcc", -1), ("unparsable", 1)):
        found = find(list(scores), "relation/gene_disease", metric)["gpt"].value
        assert found == pytest.approx(value)


def test_thoughts_are_not_part_of_an_answer(
    items: list[ItemResult], site: ChatSite, make_endpoint: Make
) -> None:
    site.answer = lambda _: "<think>Yes? Or no?</think>\nNo."
    with make_endpoint() as endpoint:
        result = Baseline("gpt", bootstrap=QUICK).ask(items[:1], endpoint)
    assert result.items[0].texts == {"gpt": "No."}


def test_what_stays_without_an_answer_is_left_out_for_all_models(
    items: list[ItemResult], site: ChatSite, make_endpoint: Make
) -> None:
    # The first yes/no question, the second list and the third fact.
    bad = {0: Reply(400), 5: Reply(body=b"{'not': json"), 10: Reply(delay=0.6)}
    site.replies = [bad.get(place, Reply()) for place in range(11)]
    with make_endpoint(concurrency=1, max_retries=0, timeout=0.3) as endpoint:
        result = Baseline("gpt", bootstrap=QUICK).ask(items[:16], endpoint)
    accuracy = find(list(result.scores), "relation/gene_disease", "accuracy")
    assert {name: one.n for name, one in accuracy.items()} == {"tuned": 3, "untuned": 3, "gpt": 3}
    assert result.usage["num_failed"] == 3
    assert sorted(reason[:20] for reason in result.usage["failures"]) == [
        "an answer that is no",
        "no answer within 0.3",
        "the server answers 4",
    ]
    with make_endpoint() as endpoint:  # they are asked again, and they alone
        again = Baseline("gpt", bootstrap=QUICK).ask(items[:16], endpoint)
    assert (again.usage["num_asked_now"], again.usage["num_kept"], len(again.items)) == (3, 13, 16)
    assert again.usage["completion_tokens"] == 16 * 3
    assert again.usage["latency_seconds"]["n"] == 16


@pytest.mark.parametrize("reply", [Reply(429), Reply(500), Reply(503), Reply(drop=True)])
def test_passing_trouble_is_tried_again(
    items: list[ItemResult], site: ChatSite, make_endpoint: Make, reply: Reply
) -> None:
    site.replies = [reply, reply]
    with make_endpoint(concurrency=1) as endpoint:
        result = Baseline("gpt", bootstrap=QUICK).ask(items[:4], endpoint)
    assert len(result.items) == 4
    assert result.usage["num_http_requests_now"] == 6


def test_equal_questions_are_asked_once(items: list[ItemResult], site: ChatSite, make_endpoint: Make) -> None:
    again = [replace(item, split="memorised") for item in items[:4]]
    with make_endpoint() as endpoint:
        result = Baseline("gpt", bootstrap=QUICK).ask([*items[:4], *again], endpoint)
    assert len(site.requests) == 4
    assert (len(result.items), result.usage["num_answers"], result.usage["prompt_tokens"]) == (8, 4, 28)


def test_some_questions_alone(items: list[ItemResult], site: ChatSite, make_endpoint: Make) -> None:
    with make_endpoint() as endpoint:
        result = Baseline("gpt", max_items=2, bootstrap=QUICK).ask(items, endpoint)
    assert len(site.requests) == len(result.items) == 8
    assert {one.n for one in result.scores} == {2}


def test_only_what_the_run_has_answered_is_asked(items: list[ItemResult], make_endpoint: Make) -> None:
    silent = replace(items[1], texts={})
    with make_endpoint() as endpoint:
        result = Baseline("gpt", bootstrap=QUICK).ask([silent, items[0]], endpoint)
        assert [item.kind for item in result.items] == ["relation/gene_disease"]
        with pytest.raises(ConfigError, match="must hold questions with choices or with answers in words"):
            Baseline("gpt", bootstrap=QUICK).ask([silent], endpoint)


def test_examples_stand_before_the_question(
    items: list[ItemResult], site: ChatSite, make_endpoint: Make
) -> None:
    kind = "relation/gene_disease"
    pool = [Example(kind, f"GENE{i}", f"Gene: GENE{i}\nIs it?", "Yes" if i % 3 else "No") for i in range(9)]
    with make_endpoint() as endpoint:
        Baseline("gpt", examples=ExamplePool(pool, 2), bootstrap=QUICK).ask(items[:2], endpoint)
    closed, listed = sorted(site.requests, key=lambda request: -len(request["messages"]))
    assert [message["role"] for message in closed["messages"]] == ["user", "assistant"] * 2 + ["user"]
    assert {closed["messages"][place]["content"] for place in (1, 3)} == {"Yes", "No"}
    assert closed["messages"][-1]["content"].startswith(
        "Gene: GENE0\nDoes it cause ataxia?\n\nAnswer with one of"
    )
    assert not any("GENE0" in closed["messages"][place]["content"] for place in (0, 2))
    assert len(listed["messages"]) == 1


# --- mistakes of the user ---


@pytest.mark.parametrize("name", ["tuned", "degree_prior", " ", "reference"])
def test_names_of_models_and_controls_are_taken(name: str) -> None:
    with pytest.raises(ConfigError, match=r"name must be one that no model .* Give another with --name"):
        Baseline(name)


def test_names_of_the_run_are_taken(items: list[ItemResult], make_endpoint: Make) -> None:
    other = replace(items[1], texts={**items[1].texts, "gpt": "x"})
    with make_endpoint() as endpoint, pytest.raises(ConfigError, match=r"got\s'gpt'"):
        Baseline("gpt").ask([other], endpoint)


def test_a_server_that_answers_nothing(items: list[ItemResult], site: ChatSite, make_endpoint: Make) -> None:
    site.usual = Reply(400)
    with make_endpoint() as endpoint, pytest.raises(EndpointError, match="answered none: the server answers"):
        Baseline("gpt").ask(items[:3], endpoint)


def test_a_folder_of_another_model_is_kept(tmp_path: Path) -> None:
    folder = baseline_folder(tmp_path, "a/b")
    folder.mkdir(parents=True)
    (folder / "usage.json").write_text('{"name": "a/b"}')
    assert baseline_folder(tmp_path, "a/b") == folder
    with pytest.raises(ConfigError, match=r"must hold what 'a_b' has answered, and holds that of 'a/b'"):
        baseline_folder(tmp_path, "a_b")
    assert baseline_folder(tmp_path, "../..").parent == tmp_path / "baselines"


def test_thoughts_that_were_cut_off_are_no_answer(
    items: list[ItemResult], site: ChatSite, make_endpoint: Make
) -> None:
    site.answer = lambda _: "<think>Yes, the user wants to know"
    with make_endpoint() as endpoint:
        result = Baseline("gpt", bootstrap=QUICK).ask(items[:1], endpoint)
    assert result.items[0].texts == {"gpt": ""}
    assert find(list(result.scores), "relation/gene_disease", "unparsable")["gpt"].value == 1


def test_what_a_rule_grades_is_asked_where_the_rule_is_known(
    items: list[ItemResult], make_endpoint: Make
) -> None:
    about = {"kind": "graded/alias", "answer": "PSMB10"}
    graded = [
        ItemResult("held_out", about, 1, question=f"Of which type is {n}?", texts={"tuned": "x"})
        for n in range(3)
    ]
    with make_endpoint() as endpoint:
        without = Baseline("gpt", bootstrap=QUICK).ask([items[0], *graded], endpoint)
        assert [item.kind for item in without.items] == ["relation/gene_disease"]
        rule = Baseline(
            "gpt", bootstrap=QUICK, grade=lambda text, _: {"score": float(text == "protein-coding")}
        )
        scores = list(rule.ask(graded, endpoint).scores)
    values = {name: one.value for name, one in find(scores, "graded/alias", "score").items()}
    assert values == {"tuned": 0.0, "gpt": 1.0, "constant": 0.0, "shuffled": 0.0, "reference": 0.0}


def test_a_cost_is_not_known_where_tokens_are_not_counted(
    items: list[ItemResult], site: ChatSite, make_endpoint: Make
) -> None:
    choice = {"index": 0, "message": {"role": "assistant", "content": "Yes"}, "finish_reason": "stop"}
    body = {"id": "1", "object": "chat.completion", "created": 1, "model": "tiny", "choices": [choice]}
    site.usual = Reply(body=json.dumps(body).encode())
    with make_endpoint(input_price=1.0, output_price=2.0) as endpoint:
        used = Baseline("gpt", bootstrap=QUICK).ask(items[:1], endpoint).usage
    assert (used["cost"], used["num_uncounted"]) == (None, 1)
    assert "cost:    not known, as the server did not count 1 answers" in describe_usage(used)
