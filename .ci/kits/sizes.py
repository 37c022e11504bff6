"""Prints the sizes of the functions' release binaries and checks their processor architecture.

usage: sizes.py FOLDER [--arm64] FUNCTION…
"""

import pathlib
import sys

AARCH64 = 0xB7


def main(folder, *names):
    arm = "--arm64" in names
    sizes = []
    for name in names:
        if name == "--arm64":
            continue
        binary = pathlib.Path(folder, name, "bootstrap").read_bytes()
        assert binary[:6] == b"\x7fELF\x02\x01", f"{name} is not a program for 64-bit Linux"
        machine = int.from_bytes(binary[18:20], "little")
        assert not arm or machine == AARCH64, f"{name} is built for machine {machine:#x}, not for arm64"
        sizes.append(f"{name} {len(binary) / 1_000_000:.1f} MB")
    print("arm64:" if arm else "this machine's processor:", ", ".join(sizes))


main(*sys.argv[1:])
