#!/usr/bin/env python3
"""Flips single bits of a run's store, one at a time, and asks for the report each time.

    scripts/flip-bits.py build/iago runs/latest [FLIPS] [SEED]

A flip is noticed if the report ends with an error, and harmless if it says what it said before. The
exit code is 1 if any flip gave other figures without an error. The run's folder is copied, never
changed.
"""
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile


def report(iago, folder):
    command = [iago, "report", str(folder), "--format", "json"]
    done = subprocess.run(command, capture_output=True)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


def flip(path, at, bit):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ (1 << bit)]))


def main():
    iago, run = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
    flips = int(sys.argv[3]) if len(sys.argv) > 3 else 100
    draw = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    counts = {"noticed": 0, "harmless": 0, "SILENT": 0}
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch) / run.name
        folder.mkdir()
        store = folder / "run.db"
        shutil.copyfile(run / "run.db", store)
        code, sound, error = report(iago, folder)
        if code != 0:
            sys.exit(f"the run cannot be reported as it is: {error}")
        size = store.stat().st_size
        for _ in range(flips):
            at, bit = draw.randrange(size), draw.randrange(8)
            flip(store, at, bit)
            code, text, error = report(iago, folder)
            result = "noticed" if code != 0 else "harmless" if text == sound else "SILENT"
            counts[result] += 1
            if result == "SILENT" or (code not in (0, 1)):
                print(f"byte {at}, bit {bit}: {result}, exit {code} {error}")
            flip(store, at, bit)
    print(f"{size} bytes, {flips} flips: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
    sys.exit(counts["SILENT"] > 0)


if __name__ == "__main__":
    main()
