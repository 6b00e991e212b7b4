"""Documentation is true because tests read it: what code names stands in it, links lead somewhere, the tree is real."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
import yaml

from core.commands import Action
from core.config import ROOT, Settings, environment_name
from core.config_checks import CHANNELS
from core.languages import LANGUAGES
from core.risk import CODES
from core.words import SOURCE
from desk.accounts import ROLES
from ops import docs as generated
from ops import i18n

DOCS = ROOT / "docs"
GENERATED = frozenset("var models test-results node_modules __pycache__".split())
"""What a run, a test or a training leaves behind, besides everything whose name begins with a dot."""
SHOWN_THOUGH_HIDDEN = frozenset((".ci", ".env.example", ".gitignore"))
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MACHINE_PATH = re.compile(r"(?<![\w.~/-])/(?:work|root|home|Users|tmp)/")


def documents() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.md") if not _is_generated(path.relative_to(ROOT)))


def _is_generated(path: Path) -> bool:
    return any(part in GENERATED or part.startswith(".") for part in path.parts)


def read(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def rows(text: str) -> dict[str, list[str]]:
    """Return the rows of tables whose first cell is a code, by the code."""
    found = {}
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and (match := re.fullmatch(r"`([^`]+)`", cells[0])):
            found[match[1]] = cells[1:]
    return found


def between(text: str, name: str) -> str:
    """Return what stands between two markers."""
    match = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", text, re.DOTALL)
    assert match, f"the markers of {name} are missing"
    return match[1]


def chapter(text: str, title: str) -> str:
    """Return the part of a document under a heading of the second level."""
    match = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)
    assert match, f"no chapter {title}"
    return match[1]


# what the code names is documented, and nothing else is


def test_every_setting_has_its_row_and_no_row_is_left_over() -> None:
    assert set(rows(read("docs/configuration.md"))) == {environment_name(row.name) for row in fields(Settings)}


def test_generated_documents_are_up_to_date() -> None:
    assert generated.EXAMPLE.read_text("utf-8") == generated.example()
    assert generated.TABLE.read_text("utf-8") == generated.table()


def test_every_setting_that_a_document_names_exists() -> None:
    known = {environment_name(row.name) for row in fields(Settings)} | set(
        re.findall(r"AMANA_[A-Z_]+", read("docs/configuration.md"))
    )
    for path in documents():
        named = set(re.findall(r"\bAMANA_[A-Z_]*[A-Z]\b", path.read_text("utf-8")))
        assert named <= known, f"{path.relative_to(ROOT)}: {named - known}"


def test_every_channel_has_its_row() -> None:
    assert set(rows(chapter(read("docs/how-it-works.md"), "The doors"))) == set(CHANNELS)


def test_every_process_has_its_row() -> None:
    names = {line.split(":")[0] for line in read("Procfile").splitlines() if line}
    assert set(rows(chapter(read("docs/how-it-works.md"), "Four processes, two environments"))) == names


def test_every_action_has_its_row() -> None:
    domain = yaml.safe_load(read("bot/domain/domain.yml"))
    assert set(rows(chapter(read("docs/how-it-works.md"), "The assistant's actions"))) == set(domain["actions"])


def test_every_make_target_has_its_row() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", read("Makefile"), re.MULTILINE))
    documented = set(rows(chapter(read("CONTRIBUTING.md"), "Running the checks")))
    assert documented == {f"make {target}" for target in targets}


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z0-9]+):", read("Makefile"), re.MULTILINE))
    for path in documents():
        for command in re.findall(r"`make ([a-z0-9 ]+)`", path.read_text("utf-8")):
            assert set(command.split()) <= targets, f"{path.relative_to(ROOT)}: make {command}"


def test_every_danger_code_has_its_row() -> None:
    assert set(rows(chapter(read("docs/editors.md"), "Danger phrases: what must never be missed"))) == set(CODES)


def test_every_command_has_its_row() -> None:
    documented = set(rows(chapter(read("docs/editors.md"), "Commands: whole messages that act at once")))
    # the name of a language is a command without a word list, and has a sentence instead of a row
    assert documented == set(Action.__args__) - {"language"}  # type: ignore[attr-defined]


def test_every_role_at_the_desk_has_its_row() -> None:
    text = chapter(read("docs/counsellors.md"), "Who sees what")
    named = re.findall(r"^\| (\w+) \|", text, re.MULTILINE)
    assert {name for name in named if name != "role"} == {title.lower() for title in ROLES.values()}


# the state of the languages is the state of the files


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_state_of_a_language_in_the_readme_is_that_of_its_files(code: str) -> None:
    data, catalogue = ROOT / "data" / code, ROOT / "locales" / code / "LC_MESSAGES" / "messages.po"
    # how a machine's words were checked by machines stands behind a comma; what counts is whether a person read them
    words = "source" if code == SOURCE else i18n.review_of(catalogue).split(",")[0]
    expected = [
        LANGUAGES[code].own_name,
        _reading(data / "nlu.yml"),
        _reading(data / "danger.yml"),
        words if catalogue.exists() else "not yet",
    ]
    assert rows(between(read("README.md"), "languages"))[code] == expected


def _reading(path: Path) -> str:
    """Return whether a file is there, and whether its first line still says that nobody has reviewed it."""
    if not path.exists():
        return "not yet"
    first = path.read_text("utf-8").partition("\n")[0]
    return "unreviewed" if "no native reader has reviewed" in first else "reviewed"


def test_the_readme_names_no_language_that_is_not_there() -> None:
    assert set(rows(between(read("README.md"), "languages"))) == set(LANGUAGES)


# the tree is the disk


def tree(root: Path = ROOT) -> Iterator[str]:
    """Return what stands on the first two levels: everything on the first, folders on the second, sorted."""
    for path in root.iterdir():
        hidden = path.name.startswith(".") and path.name not in SHOWN_THOUGH_HIDDEN
        if hidden or path.name in GENERATED:
            continue
        yield f"{path.name}/" if path.is_dir() else path.name
        for inner in path.iterdir() if path.is_dir() else ():
            if inner.is_dir() and not _is_generated(Path(inner.name)):
                yield f"{path.name}/{'<language>' if inner.name in LANGUAGES else inner.name}/"


def printed_tree() -> dict[str, str]:
    """Return the tree of the README, each path with its explanation."""
    found, top = {}, ""
    for line in between(read("README.md"), "tree").strip().removeprefix("```text\n").removesuffix("```").splitlines():
        match = re.fullmatch(r"( {2})?(\S+) +(\S.*)", line)
        assert match, f"a line of the tree without explanation: {line!r}"
        top = top if match[1] else match[2]
        found[match[2] if not match[1] else top + match[2]] = match[3]
    return found


def test_the_tree_in_the_readme_is_the_tree_on_the_disk() -> None:
    assert set(printed_tree()) == set(tree())


def test_a_folder_that_nobody_described_is_noticed(tmp_path: Path) -> None:
    for name in ("core/store", "data/ne", "data/es", "var/cache", "core/__pycache__", ".git/hooks"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "Makefile").touch()
    (tmp_path / "core" / "risk.py").touch()
    assert set(tree(tmp_path)) == {"core/", "core/store/", "data/", "data/<language>/", "Makefile"}


# links and paths


@pytest.mark.parametrize("path", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in LINK.findall(_without_code(path.read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, heading = target.partition("#")
        found = (path.parent / place).resolve() if place else path
        assert found.exists(), target
        assert found.is_relative_to(ROOT), target
        if heading:
            assert heading in _anchors(found), target


def _without_code(text: str) -> str:
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


def _anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page in seen:
            continue
        seen.add(page)
        for target in LINK.findall(page.read_text("utf-8")):
            found = (page.parent / target.partition("#")[0]).resolve()
            if found.suffix == ".md" and found.exists():
                waiting.append(found)
            elif found == DOCS / "decisions":
                waiting += sorted(found.glob("*.md"))
    assert set(DOCS.rglob("*.md")) <= seen, set(DOCS.rglob("*.md")) - seen


def test_no_document_names_a_path_of_the_machine_that_it_was_written_on() -> None:
    for path in [*documents(), ROOT / "Makefile", ROOT / "Procfile", ROOT / ".env.example"]:
        assert not MACHINE_PATH.search(path.read_text("utf-8")), path.relative_to(ROOT)


def test_files_of_the_product_that_documents_name_exist() -> None:
    """Paths in backquotes that begin with one of our folders are looked up; `<...>` and `*` stand for anything."""
    tops = {name.split("/")[0] for name in tree() if name.endswith("/")}
    for path in documents():
        for name in re.findall(r"`([a-z]+/[\w./<>*-]+)`", path.read_text("utf-8")):
            if name.split("/")[0] in tops:
                pattern = re.sub(r"<[^>]*>", "*", name.rstrip("/"))
                assert any(ROOT.glob(pattern)), f"{path.relative_to(ROOT)} names {name}"


# decisions


@pytest.mark.parametrize("path", sorted((DOCS / "decisions").glob("*.md")), ids=lambda path: path.stem)
def test_a_decision_says_context_decision_consequences_and_sources(path: Path) -> None:
    text = path.read_text("utf-8")
    assert text.startswith(f"# {int(path.stem[:4])}. ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE)[:3] == ["Context", "Decision", "Consequences"]
    assert "**Sources.**" in text


def test_decisions_that_code_and_documents_name_exist() -> None:
    names = {path.name for path in (DOCS / "decisions").glob("*.md")}
    code = [path for folder in ("core", "channels", "desk", "actions", "bot", "ops") for path in _modules(folder)]
    for path in [*code, *documents()]:
        for name in re.findall(r"decisions/(\d{4}-[a-z-]+\.md)", path.read_text("utf-8")):
            assert name in names, f"{path.relative_to(ROOT)} names {name}"


def _modules(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*.py") if not _is_generated(path.relative_to(ROOT))]
