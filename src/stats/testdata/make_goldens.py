"""Writes goldens.json beside itself: reference values of scipy and statsmodels for the tests.

Run by hand in a virtual environment (pip install scipy statsmodels), not in CI.
"""
import json
import pathlib

import numpy
import scipy
import scipy.optimize
import scipy.stats
import statsmodels
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint


def mid_p(successes, trials, level):
    tail = (1 - level) / 2

    def end(target):
        binomial = scipy.stats.binom
        return scipy.optimize.brentq(
            lambda p: binomial.sf(successes, trials, p)
            + binomial.pmf(successes, trials, p) / 2 - target, 0, 1, xtol=1e-14)

    return [0.0 if successes == 0 else end(tail), 1.0 if successes == trials else end(1 - tail)]


def intervals():
    rows = []
    for trials in (1, 2, 5, 20, 200, 2000):
        for successes in sorted({0, 1, trials // 10, trials // 3, trials - 1, trials}):
            for level in (0.9, 0.95, 0.99):
                row = {"successes": successes, "trials": trials, "level": level}
                for name, method in (("wilson", "wilson"), ("clopper_pearson", "beta"),
                                     ("jeffreys", "jeffreys")):
                    row[name] = [float(x) for x in proportion_confint(
                        successes, trials, 1 - level, method)]
                row["mid_p"] = mid_p(successes, trials, level)
                rows.append(row)
    return rows


def differences():
    rows = []
    for a, n, b, m in ((0, 20, 0, 20), (28, 200, 6, 200), (56, 70, 48, 80), (9, 10, 3, 10),
                       (10, 10, 0, 20), (1, 400, 7, 300)):
        low, high = confint_proportions_2indep(a, n, b, m, method="newcomb", compare="diff")
        rows.append({"a": a, "n": n, "b": b, "m": m, "newcombe": [float(low), float(high)]})
    return rows


def sign_flips(generator):
    rows = []
    for size, repeats in ((3, 1), (6, 2), (10, 5), (14, 10), (12, 7), (13, 3)):
        a = generator.binomial(repeats, 0.6, size) / repeats
        b = generator.binomial(repeats, 0.35, size) / repeats
        test = scipy.stats.permutation_test(
            (a - b,), numpy.sum, permutation_type="samples", vectorized=True, n_resamples=numpy.inf)
        rows.append({"differences": (a - b).tolist(), "p_value": float(test.pvalue)})
    return rows


def clustered(generator):
    """Per-query counts; the means and standard errors are of the queries' own rates."""
    rows = []
    for queries, most in ((5, 3), (40, 10), (200, 10)):
        trials = [generator.integers(1, most + 1, queries) for _ in range(2)]
        successes = [generator.binomial(trials[0], 0.3), generator.binomial(trials[1], 0.1)]
        rates = [s / t for s, t in zip(successes, trials)]
        rows.append({
            "more": [successes[0].tolist(), trials[0].tolist()],
            "less": [successes[1].tolist(), trials[1].tolist()],
            "rates": [float(r.mean()) for r in rates],
            "standard_errors": [float(scipy.stats.sem(r)) for r in rates],
            "gap": float((rates[0] - rates[1]).mean()),
            "se_paired": float(scipy.stats.sem(rates[0] - rates[1])),
        })
    return rows


def correlations(generator):
    rows = []
    for size in (2, 10, 57):
        x = generator.integers(0, 20, size).astype(float)
        y = x + generator.normal(0, 5, size).round()
        rows.append({"x": x.tolist(), "y": y.tolist(),
                     "pearson": float(scipy.stats.pearsonr(x, y).statistic),
                     "spearman": float(scipy.stats.spearmanr(x, y).statistic)})
    return rows


def multiple(generator):
    """Adjusted p-values; null stands for an absent one, which the reference never sees."""
    families = [[0.03], [0.01, 0.02, 0.03, 0.04], [0.04, 0.01, 0.04, 0.01, 0.5],
                [0.0, 1.0, 0.05], [0.9, 0.95, 1.0], [0.02, None, 0.02, None, 0.7],
                (generator.random(30) ** 4).tolist()]
    rows = []
    for family in families:
        present = [p for p in family if p is not None]
        row = {"p_values": family}
        for name, method in (("holm", "holm"), ("benjamini_hochberg", "fdr_bh")):
            adjusted = iter(multipletests(present, method=method)[1].tolist())
            row[name] = [None if p is None else next(adjusted) for p in family]
        rows.append(row)
    return rows


def main():
    generator = numpy.random.default_rng(20241218)
    goldens = {
        "made_by": f"make_goldens.py, scipy {scipy.__version__}, "
                   f"statsmodels {statsmodels.__version__}",
        "intervals": intervals(),
        "differences": differences(),
        "sign_flips": sign_flips(generator),
        "clustered": clustered(generator),
        "correlations": correlations(generator),
        "multiple": multiple(generator),
        "student_critical": [[df, float(scipy.stats.t.ppf(0.975, df))] for df in (1, 2, 19, 199)],
    }
    path = pathlib.Path(__file__).with_name("goldens.json")
    path.write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main()
