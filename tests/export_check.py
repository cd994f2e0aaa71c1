"""Computes a run's rates from its exported rows and from its store, and compares them with
summary.json. The first argument is the run's folder, the second the rows as CSV."""
import json
import pathlib
import sqlite3
import sys

import pandas

run, exported = pathlib.Path(sys.argv[1]), sys.argv[2]
summary = json.loads((run / "summary.json").read_text())
rows = pandas.read_csv(exported)


def rates(table):
    return table.groupby(["arm", "query"])[["complies", "fakes"]].mean().groupby("arm").mean()


def check(what, found, expected):
    assert abs(found - expected) < 1e-9, f"{what}: {found} in the rows, {expected} in the summary"


found = rates(rows[rows.role == "reference"])
compared = 0
for name, arm in summary["arms"].items():
    for column, figure in (("complies", "compliance"), ("fakes", "alignment_faking_reasoning")):
        if arm is not None and arm[figure] is not None:
            check(f"{name}, {column}", found.loc[name, column], arm[figure]["rate"])
            compared += 1
assert compared >= 4, compared

store = sqlite3.connect(f"file:{run / 'run.db'}?mode=ro", uri=True)
answers = pandas.read_sql("SELECT * FROM answers", store)
verdicts = pandas.read_sql("SELECT * FROM verdicts", store)
assert len(answers) == len(rows), (len(answers), len(rows))
for judge in verdicts.judge.unique():
    of_view = verdicts[verdicts.judge == judge].set_index("trial").label
    of_rows = rows.set_index("trial")["label_" + judge].dropna()
    assert of_view[of_view != ""].to_dict() == of_rows.to_dict(), judge
    in_answers = answers.set_index("trial").verdicts.map(json.loads)
    assert all(in_answers[trial][judge] == label for trial, label in of_view.items()), judge
print("ok", compared, "figures,", len(rows), "rows,", len(verdicts), "verdicts")
