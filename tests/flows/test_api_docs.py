"""The API's description as people read it."""

from typing import Any

import yaml
from playwright.sync_api import Page, expect

from tests.flows.conftest import CHECKOUT, Served

METHODS = {"get", "put", "post", "patch", "delete", "head", "options"}


def test_every_operation_and_schema_is_shown(page: Page, served: Served) -> None:
    document: Any = yaml.safe_load((CHECKOUT / "web/api/openapi.yaml").read_text("utf-8"))
    page.goto(f"{served.base}/api/docs")
    expect(page.locator("api-reference[ready] .opblock").first).to_be_visible()
    operations = [
        (path, method, item[method])
        for path, item in document["paths"].items()
        for method in METHODS & item.keys()
    ]
    expect(page.locator(".opblock")).to_have_count(len(operations))
    for path, method, operation in operations:
        block = page.locator(f"#operations-{operation['tags'][0]}-{operation['operationId']}")
        expect(block.locator(".opblock-summary-method")).to_have_text(method.upper())
        assert (block.locator(".opblock-summary-path").get_attribute("data-path") or "") == path
        expect(block).to_contain_text(operation["summary"])
    shown = page.locator(".models .json-schema-2020-12__title").all_inner_texts()
    assert set(document["components"]["schemas"]) <= set(shown)


def test_an_operation_tells_its_parameters_and_answers(page: Page, served: Served) -> None:
    page.goto(f"{served.base}/api/docs#/Assets/listAssets")
    block = page.locator("#operations-Assets-listAssets")
    expect(block).to_have_class("opblock opblock-get is-open")
    expect(block.locator(".parameters")).to_contain_text("cursor")
    expect(block.locator(".responses-table")).to_contain_text("200")
