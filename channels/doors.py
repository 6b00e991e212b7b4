"""Every channel that there is, made from the settings: the one list of them."""

import time
from collections.abc import Callable, Mapping

import httpx

from channels.channel import Channel
from channels.sms_gateway import SmsGateway
from channels.telegram import Telegram
from channels.twilio import Account, Twilio
from channels.webchat import Webchat
from channels.whatsapp import Business, WhatsAppCloud
from core.config import Settings
from core.crypto import Vault


def open_doors(
    settings: Settings, vault: Vault, client: httpx.AsyncClient, hint: Callable[[str], None]
) -> Mapping[str, Channel]:
    """Make the channels that the settings open."""
    account = Account.from_settings(settings)
    every: Mapping[str, Callable[[], Channel]] = {
        "web": lambda: Webchat(vault, hint),
        "sms": lambda: Twilio("sms", account, client),
        "whatsapp": lambda: Twilio("whatsapp", account, client),
        "sms_gateway": lambda: SmsGateway(settings, client, time.time),
        "telegram": lambda: Telegram(settings, client),
        "whatsapp_cloud": lambda: WhatsAppCloud(Business.from_settings(settings), client),
    }
    return {name: every[name]() for name in settings.channels}
