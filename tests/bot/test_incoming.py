"""Typed words can never act as a command; a payload can only be one that a button of ours carries."""

import pytest
from incoming import BadRequest, plain_words, read_incoming, read_payload

WORDS = ["restart", "session_start", "back", "greet", 'check_offer{"origin": "NP"}', "x", '{"a":1}', ""]
HIDERS = [
    "", " ", "\t\r\n", "\u00a0", "\u2003", "\u200b", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e", "\u2066",
    "\u2069", "\ufeff", "\u00ad", "\u061c", "\u180e", "\x00", "\x1c", "\x85", "\u0338", "\u3000", "\ufe0f",
]  # fmt: skip
SLASHES = ["/", "\uff0f", "\u2044", "\u2215", "\u2571", "\u27cb", "\u29f8", "//", "/ /", "/\u200b/"]


@pytest.mark.parametrize("hider", HIDERS)
@pytest.mark.parametrize("slash", SLASHES)
def test_no_typed_words_begin_like_a_command(hider: str, slash: str) -> None:
    for word in WORDS:
        for text in (hider + slash + word, slash + hider + word, hider + slash + hider + slash + word):
            plain = plain_words(text)

            assert not plain.strip().startswith("/")
            assert plain in (word, word.strip())


@pytest.mark.parametrize(
    "text",
    ["1/2 price", "नमस्ते", "កម្ពុជា", "ကျေးဇူး", "سلام", "ሰላም", "🆘 help", "ノート", "é", "👨‍👩‍👧 family"],
)
def test_ordinary_words_stay_as_they_are(text: str) -> None:
    assert plain_words(text) == text


def test_very_long_words_are_cut_not_refused() -> None:
    assert len(plain_words("a" * 20_000)) == 5_000


def test_a_payload_becomes_intent_and_entities() -> None:
    parsed = read_payload('/fees{"country": "NP"}', ["fees"])

    assert parsed["intent"] == {"name": "fees", "confidence": 1.0}
    assert parsed["entities"] == [{"entity": "country", "value": "NP", "confidence": 1.0}]


@pytest.mark.parametrize(
    "payload",
    ["fees", "/unknown", "/restart", "/session_start", "/back", "/fees{", '/fees{"a": {"b": 1}}', "/fees x", "",
     "/FEES", "/fees{}\n/restart", '/fees["a"]'],
)  # fmt: skip
def test_a_payload_that_no_button_carries_is_refused(payload: str) -> None:
    with pytest.raises(BadRequest):
        read_payload(payload, ["fees", "restart", "session_start", "back"])


def _body(**changes: object) -> "dict[str, object]":
    body = {"turn_id": "t", "conversation": "c", "text": "hello", "language": "en", "channel": "web", **changes}
    return {name: value for name, value in body.items() if value is not None}


def test_the_metadata_is_turn_language_channel_and_silence_only() -> None:
    told = {"turn_id": "t", "language": "en", "channel": "web", "quiet_at": None}
    assert read_incoming(_body()).metadata() == told
    assert read_incoming(_body(quiet_at=5.5)).metadata() == {**told, "quiet_at": 5.5}


@pytest.mark.parametrize(
    "body",
    [None, [], "text", 5, _body(text=None), _body(payload="/greet"), _body(text=5), _body(turn_id=""),
     _body(turn_id="x" * 201), _body(conversation=None), _body(language=7), _body(channel=None),
     _body(quiet_at="now"), _body(quiet_at=True)],
)  # fmt: skip
def test_a_malformed_request_is_refused(body: object) -> None:
    with pytest.raises(BadRequest):
        read_incoming(body)
