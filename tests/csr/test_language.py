"""The page in another language: nothing that the house says is without words, and data stay as they were collected."""

from __future__ import annotations

import json
import re

import markupsafe
import pytest
import yaml

from crf2csr import io
from crf2csr.csr import _language, appendix
from crf2csr.errors import Cause
from crf2csr.spread import WRITTEN
from tests.csr import interface, small

pytestmark = pytest.mark.req("URS-CSR-11")

OTHERS = sorted(path.stem for path in _language.HERE.glob("*.yaml"))
PLACE = re.compile(r"\{[0-9]\}")


def catalogue(code: str) -> dict[str, str]:
    return yaml.safe_load((_language.HERE / f"{code}.yaml").read_text(encoding="utf-8"))


def pages(code: str = "zh", labels: dict[str, str] | None = None, **kept) -> dict[str, str]:
    part = small.part(**kept)
    part = part | {"csr": part["csr"] | {"also_in": [code]}, "words": {code: labels or {}}}
    return appendix.pages(small.read(), part)


@pytest.mark.parametrize("code", OTHERS)
def test_each_word_of_the_house_has_its_line_and_each_line_is_used(code):
    own, said = set(catalogue(code)), interface.everything()
    assert len(said) > 250
    assert sorted(said - own) == []
    assert sorted(own - said) == []


@pytest.mark.parametrize("code", OTHERS)
def test_each_line_speaks_of_the_same_things(code):
    different = {k: v for k, v in catalogue(code).items() if sorted(PLACE.findall(k)) != sorted(PLACE.findall(v))}
    assert different == {}


def test_every_language_has_a_name_and_a_tag():
    assert set(OTHERS) | {WRITTEN} == set(_language.NAMES) == set(_language.TAGS)


def test_a_word_of_the_house_without_a_line_stops_the_report():
    with pytest.raises(Cause, match="has no words in this language"):
        _language.Language("zh").say("Not a word of the house")


def test_what_fills_a_text_is_shown_as_text():
    filled = _language.Language("zh").say("Subject {0}", "<b>\u202e")
    assert markupsafe.escape(filled) == "受试者 &lt;b&gt;⟨U+202E⟩"
    whole = _language.Language().say("Results {0}.", markupsafe.Markup("<code>1</code>"))
    assert whole == "Results <code>1</code>." and isinstance(whole, markupsafe.Markup)


def test_the_numbers_of_a_sentence_stand_where_the_language_wants_them():
    language = _language.Language("zh", {"{0} of {1} responded.": "{1} 例中有 {0} 例应答。"})
    three, nine = {"t": "3", "f": 1}, {"t": "9", "f": 2}
    given = [three, {"t": " of "}, nine, {"t": " responded."}]
    assert language.parts(given) == [nine, {"t": " 例中有 "}, three, {"t": " 例应答。"}]
    assert _language.Language().parts(given) == given
    assert language.parts([three, {"t": " of "}, nine]) == [three, {"t": " of "}, nine]
    assert list(language.missing) == ["{0} of {1}"]


def test_a_label_without_words_stands_as_written_and_is_marked_as_of_its_language():
    language = _language.Language("zh", {"Sex": "性别"})
    assert (language.label("Sex"), language.foreign("Sex")) == ("性别", "")
    assert (language.label("Height"), language.foreign("Height")) == ("Height", ' lang="en"')
    assert language.foreign("12") == language.foreign("") == ""
    assert list(language.missing) == ["Height"]


def test_the_page_of_each_language_leads_to_the_other_and_has_the_same_numbers():
    made = pages(labels={"Efficacy": "疗效"})
    assert list(made) == ["en", "zh"]
    assert '<html lang="en">' in made["en"] and '<html lang="zh-Hans">' in made["zh"]
    assert '<a href="csr-appendix.zh.html" hreflang="zh-Hans"' in made["en"]
    assert '<a href="csr-appendix.html" hreflang="en"' in made["zh"]
    payload, places = re.compile(r'id="payload"[^>]*>([^<]*)<'), re.compile(r'data-f="([^"]*)"')
    assert payload.search(made["en"])[1] == payload.search(made["zh"])[1]
    assert places.findall(made["en"]) == places.findall(made["zh"])
    assert re.findall(r' id="([^"]*)"', made["en"]) == [
        i for i in re.findall(r' id="([^"]*)"', made["zh"]) if i != "words"
    ]
    assert "hreflang" not in appendix.assemble(small.read(), small.part())


def test_words_with_markup_cannot_leave_their_element():
    hostile = "</script><script>alert(1)</script>"
    made = pages(labels={"Efficacy": hostile})["zh"]
    assert "<script>alert" not in made
    words = json.loads(re.search(r'<script type="application/json" id="words">([^<]*)</script>', made)[1])
    assert words["Efficacy"] == hostile and words["Back"] == "返回"


def test_titles_populations_and_heads_of_the_shipped_study_have_words(shipped):
    labels = yaml.safe_load((shipped / "config/words/zh.yaml").read_text(encoding="utf-8"))
    known = set(labels) | set(catalogue("zh"))
    csr = yaml.safe_load((shipped / "config/csr.yaml").read_text(encoding="utf-8"))
    asked = {csr["title"], *(section["title"] for section in csr["sections"])}
    rows: set[str] = set()
    for path in sorted((shipped / "results/tlf").glob("*.json")):
        for display in io.read_json(path)["displays"]:
            asked |= {display["title"], display.get("population", ""), display.get("stub", "")}
            asked |= {column["label"] for column in display.get("columns", [])}
            asked |= {head["label"] for heads in display.get("spanners", []) for head in heads}
            rows |= {row.get("head") or "" for row in display.get("rows", [])}
    plain = {"", *(text for text in asked if not re.search("[A-Za-z]{2}", text))}
    codes = {"n/N", "df", "x ULN", "n (%)", "n", "p", "N"}
    assert (
        sorted(
            text
            for text in asked - known - plain - codes
            if not re.fullmatch(r"p0 = [0-9]+ %|p0, %|p \(.*\)|t \(df\)", text)
        )
        == []
    )
    page = (shipped / "reports/csr-appendix.zh.html").read_text(encoding="utf-8")
    page = re.sub(r'id="(words|payload)"[^>]*>[^<]*<', "", page) + (shipped / "config/csr.yaml").read_text("utf-8")
    idle = [
        text
        for text, word in labels.items()
        if text not in asked | rows
        and not any(str(markupsafe.escape(one)) in page for one in (text, _language.PLACE.split(word)[0].strip()))
    ]
    assert idle == [], "a line of the catalogue that nothing asks for"
