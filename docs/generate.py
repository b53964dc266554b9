"""Write the generated parts of the documents: a page per room and the table of capabilities in the README.

`python docs/generate.py` writes; `python docs/generate.py --check` fails when something is out of date.
"""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "mlwright"
BEGIN, END = "<!-- generated: {name} -->", "<!-- end: {name} -->"


def rooms() -> list[str]:
    """Return the rooms from top to bottom, as `.importlinter` orders them."""
    lines = (ROOT / ".importlinter").read_text().split("layers =")[1].split("[importlinter")[0]
    return [name for name in re.findall(r"\w+", lines) if (SOURCE / name).is_dir()]


def room_page(room: str) -> str:
    """Return the page of a room: its purpose, then every file with its first line and its public names."""
    folder = SOURCE / room
    purpose = ast.get_docstring(ast.parse((folder / "__init__.py").read_text())) or ""
    parts = [f"# {room}\n", purpose + "\n", "| file | is | public names |", "|---|---|---|"]
    for path in sorted(folder.rglob("*.py")):
        tree = ast.parse(path.read_text())
        names = [f"`{name}`" for name in _public(tree)]
        if path.name == "__init__.py" and not names:
            continue
        first = (ast.get_docstring(tree) or "").splitlines()[0].replace("|", "\\|")
        parts.append(f"| [{path.relative_to(folder)}](../../{path.relative_to(ROOT)}) | {first} | {', '.join(names)} |")
    return "\n".join(parts) + "\n"


def _public(tree: ast.Module) -> list[str]:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return [node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]


def capability_table() -> str:
    """Return what is registered, as Markdown, with the extra that each thing needs."""
    from mlwright.cli.capabilities import registries

    lines = ["| kind | name | what | needs |", "|---|---|---|---|"]
    for registry in registries():
        for name in registry.builtin:
            traits = registry.find(name).traits
            needs = f"`mlwright[{traits.extra}]`" if traits.extra else "`mlwright`"
            lines.append(f"| {registry.kind} | `{name}` | {traits.summary} | {needs} |")
    return "\n".join(lines)


def documents() -> dict[Path, str]:
    """Return every generated document with its text."""
    texts = {ROOT / "docs" / "rooms" / f"{room}.md": room_page(room) for room in rooms()}
    readme = ROOT / "README.md"
    texts[readme] = _replace(readme.read_text(), "capabilities", capability_table())
    return texts


def _replace(text: str, name: str, content: str) -> str:
    begin, end = BEGIN.format(name=name), END.format(name=name)
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    return f"{head}{begin}\n{content}\n{end}{tail}"


def main() -> int:
    """Write or check; returns the exit code."""
    stale = [path for path, text in documents().items() if not path.exists() or path.read_text() != text]
    if "--check" in sys.argv:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date; run: make docs")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(documents()[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
