"""Checks that the examples of a page work as written.

usage: examples.py BINARY PAGE [HEADING]

Runs the shell blocks of the page, or of the section below a heading, in one shell against a new stack. A failing command stops
the run; a command followed by `# → TEXT` must print that text.
"""

import pathlib
import re
import shlex
import subprocess
import sys

from stack import Stack, folder

PRELUDE = """set -euo pipefail
check() { [ "$2" = "$3" ] || { printf 'line %s: expected %s\\n  got %s\\n' "$1" "$3" "$2" >&2; exit 1; }; }
"""


def commands(page):
    """The commands of the shell blocks with their line numbers."""
    inside, begun, lines = False, 0, []
    for number, line in enumerate(page.splitlines(), 1):
        if line.startswith("```"):
            inside = line == "```sh"
        elif inside:
            begun = begun or number
            lines.append(line)
            if not line.endswith("\\"):
                yield begun, "\n".join(lines)
                begun, lines = 0, []


def script(page):
    """All commands as one script."""
    text = PRELUDE
    for number, command in commands(page):
        expected = re.fullmatch(r"(.*?)\s+# → (.*)", command, re.DOTALL)
        if expected:
            # On separate lines, so that a here-document or a comment in the command ends at its own line.
            text += f"got=$(\n{expected[1]}\n)\ncheck {number} \"$got\" {shlex.quote(expected[2])}\n"
        else:
            text += command + "\n"
    return text


def below(page, heading):
    """The section below a heading, up to the next heading of its level. Empty lines before it keep the line numbers."""
    lines = page.splitlines()
    begin = lines.index(heading)
    level = heading.split(" ")[0] + " "
    ends = (at for at in range(begin + 1, len(lines)) if lines[at].startswith(level))
    end = next(ends, len(lines))
    return "\n" * begin + "\n".join(lines[begin:end])


def main(binary, page, heading=None):
    """Runs the examples."""
    text = pathlib.Path(page).read_text(encoding="utf-8")
    text = below(text, heading) if heading else text
    with folder() as path, Stack(binary, path, "--memory") as stack:
        console, key = stack.console
        given = {"MUSTER": console.removesuffix("/console"), "ADMIN_KEY": key}
        done = subprocess.run(
            ["bash", "-c", script(text)],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": path, **given},
            cwd=path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    if done.returncode:
        sys.exit(f"{page}: {done.stderr}\n{done.stdout[-2000:]}")
    checked = text.count("# → ")
    assert checked > 2, f"{page} checks {checked} answers only"
    print(f"{len(list(commands(text)))} commands of {page}, {checked} answers compared")


if __name__ == "__main__":
    main(*sys.argv[1:])
