"""Stock Rasa's own Twilio channel, unchanged, but for the address that its client calls: our fake on loopback.

Named in the credentials of `rasa run` as `stock_twilio.LoopbackTwilio`; runs in the assistant's environment.
"""

import os
from typing import Any

import rasa.core.channels.twilio as stock


class LoopbackOutput(stock.TwilioOutput):
    """Sends to the fake."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.api.base_url = os.environ["BENCH_TWILIO_URL"]


stock.TwilioOutput = LoopbackOutput


class LoopbackTwilio(stock.TwilioInput):
    """Receives as the stock channel does."""

    @classmethod
    def name(cls) -> str:
        """Return the stock channel's name, which is its place under /webhooks/."""
        return "twilio"
