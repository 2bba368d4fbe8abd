"""CSV that a spreadsheet shows as text."""

import csv
import io

import pytest

from lectern import csv_files


@pytest.mark.parametrize(
    "text",
    [
        *("=1+1", "+1", "-1", "@A", "\t=1", "\r=1", "\n=1", "\ttext", "\rtext", "\x00=1"),
        *(" =1+1", "  \u00a0=1", "\u2003+1", "\u2028=1", " \t=1"),
        *(" \n text", "\u200b=1", "\ufeff=1"),
        *("\uff1d1+1", "\uff0b1", "\uff0d1", "\uff20A", "\ufe661", "\ufe621", "\ufe631", "\ufe6bA"),
        *(" \uff1d1", "\u22121", "\u202e=1"),
    ],
)
def test_a_text_that_begins_like_a_formula_is_shown_as_it_is(text: str) -> None:
    assert next(csv.reader(io.StringIO(csv_files.row([text]), newline=""))) == [f"'{text}"]


@pytest.mark.parametrize(
    "text", ["", " ", "a=1", "x-y", "1-2", "#5", "“=1”", "/=", "(=1)", "é", "5"]
)
def test_other_texts_stay_as_they_are(text: str) -> None:
    read = next(csv.reader(io.StringIO(csv_files.row([text, "."]), newline="")))
    assert read == [text, "."]


def test_numbers_and_plain_texts_stay_as_they_are() -> None:
    assert csv_files.row([-1, 2.5, None, "a-b", "Zoë, “x”"]) == '-1,2.5,,a-b,"Zoë, “x”"\r\n'


def test_a_file_begins_with_the_mark_that_excel_reads_utf_8_by() -> None:
    file = "".join(csv_files.lines(("=name", "count"), [("Zoë", -5)]))
    assert file.encode().decode("utf-8-sig") == "'=name,count\r\nZoë,-5\r\n"
