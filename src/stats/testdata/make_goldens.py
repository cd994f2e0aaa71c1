"""Writes goldens.json beside itself: reference values of scipy and statsmodels for the tests.

Run by hand in a virtual environment (pip install scipy statsmodels), not in CI.
"""
import itertools
import json
import pathlib

import numpy
import pandas
import scipy
import scipy.optimize
import scipy.stats
import statsmodels
import statsmodels.api as sm
import statsmodels.formula.api as smf
from statsmodels.stats.anova import anova_lm
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


def over_clusters(generator):
    """Means of queries drawn in clusters: statsmodels' cluster-robust error of a constant."""
    rows = []
    for clusters, most_queries, most in ((4, 3, 5), (10, 20, 10), (30, 6, 3)):
        sizes = generator.integers(1, most_queries + 1, clusters)
        labels = numpy.repeat(generator.permutation(1000)[:clusters], sizes)
        lift = numpy.repeat(generator.uniform(0, 0.5, clusters), sizes)
        trials = [generator.integers(1, most + 1, labels.size) for _ in range(2)]
        successes = [generator.binomial(trials[0], 0.2 + lift), generator.binomial(trials[1], 0.2)]
        rates = [s / t for s, t in zip(successes, trials)]

        def fitted(values):
            return sm.OLS(values, numpy.ones(values.size)).fit(
                cov_type="cluster", cov_kwds={"groups": labels})

        gap = fitted(rates[0] - rates[1])
        rows.append({
            "more": [successes[0].tolist(), trials[0].tolist()],
            "less": [successes[1].tolist(), trials[1].tolist()],
            "labels": labels.tolist(),
            "gap": float(gap.params[0]), "se": float(gap.bse[0]),
            "se_more": float(fitted(rates[0]).bse[0]),
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


def table_of(generator, queries, wordings, repeats, share_missing=0.0):
    """Counts [wording][arm][successes, trials] as a digit per query; differences [query, wording]."""
    trials = generator.binomial(repeats, 1 - share_missing, (wordings, 2, queries))
    rates = numpy.clip(generator.normal(0.35, 0.25, (wordings, 2, 1)), 0.05, 0.95)
    successes = generator.binomial(trials, numpy.broadcast_to(rates, trials.shape))
    with numpy.errstate(invalid="ignore"):
        shares = successes / trials
    counts = [[["".join(map(str, part[j, arm])) for part in (successes, trials)]
               for arm in range(2)] for j in range(wordings)]
    return counts, (shares[:, 0] - shares[:, 1]).T


def full_tables(generator):
    """Two-way analysis of variance of the differences by statsmodels, without replication."""
    rows = []
    for queries, wordings, repeats in ((6, 2, 5), (9, 6, 4), (20, 12, 5), (15, 25, 1)):
        counts, table = table_of(generator, queries, wordings, repeats)
        frame = pandas.DataFrame([
            {"y": table[q, j], "query": q, "wording": j}
            for q in range(queries) for j in range(wordings)])
        squares = anova_lm(smf.ols("y ~ C(query) + C(wording)", frame).fit())
        mean_square = squares["sum_sq"] / squares["df"]
        of_queries, of_wordings, rest = (
            float(mean_square[name]) for name in ("C(query)", "C(wording)", "Residual"))
        component = max(0.0, (of_wordings - rest) / queries)
        flips = scipy.stats.permutation_test(
            (table.mean(axis=1),), numpy.sum, permutation_type="samples", vectorized=True,
            n_resamples=numpy.inf) if queries <= 15 else None
        to_reference = [float(scipy.stats.permutation_test(
            (table[:, j] - table[:, 0],), numpy.sum, permutation_type="samples", vectorized=True,
            n_resamples=numpy.inf).pvalue) for j in range(1, wordings)] if queries <= 9 else []
        rows.append({
            "wordings": counts, "mean": float(table.mean()),
            "se": float(numpy.sqrt(of_queries / (queries * wordings))),
            "sd": float(numpy.sqrt(component)),
            "se_wordings": float(numpy.sqrt(component / wordings)),
            "p_value": float(flips.pvalue) if flips else None,
            "p_to_reference": to_reference,
            "holm": multipletests(to_reference, method="holm")[1].tolist() if to_reference else [],
        })
    return rows


def tables_with_holes(generator):
    """Means and their error by the covariance of the wordings' means, pair by pair."""
    rows = []
    for queries, wordings in ((12, 4), (30, 11)):
        counts, table = table_of(generator, queries, wordings, 2, 0.4)
        has = ~numpy.isnan(table)
        assert has.any(axis=1).all() and (has.sum(axis=0) >= 2).all()
        means = numpy.nanmean(table, axis=0)
        number = has.sum(axis=0)
        covariance = numpy.empty((wordings, wordings))
        for i in range(wordings):
            for j in range(wordings):
                both = has[:, i] & has[:, j]
                products = ((table[:, i] - means[i]) * (table[:, j] - means[j]))[both].sum()
                covariance[i, j] = products / numpy.sqrt(
                    number[i] * (number[i] - 1) * number[j] * (number[j] - 1))
        centre = numpy.eye(wordings) - 1 / wordings
        squares = ((means - means.mean()) ** 2).sum() - numpy.trace(centre @ covariance)
        rows.append({"wordings": counts, "mean": float(means.mean()),
                     "se": float(numpy.sqrt(covariance.mean())),
                     "sd": float(numpy.sqrt(max(0.0, squares) / (wordings - 1))),
                     "complete": int(has.all(axis=1).sum())})
    return rows


def alike(generator):
    """The test that all wordings are alike, over all orders of the wordings at every query."""
    rows = []
    for queries, wordings, repeats in ((4, 3, 5), (9, 2, 3), (3, 4, 4)):
        counts, table = table_of(generator, queries, wordings, repeats)
        sums = numpy.zeros((1, wordings))
        for row in table:
            orders = numpy.array(list(itertools.permutations(row)))
            sums = (sums[:, None, :] + orders[None, :, :]).reshape(-1, wordings)
        spread = sums.var(axis=1)
        seen = table.sum(axis=0).var()
        rows.append({"wordings": counts, "p_value": float((spread >= seen - 1e-9).mean())})
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
        "over_clusters": over_clusters(numpy.random.default_rng(20261128)),
        "correlations": correlations(generator),
        "multiple": multiple(generator),
        "full_tables": full_tables(numpy.random.default_rng(20250101)),
        "tables_with_holes": tables_with_holes(numpy.random.default_rng(20250102)),
        "alike": alike(numpy.random.default_rng(20250103)),
        "student_critical": [[df, float(scipy.stats.t.ppf(0.975, df))] for df in (1, 2, 19, 199)],
    }
    path = pathlib.Path(__file__).with_name("goldens.json")
    path.write_text(json.dumps(goldens, indent=1) + "\n")


if __name__ == "__main__":
    main()
