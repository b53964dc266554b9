"""The pages on estimators and search run as they stand."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlwright.brief.load import load_brief
from mlwright.tuning.searchers import SEARCHERS

DOCS = Path(__file__).parents[1] / "docs"


def _blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["estimators.md", "search.md"])
def test_the_blocks_run(page: str, tmp_path: Path) -> None:
    script = "\n".join(_blocks(page, "python"))
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_brief_of_the_search_page_is_a_brief() -> None:
    brief = load_brief(_blocks("search.md", "yaml")[0])
    assert brief.search is not None
    assert brief.search.method == "tpe"
    assert set(brief.search.space) == {"lightgbm", "linear"}


def test_every_method_is_described() -> None:
    text = (DOCS / "search.md").read_text()
    assert [name for name in SEARCHERS if f"`{name}`" not in text and f" {name}," not in text] == []
