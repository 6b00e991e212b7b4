"""Start the assistant: the released model, one connector, loopback only.

`rasa run` would import the training and testing code, open CORS and log every message; here only what
answers is loaded.
"""

import asyncio
import gc
import logging
import os
import sys
import time
import uuid
from pathlib import Path
from typing import List, Tuple

import release
from absent import leave_out_tensorflow
from logs import keep_words_out_of_logs
from matching import mismatches
from memory import memory_path
from succession import Occupied, Place
from walls import stay_inside

BOT = Path(__file__).resolve().parent
MODELS = BOT.parent / "models"
DOMAIN = BOT / "domain"
NEEDED = ("AMANA_TRACKER_KEY", "AMANA_INTERNAL_SECRET", "AMANA_ACTIONS_PORT")
BODY_LIMIT = 64 * 1024

# one thread: a message is understood in 12-20 ms, and the other processes need the second core
SURROUNDINGS = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def main(arguments: List[str]) -> int:
    """Serve until stopped. With --take-over serve the current model or none, in the place of whoever serves now."""
    started = time.monotonic()
    over = arguments == ["--take-over"]
    for name, value in SURROUNDINGS.items():
        os.environ.setdefault(name, value)  # read when the libraries are imported, which is later
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"  # whatever was set: nothing of ours is told to anybody
    keep_words_out_of_logs(logging.getLevelName(os.environ.get("LOG_LEVEL", "WARNING").upper()))
    leave_out_tensorflow()
    os.chdir(BOT)
    try:
        models = release.admitted(models_folder())
        missing = [name for name in NEEDED if not os.environ.get(name)]
        if missing:
            return _refuse(f"{', '.join(missing)} must be set; see docs/configuration.md")
        place = _place(over)
        _raise_walls(place.port)
        gc.disable()
        name, app = _loaded(models[:1] if over else models)
    except release.Refused as error:
        return _refuse(f"no model: {error}; train one with `make train`")
    except Occupied as error:
        return _refuse(f"{error}; does another assistant serve there?")
    if not _matches(app.ctx.agent, name):
        return 3
    if not asyncio.run(rehearse(app.ctx.agent)):
        print(f"assistant: {name} does not answer; it is not served", file=sys.stderr)
        return 4
    # what was loaded stays: looking through it for garbage would hold everybody up
    gc.freeze()
    gc.enable()

    async def announce(*_: object) -> None:
        ready = f"assistant ready on 127.0.0.1:{place.port} with {name} after {time.monotonic() - started:.0f} s"
        print(ready, flush=True)

    app.register_listener(place.enter, "before_server_start")
    app.register_listener(announce, "after_server_start")
    app.register_listener(place.leave, "after_server_stop")
    app.run(sock=place.door, workers=1, access_log=False, debug=False, motd=False)
    return 0


def _refuse(why: str) -> int:
    print(f"assistant: {why}", file=sys.stderr)
    return 2


def models_folder() -> Path:
    """Return where models and their manifest are."""
    return Path(os.environ.get("AMANA_MODELS") or MODELS)


def _place(over: bool) -> Place:
    memory = memory_path().parent
    memory.mkdir(parents=True, exist_ok=True)
    place = Place(int(os.environ.get("AMANA_RASA_PORT") or 5005), memory)
    if over:
        place.share()
    else:
        place.claim()
    return place


def _raise_walls(port: int) -> None:
    outside = stay_inside(memory=memory_path().parent, actions=int(os.environ["AMANA_ACTIONS_PORT"]), port=port)
    if outside:
        print(f"assistant: this kernel does not hold {', '.join(outside)}; see docs/operating.md", file=sys.stderr)
    if os.geteuid() == 0:
        print("assistant: runs as root; give it a user of its own, see docs/operating.md", file=sys.stderr)


def _loaded(models: List[release.Entry]) -> Tuple[str, "Sanic"]:  # noqa: F821
    """Load the first model that is what was released; one that is not leaves the one before it serving."""
    for entry in models:
        try:
            with release.intact(models_folder(), entry) as model:
                return entry["name"], build_app(model)
        except release.Refused as error:
            print(f"assistant: {error}; it is not loaded", file=sys.stderr)
    raise release.Refused("nothing that was released is there")


def _matches(agent: "AmanaAgent", model: str) -> bool:  # noqa: F821
    lacking = list(mismatches(agent.domain, Path(os.environ.get("AMANA_DOMAIN") or DOMAIN)))
    if lacking:
        named = ", ".join(lacking[:3]) + (" ..." if len(lacking) > 3 else "")
        print(f"assistant: {model} does not match the domain (no {named}); run `make train`", file=sys.stderr)
    return not lacking


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


async def rehearse(agent: "AmanaAgent") -> bool:  # noqa: F821
    """Take a turn of nobody's and forget it; tell whether an answer came. The first one is also the slowest."""
    from connector import as_message
    from incoming import Incoming
    from turns import Turn

    turn = Turn(f"rehearsal-{uuid.uuid4().hex}")
    asked = Incoming(turn.id, turn.id, text="hello", payload=None, language="en", channel="web")
    try:
        await agent.handle_message(as_message(asked, turn, agent.domain.intents))
    finally:
        await agent.tracker_store.delete(turn.id)
        await agent.action_endpoint.close()  # it belongs to the loop of this rehearsal
    return turn.went_well()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
