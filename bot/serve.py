"""Start the assistant: the newest model, one connector, loopback only.

`rasa run` would import the training and testing code, open CORS and log every message; here only what
answers is loaded.
"""

import gc
import logging
import os
import sys
import time
from pathlib import Path

from absent import leave_out_tensorflow
from logs import keep_words_out_of_logs
from matching import mismatches

BOT = Path(__file__).resolve().parent
MODELS = BOT.parent / "models"
DOMAIN = BOT / "domain"
NEEDED = ("AMANA_TRACKER_KEY", "AMANA_INTERNAL_SECRET", "AMANA_ACTIONS_PORT")
BODY_LIMIT = 64 * 1024

# one thread: a message is understood in 12-20 ms, and the other processes need the second core
SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "RASA_TELEMETRY_ENABLED": "false",
}


def main() -> int:
    """Serve until stopped."""
    started = time.monotonic()
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)  # read when the libraries are imported, which is later
    keep_words_out_of_logs(logging.getLevelName(os.environ.get("LOG_LEVEL", "WARNING").upper()))
    leave_out_tensorflow()
    os.chdir(BOT)
    model = newest_model(Path(os.environ.get("AMANA_MODELS") or MODELS))
    if model is None:
        print("assistant: no model yet; train one with `make train`", file=sys.stderr)
        return 2
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        print(f"assistant: {', '.join(missing)} must be set; see docs/configuration.md", file=sys.stderr)
        return 2
    port = int(os.environ.get("AMANA_RASA_PORT") or 5005)
    gc.disable()
    app = build_app(model)
    if not _matches(app.ctx.agent, model):
        return 3
    # what was loaded stays: looking through it for garbage would hold everybody up
    gc.freeze()
    gc.enable()

    async def announce(*_: object) -> None:
        print(
            f"assistant ready on 127.0.0.1:{port} with {model.name} after {time.monotonic() - started:.0f} s",
            flush=True,
        )

    app.register_listener(announce, "after_server_start")
    app.run(host="127.0.0.1", port=port, workers=1, access_log=False, debug=False, motd=False)
    return 0


def _matches(agent: "AmanaAgent", model: Path) -> bool:  # noqa: F821
    lacking = list(mismatches(agent.domain, Path(os.environ.get("AMANA_DOMAIN") or DOMAIN)))
    if lacking:
        named = ", ".join(lacking[:3]) + (" ..." if len(lacking) > 3 else "")
        print(f"assistant: {model.name} does not match the domain (no {named}); run `make train`", file=sys.stderr)
    return not lacking


def newest_model(folder: Path) -> "Path | None":
    """Find the model that was trained last."""
    models = sorted(folder.glob("amana-*.tar.gz"), key=lambda path: path.stat().st_mtime)
    return models[-1] if models else None


def build_app(model: Path) -> "Sanic":  # noqa: F821 (imported late, it is slow)
    """Put the agent and its one connector together."""
    from connector import GatewayInput
    from rasa.core.channels.channel import register
    from sanic import Sanic

    agent = load_agent(model)
    app = Sanic("amana_bot", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = BODY_LIMIT
    app.config.RESPONSE_TIMEOUT = 60
    register([GatewayInput.from_credentials(None)], app, route="/webhooks/")
    app.ctx.agent = agent
    app.register_listener(lambda *_: agent.action_endpoint.close(), "after_server_stop")
    return app


def load_agent(model: Path) -> "AmanaAgent":  # noqa: F821
    """Load a model with the store, the words and the actions that endpoints.yml names."""
    from assistant import AmanaAgent
    from rasa.core.nlg import NaturalLanguageGenerator
    from rasa.core.tracker_store import TrackerStore
    from rasa.shared.utils.io import read_config_file
    from rasa.utils.endpoints import read_endpoint_config
    from remote import ActionEndpoint

    endpoints = str(BOT / "endpoints.yml")
    agent = AmanaAgent(
        generator=NaturalLanguageGenerator.create(read_endpoint_config(endpoints, "nlg"), None),
        tracker_store=TrackerStore.create(read_endpoint_config(endpoints, "tracker_store")),
        action_endpoint=ActionEndpoint(**read_config_file(endpoints)["action_endpoint"]),
    )
    agent.load_model(model)
    return agent


if __name__ == "__main__":
    sys.exit(main())
