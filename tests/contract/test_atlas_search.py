"""The queries and the index for Atlas Search, as documented, and what is searched while it cannot be."""

from __future__ import annotations

import json
import re
import sys
from copy import deepcopy
from pathlib import Path

import pytest
from pymongo.errors import OperationFailure

from jobs.adapters.mongo.atlas_index import DEFINITION, ensure_index, problem_of
from jobs.adapters.mongo.page_indexes import page_index
from jobs.adapters.mongo.pages_atlas import AtlasPages, stages
from jobs.domain.search import Content, PageFilter, parse_query
from tests.making import a_cin
from tests.servers.atlas_search import Index, SearchableDatabase, check_search, is_in_words

NAME = "pages"
CIN = a_cin()
DEED = Content(cin=CIN, checksum=f"sha256:{1:064}")
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "atlas-search.md"


def test_query_becomes_one_stage():
    query = parse_query('deed "State Bank" 40,00,000 -mortgage -"gold loan"')
    assert stages("pages", query, PageFilter(cin=CIN, form="CHG-1", year=2025), 400) == [
        {
            "$search": {
                "index": "pages",
                "compound": {
                    "must": [
                        {"text": {"path": "text", "query": "deed"}},
                        {"phrase": {"path": "text", "query": "State Bank"}},
                        {"phrase": {"path": "text", "query": "40 00 000"}},
                    ],
                    "mustNot": [
                        {"text": {"path": "text", "query": "mortgage"}},
                        {"phrase": {"path": "text", "query": "gold loan"}},
                    ],
                    "filter": [
                        {"equals": {"path": "cin", "value": CIN}},
                        {"equals": {"path": "form", "value": "CHG-1"}},
                        {"equals": {"path": "year", "value": 2025}},
                    ],
                },
            }
        },
        {"$limit": 400},
        {"$project": {"content": True, "page": True, "text": True, "score": {"$meta": "searchScore"}}},
    ]


@pytest.mark.parametrize("text", ["deed", '"state bank"', "deed -bank", '-"state bank" deed', "बैंक 40,00,000"])
@pytest.mark.parametrize("wanted", [PageFilter(), PageFilter(cin=CIN), PageFilter(form="CHG-1", year=2025)])
def test_stage_has_the_documented_syntax(text, wanted):
    check_search(stages("pages", parse_query(text), wanted, 9)[0]["$search"], Index("pages", DEFINITION))


TEXT = {"path": "text", "query": "deed"}


@pytest.mark.parametrize(
    "search",
    [
        {},
        {"text": TEXT},
        {"compound": {}},
        {"compound": {"must": []}},
        {"compound": {"must": {"text": TEXT}}},
        {"compound": {"must": [{}]}},
        {"compound": {"must": [{"text": TEXT, "phrase": TEXT}]}},
        {"compound": {"must": [{"match": TEXT}]}},
        {"compound": {"must": [{"text": {"path": "text"}}]}},
        {"compound": {"must": [{"text": {**TEXT, "operator": "and"}}]}},
        {"compound": {"must": [{"text": {"path": "text", "query": 5}}]}},
        {"compound": {"must": [{"text": {"path": "page", "query": "5"}}]}},
        {"compound": {"must": [{"phrase": {"path": "cin", "query": "a b"}}]}},
        {"compound": {"filter": [{"equals": {"path": "text", "value": "a"}}]}},
        {"compound": {"filter": [{"equals": {"path": "year", "value": "2025"}}]}},
        {"compound": {"filter": [{"equals": {"path": "year", "value": True}}]}},
        {"compound": {"must": [{"text": TEXT}], "must_not": [{"text": TEXT}]}},
        {"compound": {"must": [{"text": TEXT}]}, "limit": 5},
        {"compound": {"must": [{"text": TEXT}]}, "index": 5},
    ],
)
def test_other_syntax_is_refused(search):
    with pytest.raises(OperationFailure):
        check_search(search, Index("pages", DEFINITION))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("mappings", "fields", "text", "indexOptions"), "all"),
        (("mappings", "fields", "text", "type"), "text"),
        (("mappings", "fields", "year", "type"), "integer"),
        (("mappings", "dynamic"), "no"),
        (("mappings", "field"), {}),
        (("language",), "none"),
        (("analyzers", 0, "name"), "lucene.words"),
        (("analyzers", 0, "tokenizer", "group"), 1),
        (("analyzers", 0, "tokenFilters", 1, "longest"), 9),
    ],
)
def test_other_definition_is_refused(path, value):
    changed = deepcopy(DEFINITION)
    part = changed
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    with pytest.raises(OperationFailure):
        Index("pages", changed)


