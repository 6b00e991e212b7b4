"""Does a trained model fit the domain that stands in the files now?

After an update with a new intent or question an old model would go on answering without it, and nobody would notice.
"""

from pathlib import Path
from typing import Any, Dict, Iterator, Set

import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def mismatches(domain: Any, files: Path) -> Iterator[str]:
    """Yield what the files declare and the model's domain lacks, such as `intent greet`.

    `domain` is the rasa.shared.core.domain.Domain of a model, `files` a file or a folder of the domain. What the
    model knows beyond the files does no harm.
    """
    known: Dict[str, Set[str]] = {
        "intents": set(domain.intents),
        "entities": set(domain.entities),
        "slots": {slot.name for slot in domain.slots},
        "forms": set(domain.forms),
        "actions": set(domain.user_actions),
        "responses": set(domain.responses),
    }
    for path in [files] if files.is_file() else sorted(files.rglob("*.yml")):
        content = yaml.load(path.read_text("utf-8"), Loader=LOADER) or {}  # noqa: S506 (both loaders are safe ones)
        for kind, names in known.items():
            for entry in content.get(kind) or ():
                name = next(iter(entry)) if isinstance(entry, dict) else entry
                if name not in names:
                    yield f"{kind[:-1]} {name}"
