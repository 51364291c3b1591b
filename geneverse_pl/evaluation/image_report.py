"""From the answers to questions about pictures to scores beside their controls."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from geneverse_pl.evaluation.answers import parse_list
from geneverse_pl.evaluation.bootstrap import BootstrapSettings
from geneverse_pl.evaluation.closed_report import closed_scores
from geneverse_pl.evaluation.open_answers import Similarity
from geneverse_pl.evaluation.scores import Score
from geneverse_pl.evaluation.scoring import fact_scores, list_scores
from geneverse_pl.evaluation.text_report import TEXT, ItemResult, likelihood_scores, open_answers


def image_scores(
    results: Iterable[ItemResult], bootstrap: BootstrapSettings, similarity: Similarity | None = None
) -> list[Score]:
    """Scores of every model and control in the results, by question kind and split.

    Closed questions are decided by the likelihood of their choices, free ones by what was generated.

    Args:
        results: The answered questions; ``choices`` and ``texts`` hold the controls' answers too.
        bootstrap: How intervals are computed; whole split groups are resampled.
        similarity: Cosines by a sentence encoder, for open answers.
    """
    cells: dict[tuple[str, str], list[ItemResult]] = defaultdict(list)
    for result in results:
        cells[result.kind, result.split].append(result)
    scores: list[Score] = []
    for (kind, split), items in sorted(cells.items()):
        scores += likelihood_scores(items, kind, split, bootstrap)
        scores += closed_scores([item for item in items if item.choices], kind, split, bootstrap)
        answered = [item for item in items if item.texts]
        if kind.partition("/")[0] == TEXT:
            for answers in open_answers(answered):
                scores += answers.scores(bootstrap, similarity)
        elif answered:
            scores += _free(answered, kind, split, bootstrap)
    return scores


def _free(items: Sequence[ItemResult], kind: str, split: str, bootstrap: BootstrapSettings) -> list[Score]:
    scores: list[Score] = []
    listed = "gold" in items[0].metadata
    for model in items[0].texts:
        answers = [item.texts[model] for item in items]
        about = {"task": kind, "split": split, "model": model}
        if listed:
            gold = [[str(name) for name in item.metadata["gold"]] for item in items]
            predicted = [parse_list(answer) for answer in answers]
            scores += list_scores(predicted, gold, _groups(items), bootstrap=bootstrap, **about)
        else:
            facts = [str(item.metadata["answer"]) for item in items]
            scores += fact_scores(answers, facts, _groups(items), bootstrap=bootstrap, **about)
    return scores


def _groups(items: Sequence[ItemResult]) -> list[str]:
    return [str(item.metadata.get("group") or number) for number, item in enumerate(items)]
