"""Messages of jsonargparse that no run of the command line gives here."""

import pytest

from geneverse_pl.parsing_errors import dotted, explain


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["model"], "model"),
        (["model", "adapter", "rank"], "model.init_args.adapter.rank"),
        (["data", "init_args", "stage"], "data.init_args.stage"),
        (["trainer", "max_steps"], "trainer.max_steps"),
        ([], ""),
    ],
)
def test_paths_are_those_of_a_configuration_file(keys: list[str], expected: str) -> None:
    assert dotted(keys) == expected


def test_a_class_of_a_module_that_cannot_be_imported() -> None:
    message = (
        "Parser key \"data\":\n  Errors:\n    - Problem with given class_path 'nowhere.Data': "
        "No module named 'nowhere'"
    )
    assert explain(message).startswith("Unknown class of data 'nowhere.Data'.")


def test_a_wrong_type_names_all_that_would_do() -> None:
    message = (
        'Parser key "trainer.val_check_interval":\n  Does not validate against any of the Union subtypes\n'
        "  Errors:\n    - Expected a <class 'int'>\n    - Expected a <class 'float'>\n"
        "    - Expected a <class 'NoneType'>\n  Given value type: <class 'str'>\n  Given value: often"
    )
    assert explain(message) == "trainer.val_check_interval must be a whole number or a number, got 'often'."


def test_an_unknown_key_of_an_unknown_class_is_named_at_least() -> None:
    message = "Parser key \"model\": Problem with given class_path 'gone.Task': Option 'x' is not accepted"
    assert explain(message) == "Unknown key 'model.init_args.x'. See --help for all."


def test_what_is_not_understood_is_shown_as_it_is_and_cut_short() -> None:
    assert explain("Something\n   odd") == "Something odd"
    long = explain("word " * 200)
    assert len(long) < 410
    assert long.endswith("word …")