def test_words_of_the_index_are_those_of_the_search():
    letter = re.compile(r"[\w\u0900-\u0DFF]")
    letters = (chr(point) for point in range(sys.maxunicode + 1))
    assert [hex(ord(each)) for each in letters if is_in_words(each) != bool(letter.match(each))] == []


def test_documented_definition_is_the_one_in_use():
    (block,) = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert json.loads(block) == DEFINITION


@pytest.fixture
def atlas(database) -> SearchableDatabase:
    for name in ("pages", "facts"):
        database[name].delete_many({})
    return SearchableDatabase(database)


@pytest.mark.server
def test_index_is_created_once_and_updated_when_it_differs(atlas):
    pages = atlas["pages"]
    assert problem_of(pages, NAME) == "There is no Atlas Search index pages"
    assert ensure_index(pages, NAME) == "pages: Atlas Search index pages created; Atlas builds it in the background"
    assert problem_of(pages, NAME) == "The Atlas Search index pages is not ready: PENDING"
    atlas.finish_builds()
    assert ensure_index(pages, NAME) == "pages: Atlas Search index pages is current"
    assert problem_of(pages, NAME) is None
    earlier = deepcopy(DEFINITION)
    del earlier["mappings"]["fields"]["year"]
    pages.update_search_index(NAME, earlier)
    assert ensure_index(pages, NAME) == "pages: Atlas Search index pages updated; Atlas rebuilds it in the background"
    assert ensure_index(pages, NAME) == "pages: Atlas Search index pages is current"


@pytest.mark.server
def test_server_without_atlas_search_is_reported(database):
    """The server of the tests itself, not the stand-in."""
    database["pages"].insert_one({"content": f"{CIN} sha256:0", "cin": CIN, "page": 1, "text": "deed"})
    problem = "this server is not MongoDB, and only MongoDB has Atlas Search"
    assert ensure_index(database["pages"], NAME) == f"pages: Atlas Search index pages not created: {problem}"
    assert problem_of(database["pages"], NAME) == problem
    assert not isinstance(page_index(database, NAME), AtlasPages)


@pytest.mark.server
def test_mongodb_without_atlas_search_is_reported(atlas):
    atlas.is_enabled = False
    assert "not created: Using $search" in ensure_index(atlas["pages"], NAME)
    assert str(problem_of(atlas["pages"], NAME)).startswith("Atlas Search does not answer: Using $search")


@pytest.mark.server
def test_own_index_is_searched_while_atlas_search_is_not_ready(atlas, caplog):
    index = page_index(atlas, NAME)
    index.replace(DEED, ["Deed of hypothecation"], form="CHG-1", year=None)

    def found() -> int:
        caplog.clear()
        return len(index.search(parse_query("deed"), PageFilter(), 9).pages)

    atlas.is_enabled = False
    assert found() == 1
    assert "requires additional configuration" in caplog.records[0].reason
    atlas.is_enabled = True
    assert found() == 1
    assert caplog.records[0].reason == "There is no Atlas Search index pages"
    ensure_index(atlas["pages"], NAME)
    assert found() == 1
    assert caplog.records[0].reason == "The Atlas Search index pages is not ready: PENDING"
    atlas.finish_builds()
    assert found() == 1
    assert not caplog.records
    assert index.search(parse_query("mortgage"), PageFilter(), 9).pages == []
    assert not caplog.records


@pytest.mark.server
def test_pages_with_one_score_keep_their_order(atlas):
    index = page_index(atlas, NAME)
    ensure_index(atlas["pages"], NAME)
    atlas.finish_builds()
    index.replace(DEED, ["deed"] * 5, form=None, year=None)
    index.replace(Content(cin=CIN, checksum="sha256:0"), ["a deed and a deed"], form=None, year=None)
    found = index.search(parse_query("deed"), PageFilter(), 9).pages
    assert [each.page for each in found] == [1, 2, 3, 4, 5, 1]
