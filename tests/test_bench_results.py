"""What `bin/lectern bench` writes down."""

from datetime import UTC, datetime
from pathlib import Path

from bench import results
from bench.registry import BENCHES
from bench.results import Outcome

AT = datetime(2026, 11, 30, tzinfo=UTC)


def outcome(name: str, *, held: bool = True, line: str = " holds: 1.00 ×") -> Outcome:
    bench = next(bench for bench in BENCHES if bench.name == name)
    return Outcome(bench, [line], held, quick=False, at=AT)


def test_each_bench_has_a_section_with_date_machine_and_lines(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    results.write([outcome("hashing", line="ratio 0.97 ×")], file)
    text = file.read_text("utf-8")
    assert "## hashing\n" in text
    assert "    ratio 0.97 ×\n" in text
    assert f"2026-11-30, {results.machine()}." in text
    assert "Every bar is met." in text


def test_a_missed_bar_is_visible_at_the_top_and_in_its_section(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    results.write([outcome("hashing"), outcome("upload", held=False)], file)
    head, _, rest = file.read_text("utf-8").partition("## upload")
    assert "Missed: upload." in head
    assert "**MISSED**" in rest


def test_a_run_of_one_bench_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    results.write([outcome("upload", held=False), outcome("hashing", line="first")], file)
    results.write([outcome("upload", line="second")], file)
    text = file.read_text("utf-8")
    assert text.index("## hashing") < text.index("## upload")
    assert "first" in text
    assert "second" in text
    assert "MISSED" not in text


def test_the_machine_is_described_without_its_name() -> None:
    assert Path("/proc/sys/kernel/hostname").read_text().strip() not in results.machine()
