"""From an empty machine to a lesson that plays, and a deletion that is refused."""

import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.flows.conftest import OWNER, PASSWORD, Served, watch


def test_a_lecture_comes_from_an_empty_machine_into_a_lesson(
    new_served: Served, browser: Browser, lecture: Path
) -> None:
    # A dialog that is still fading in has no contrast yet.
    context = browser.new_context(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    wrong = watch(page, new_served.base)

    become_owner(page, new_served)
    upload(page, lecture)
    name = lecture.name
    card = (
        page.get_by_role("article")
        .filter(has_text=name)
        .or_(page.locator("[data-asset]").filter(has_text=name))
        .first
    )
    expect(card).to_have_attribute("data-state", "ready", timeout=60_000)
    no_violations(page)

    # The same page in a second browser needs no reload to know it.
    make_course(page, "React", "Hooks", "What a hook is")
    no_violations(page)
    insert(page, name)
    plays(page)
    no_violations(page)

    page.get_by_role("link", name="Library", exact=True).click()
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    expect(page.get_by_role("region", name="Used in")).to_contain_text("What a hook is")
    no_violations(page)
    page.get_by_role("button", name=re.compile("Move to trash")).click()
    refusal = page.get_by_role("alertdialog")
    expect(refusal).to_contain_text("What a hook is")
    no_violations(page)
    refusal.get_by_role("link", name=re.compile("What a hook is")).click()
    expect(page).to_have_url(re.compile("/lessons/"))
    assert wrong == []
    context.close()


def become_owner(page: Page, served: Served) -> None:
    page.goto(served.setup_link)
    page.get_by_label("Name of the library").fill("Evening School")
    page.get_by_label("Your name").fill("Ada")
    page.get_by_label("Email").fill(OWNER)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    no_violations(page)
    page.get_by_role("button", name="Create library").click()
    expect(page).to_have_url(re.compile("/library"))
    no_violations(page)


def upload(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Upload", exact=True).click()
    chooser.value.set_files(file)
    tray = page.get_by_role("region", name="Uploads")
    expect(tray.get_by_text(file.name)).to_be_visible()


def make_course(page: Page, course: str, chapter: str, lesson: str) -> None:
    page.get_by_role("link", name="Courses", exact=True).click()
    page.get_by_label("Title of the new course").fill(course)
    page.get_by_role("button", name="Create course").click()
    expect(page.get_by_role("heading", name=course)).to_be_visible()
    page.get_by_label(re.compile("new chapter", re.IGNORECASE)).fill(chapter)
    page.get_by_label(re.compile("new chapter", re.IGNORECASE)).press("Enter")
    page.get_by_label(re.compile("new lesson", re.IGNORECASE)).fill(lesson)
    page.get_by_label(re.compile("new lesson", re.IGNORECASE)).press("Enter")
    page.get_by_role("link", name=lesson).click()
    expect(page.get_by_role("heading", name=lesson)).to_be_visible()


def insert(page: Page, name: str) -> None:
    page.get_by_role("button", name="Add media").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("searchbox").fill(name[:6])
    dialog.get_by_text(name).first.click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("region", name="Lesson media")).to_contain_text(name)


def plays(page: Page) -> None:
    video = page.locator("video").first
    video.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")


def no_violations(page: Page) -> None:
    """axe finds nothing on the page as it is."""
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
