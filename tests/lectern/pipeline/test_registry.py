"""A step is declared once, and whole: what the registry names is there, and nothing besides."""

import importlib
import pkgutil
from pathlib import Path

import pytest

from lectern.media import inside
from lectern.media.sandbox import child
from lectern.models import Kind
from lectern.pipeline import registry
from lectern.pipeline.limits import Limits
from lectern.pipeline.registry import Queue, Step, Subject

CHECKOUT = Path(__file__).resolve().parents[3]
# Modules beside the steps that several of them use.
SHARED = {"derivation", "exchange"}
# What the allowances are asked for: seconds, rungs or bytes.
SIZES = {"scan": (60.0, 10**6), "encode": (60.0, 10**6), "ladder": (60.0, 2, 10**6)}


@pytest.mark.parametrize("step", Step)
def test_a_step_has_a_queue_a_label_and_a_module_that_runs_it(step: Step) -> None:
    assert Step.named(step) is step
    assert step.name.lower() == step.rule.name == str(step)
    assert step.rule.queue in set(Queue)
    assert step.label.strip()
    assert callable(importlib.import_module(step.runner).run)


def test_no_two_steps_share_a_name_or_a_label() -> None:
    # Python itself would make a second member of the same value an alias of the first.
    assert len(Step.__members__) == len({step.rule.name for step in Step})
    assert len({step.label for step in Step}) == len(Step)
    assert len({queue.label for queue in Queue}) == len(Queue)


def test_every_module_of_the_steps_is_run_by_one_or_shared() -> None:
    there = {each.name for each in pkgutil.iter_modules([str(CHECKOUT / "jobs/steps")])}
    run = {step.runner.removeprefix("jobs.steps.").partition(".")[0] for step in Step}
    assert run <= there
    assert there - run <= SHARED


def test_a_step_waits_only_for_one_that_such_files_go_through_before_it() -> None:
    for rule in registry.RULES.values():
        chain = [rule]
        while chain[-1].after is not None:
            chain.append(Step.named(chain[-1].after).rule)
            assert len(chain) < len(registry.RULES)
    for kind in Kind:
        for facts in (
            {"audio_stream": 1},
            {},
            {"container": "pdf"},
            {"container": "pptx"},
            {"container": "svg"},
        ):
            steps = registry.steps_for({"kind": kind, **facts})
            for step in steps:
                assert step.rule.after is None or step.rule.after in steps or kind == "document"


def test_what_begins_by_itself_is_about_a_version() -> None:
    for step in registry.RULES:
        assert step.rule.subject is Subject.VERSION
    for step in registry.ESSENTIAL:
        assert step.retryable


def test_the_sandbox_does_what_the_steps_declare_and_nothing_else() -> None:
    declared = {name.partition("/")[0] for step in Step for name in step.rule.sandbox}
    assert declared - {"ffmpeg"} == child.tasks()
    for name in child.tasks():
        assert callable(importlib.import_module(f"{inside.__name__}.{name}").perform)


def test_each_task_of_the_sandbox_has_limits() -> None:
    for step in Step:
        for task, allowance in step.rule.sandbox.items():
            sized = getattr(allowance, "__name__", "")
            arguments = SIZES.get(sized, (60.0, 10**6) if sized == "speech" else (60.0,))
            limits = step.limits(task, *(() if isinstance(allowance, Limits) else arguments))
            assert limits.cpu_s < limits.wall_s
            assert limits.memory_bytes
            assert limits.file_bytes


def test_a_step_that_is_not_declared_is_still_shown() -> None:
    assert registry.find("smell") is None
    assert registry.step_label("smell") == "Smell"
    assert registry.step_label("hls") == "Streams for every connection"
