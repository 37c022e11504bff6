"""Runs five third-party SCIM clients through provisioning, from discovery to the last deletion. Each client has its own tenant.
Every step checks what the client saw and, where it matters, what is stored.

usage: clients.py BINARY FOLDER

FOLDER keeps the Java packages and classes, so that the next run needs no registry.
"""

import functools
import hashlib
import os
import pathlib
import re
import subprocess
import sys

from days import Scim2Client, ScimClient
from stack import Client, Stack, folder, token

JAVA = pathlib.Path(__file__).parent / "java"
# Client → module of the Maven project.
MODULES = {
    "UnboundID scim2-sdk-client 5.0.0": "unboundid",
    "SCIM-SDK scim-sdk-client 1.30.0": "scimsdk",
    "ConnId SCIM bundle 1.0.5": "connid",
}
DAYS = {"scim2-client 0.13.2": Scim2Client, "scim-client 0.2.3": ScimClient}


def build(target):
    """Compiles the Java clients' days unless they are up to date; offline if the packages are in the folder."""
    source = hashlib.sha256()
    for path in sorted([*JAVA.rglob("*.java"), *JAVA.rglob("pom.xml")]):
        source.update(path.relative_to(JAVA).as_posix().encode() + b"\0" + path.read_bytes())
    made_from = target / "made-from"
    if made_from.exists() and made_from.read_text() == source.hexdigest():
        return
    made_from.unlink(missing_ok=True)
    command = ["mvn", "--batch-mode", "--quiet", "--strict-checksums", "--file", JAVA / "pom.xml", "clean", "compile"]
    command += [f"-Dmaven.repo.local={target / 'repository'}", f"-Dbuilt={target}"]
    for mode in ["--offline"], []:
        done = subprocess.run(command + mode, capture_output=True, text=True, timeout=900, check=False)
        if done.returncode == 0:
            made_from.write_text(source.hexdigest())
            return
    sys.exit(done.stdout + done.stderr)


def java(target, module, base, key):
    """Runs a Java client's day and returns the numbers of passed steps and of all steps."""
    built = target / module
    path = f"{built / 'classes'}:{(built / 'class-path').read_text().strip()}"
    command = ["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", path, "day.Day", base, key]
    environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=180, check=False)
    found = re.search(r"^(\d+) of (\d+) steps$", done.stdout, re.MULTILINE)
    if done.returncode or not found:
        print(done.stdout, done.stderr, sep="\n", flush=True)
    return (int(found[1]), int(found[2])) if found else (0, 1)


def python(day, base, key):
    """Runs a Python client's day and returns the same."""

    def stored(path):
        return Client(base, key).expect(200, "GET", path)

    steps = day(base, key, stored).live()
    return steps.done - steps.failed, steps.done


def main(binary, target):
    """Runs every client's day and prints the sum."""
    target = pathlib.Path(target).absolute()
    build(target)
    os.environ["NO_PROXY"] = "127.0.0.1"
    days = {name: functools.partial(java, target, module) for name, module in MODULES.items()}
    days |= {name: functools.partial(python, day) for name, day in DAYS.items()}
    keys = [token() for _ in days]
    tenants = [f"day-{number}={key}" for number, key in enumerate(keys)]
    options = [word for tenant in tenants for word in ("--tenant", tenant)]
    with folder() as path, Stack(binary, path, "--memory", *options) as stack:
        results = {}
        for number, (name, day) in enumerate(days.items()):
            results[name] = day(*stack.tenants[f"day-{number}"])
            print(f"{name}: {results[name][0]} of {results[name][1]} steps", flush=True)
    good, all_of_them = (sum(result[part] for result in results.values()) for part in (0, 1))
    print(f"{good} of {all_of_them} steps of {len(results)} clients")
    sys.exit(good != all_of_them)


if __name__ == "__main__":
    main(*sys.argv[1:])
