"""Facts alone are an answer; a sum and a visa together are an offer."""

import pytest
from components.corridor import Corridor
from components.facts import FactReader
from components.phrases import read_lexicon
from rasa.shared.nlu.constants import ENTITIES, INTENT, TEXT
from rasa.shared.nlu.training_data.message import Message

CORRIDOR = Corridor(read_lexicon())


def read(text: str) -> str:
    message = Message({TEXT: text, INTENT: {"name": "topic", "confidence": 0.5}})
    message.set(ENTITIES, CORRIDOR.entities(text))
    FactReader().process([message])
    return message.get(INTENT)["name"]


@pytest.mark.parametrize(
    "text",
    ["Nepal", "from Nepal sir", "नेपाल", "नेपालबाट", "من السودان", "50000 rupees", "desde Guatemala", "Jordan",
     "I am Kenyan", "म नेपाली हो", "soy hondureña", "construction",
     "as housemaid", "sebagai pembantu", "1500 riyal per month",
     "au Koweït", "je suis à Dubai", "et au Ghana ?", "je viens du Mali", "c'est le Liban", "estoy en Madrid",
     "niko qatar", "natoka Kenya", "pinas po", "sa pinas po", "nasa kuwait po ako", "factory worker po",
     "80000 pesos po", "እኔ ኳታር ነኝ", "ሳውዲ ነው ያለሁት", "انا موجودة في الكويت", "আমি কাতারে আছি", "main dubai me hu",
     "मैं सऊदी में हूँ", "میں دبئی میں ہوں", "म कतारमा छु", "ma qatar ma xu", "i am in kuwait now", "riali 1000"],
)  # fmt: skip
def test_facts_alone_are_an_answer(text: str) -> None:
    assert read(text) == "inform"


@pytest.mark.parametrize(
    "text",
    ["is it safe in Qatar", "Nepali", "how much from Nepal", "thank you", "", "oman woman", "visit visa",
     "typing job", "casino job in cambodia", "nepali please", "they pay the housemaid late",
     "what job in Qatar", "gusto ko na po umuwi ng pinas", "salary 1500 riyals and no food", "hindi po", "kwa hapa"],
)  # fmt: skip
def test_anything_more_stays_a_topic(text: str) -> None:
    assert read(text) == "topic"


@pytest.mark.parametrize(
    "text",
    [
        "agent in nepal asks 150000 rupees today for hotel job in doha, visit visa. is it ok?",
        "me piden 3000 dolares y voy con visa de turista",
        "1.5 lakh magyo visit visa ma janu parxa re",
    ],
)
def test_a_sum_and_a_visa_tell_of_an_offer(text: str) -> None:
    assert read(text) == "describe_offer"
