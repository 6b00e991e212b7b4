"""The English responses as they stand in the assistant's domain."""

from pathlib import Path

import yaml

from core.responses import Responses, load

FOLDER = Path(__file__).parents[2] / "bot" / "domain" / "responses"
TEXT = """
version: "3.1"
responses:
  utter_menu:
    - text: What is it about?
      buttons:
        - {title: Fees, payload: /fees}
        - {title: A person, payload: /talk_to_human}
    - text: What?
      channel: sms
  utter_result:
    - text: All of it
    - text: First
      channel: sms
      buttons:
        - {title: More, payload: /more}
  utter_topic_fees:
    - text: "  Fees and costs "
"""


def read(folder: Path) -> Responses:
    (folder / "a.yml").write_text(TEXT, "utf-8")
    (folder / "b.yml").write_text("version: '3.1'\n", "utf-8")
    return load(folder)


def test_choices_are_found_with_and_without_the_prefix(tmp_path: Path) -> None:
    responses = read(tmp_path)
    assert responses.under("utter_menu") == (("Fees", "/fees"), ("A person", "/talk_to_human"))
    assert responses.under("menu") == responses.under("utter_menu")


def test_choices_of_the_short_form_stand_apart(tmp_path: Path) -> None:
    responses = read(tmp_path)
    assert responses.under("result") == ()
    assert responses.under("result|sms") == (("More", "/more"),)
    assert responses.under("menu|sms") == ()


def test_topics_have_their_titles(tmp_path: Path) -> None:
    assert read(tmp_path).topics == {"fees": "Fees and costs"}


def test_nothing_stands_under_an_unknown_text(tmp_path: Path) -> None:
    assert read(tmp_path).under("utter_nothing") == ()


GATEWAYS_OWN = {"more", "none_of_these"}
"""Choices that the gateway answers itself, or that lead to no topic."""


def test_every_choice_of_ours_is_short_and_leads_to_an_intent() -> None:
    responses = load(FOLDER)
    domain = yaml.safe_load((FOLDER.parent / "domain.yml").read_text("utf-8"))
    buttons = [row for choices in responses.choices.values() for row in choices]
    assert buttons
    for title, payload in buttons:
        assert 0 < len(title) <= 24, title
        assert payload.startswith("/"), title
    assert set(responses.topics) <= set(domain["intents"]) | {"nlu_fallback"} | GATEWAYS_OWN
