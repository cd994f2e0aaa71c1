"""Writes prediction_powered.json beside itself: means and Wald's errors by ppi_py.

Run by hand in a virtual environment (pip install ppi-python), not in CI.
"""
import importlib.metadata
import json
import pathlib

import numpy
from ppi_py import ppi_mean_ci, ppi_mean_pointestimate
from scipy.stats import norm

ALPHA = 0.05


def case(random, labelled, answers, rate, noise):
    """Labels of `labelled` of them, and a judge's probabilities of all `answers`."""
    truth = (random.random(answers) < rate).astype(float)
    judged = numpy.round(numpy.clip(0.15 + 0.7 * truth + noise * random.normal(size=answers), 0, 1), 4)
    labels, of_labels = truth[:labelled], judged[:labelled]
    point = float(numpy.squeeze(ppi_mean_pointestimate(labels, of_labels, judged, lam=1)))
    low, high = ppi_mean_ci(labels, of_labels, judged, alpha=ALPHA, lam=1)
    width = float(numpy.squeeze(high)) - float(numpy.squeeze(low))
    return {"labels": [int(label) for label in labels], "judged": of_labels.tolist(),
            "judged_all": judged.tolist(), "mean": point,
            "se": width / (2 * norm.ppf(1 - ALPHA / 2))}


random = numpy.random.default_rng(20261128)
document = {
    "made_by": "ppi-python " + importlib.metadata.version("ppi-python"),
    "cases": [case(random, *numbers) for numbers in
              ((20, 60, 0.3, 0.1), (40, 200, 0.1, 0.3), (12, 30, 0.8, 0.2), (100, 150, 0.5, 0.05))],
}
path = pathlib.Path(__file__).with_name("prediction_powered.json")
path.write_text(json.dumps(document) + "\n")
