"""Each declared filter is a parameter of the API, a chip, and a control of the library page."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lectern.people.principal import Principal
from lectern.search import Query, write
from lectern.search.filter_kinds import Filter, Limit, Words
from lectern.search.filters import FILTERS, RANGES, SORTS
from tests.lectern.search.test_filters import ASKING, sample
from tests.web.conftest import Caller
from web.api.docs import description
from web.pages.library.ranges import FORMATS


def test_every_filter_is_a_parameter_of_the_list() -> None:
    parameters = description()["paths"]["/assets"]["get"]["parameters"]
    assert [each["name"] for each in parameters if "name" in each] == list(FILTERS)


@pytest.mark.parametrize("one", ASKING, ids=[one.name for one in ASKING])
def test_the_api_takes_each_filter(api: Caller, one: Filter) -> None:
    address = write(Query(**{one.name: sample(one)}))
    assert api.get("/api/v1/assets", query_string=address).status_code == 200


@pytest.mark.parametrize("one", ASKING, ids=[one.name for one in ASKING])
def test_each_filter_is_a_chip_unless_it_has_no_label(client: FlaskClient, one: Filter) -> None:
    address = write(Query(**{one.name: sample(one)}))
    html = client.get("/library", query_string=address).text
    assert (html.count('aria-label="Remove the filter ') == 1) == (one.label is not None)


def test_each_filter_with_a_menu_is_a_control_of_the_page(
    client: FlaskClient, session: Session, owner: Principal
) -> None:
    html = client.get("/library").text
    controls = set(re.findall(r'name="([a-z_]+)"[^>]*data-filter', html))
    wanted = {one.name for one in FILTERS.values()
              if one.menu is not None and not isinstance(one, Limit)}  # fmt: skip
    wanted |= {form for one in RANGES.values() for form in (one.form, f"{one.form}_from")}
    # What can be chosen is known only when it is counted.
    wanted -= {"tag", "owner"}
    assert wanted <= controls


def test_each_sort_is_offered_in_both_directions(client: FlaskClient) -> None:
    html = client.get("/library?q=cell").text
    offered = set(re.findall(r'<option value="(-?[a-z_]+)"', html))
    assert offered >= {f"{sign}{name}" for name in SORTS for sign in ("", "-")} - {
        "relevance",
        "-relevance",
    }


def test_every_measure_has_a_form() -> None:
    assert {one.measure.name for one in RANGES.values()} <= set(FORMATS)
    assert all(one.placeholder for one in FILTERS.values() if isinstance(one, Words))
