"""Each row of docs/differences.md has a test of its name, in the file of its section; and no test is left over."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parents[2] / "docs" / "differences.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL))


def rows(section: str) -> list[str]:
    """The first column, without the line that names the columns."""
    names = re.findall(r"^\| ([^|]+?) \|", SECTIONS[section], flags=re.MULTILINE)
    assert names[0] == "case"
    return names[1:]


def test_every_section_has_a_file() -> None:
    files = {path.stem.removeprefix("test_") for path in HERE.glob("test_*.py")} - {"page"}
    assert files == {section.lower() for section in SECTIONS}
    assert len(re.findall(r"^\|", PAGE, flags=re.MULTILINE)) == sum(len(rows(section)) + 2 for section in SECTIONS)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_row_has_a_test_and_every_test_a_row(section: str) -> None:
    text = (HERE / f"test_{section.lower()}.py").read_text(encoding="utf-8")
    tests = re.findall(r"^def test_(\w+)\(", text, flags=re.MULTILINE)
    expected = [re.sub(r"\W+", "_", name.lower().replace("'", "")) for name in rows(section)]
    assert sorted(tests) == sorted(expected)  # a name that comes twice would hide a test


def test_rows_have_three_columns() -> None:
    assert all(re.fullmatch(r"\|([^|]+\|){3}", line) for line in PAGE.splitlines() if line.startswith("|"))
