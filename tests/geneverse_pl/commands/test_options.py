"""The help of the commands without a trainer."""

import pytest

from geneverse_pl.cli import main
from geneverse_pl.messages import COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_help_tells_defaults_where_there_are_some(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([command, "--help"])
    assert stopped.value.code == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert "(default: None)" not in shown
    assert "] (default" not in shown
    assert "(default: " in shown
