"""Compares what check_layout.py and routing_rules.py found with what a run stored.

klayout -b -r verdict.py -rd nets=nets.json -rd rules=drc.json -rd expected=expected.json -rd out=verdict.txt

expected.json: {"top", "nets", "violations"}. The text begins with `equal` or `different`.
"""

import json
import sys


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def main():
    found, drawn, wanted = load(nets), load(rules), load(expected)
    violations = sum(rule["violations"] for rule in drawn["rules"])
    faults = {
        "shorts": found["shortCount"],
        "opens": found["openCount"],
        "missing nets": found["missingCount"],
        "loose pins": found["loosePins"],
        "unresolved cells": len(found["unresolved"]),
    }
    is_equal = (
        found["top"] == wanted["top"]
        and found["netsCompared"] == wanted["nets"]
        and violations == wanted["violations"]
        and len(drawn["rules"]) > 0
        and not any(faults.values())
    )
    text = "%s, top %s, %d nets, %d pins, %s, %d of %d rule violations expected" % (
        "equal" if is_equal else "different",
        found["top"],
        found["netsCompared"],
        found["pinsCompared"],
        ", ".join("%d %s" % (count, name) for name, count in faults.items()),
        violations,
        wanted["violations"],
    )
    with open(out, "w", encoding="utf-8") as file:
        file.write(text + "\n")


try:
    main()
except Exception as error:  # KLayout would show the error and still leave with 0.
    sys.stderr.write("verdict: %s\n" % error)
    sys.exit(3)
