"""Writes references/stats/python.json: what scikit-learn, scipy and statsmodels say of the tables in references/stats, and
plain loops where they have no such method. Run in references/stats with scikit-learn 1.9, scipy 1.17, statsmodels 0.15."""
import json
import numpy as np
import pandas as pd
from scipy import optimize, stats
from sklearn.calibration import _sigmoid_calibration, calibration_curve
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import precision_recall_curve, roc_auc_score
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

READERS = ["a", "b", "c"]
tables = {name: pd.read_csv(f"{name}.csv") for name in ("continuous", "tied")}


def placements(scores, labels):
    x, y = scores[labels == 1], scores[labels == 0]
    psi = (x[:, None] > y[None, :]) + 0.5 * (x[:, None] == y[None, :])
    return psi.mean(), psi.mean(1), psi.mean(0)


def covariance(columns, labels):
    parts = [placements(column, labels) for column in columns]
    v10, v01 = np.array([p[1] for p in parts]), np.array([p[2] for p in parts])
    return np.array([p[0] for p in parts]), np.cov(v10) / v10.shape[1] + np.cov(v01) / v01.shape[1]


def overall(columns, labels):
    aucs, s = covariance(columns, labels)
    k = len(aucs)
    contrast = np.eye(k)[:-1] - np.eye(k)[1:]
    inner = contrast @ s @ contrast.T
    chi = float((contrast @ aucs) @ np.linalg.pinv(inner, rcond=1e-10, hermitian=True) @ (contrast @ aucs))
    df = int(np.linalg.matrix_rank(inner, tol=1e-10 * np.abs(inner).max(), hermitian=True))
    return {"chiSquare": chi, "degreesOfFreedom": df, "p": float(stats.chi2.sf(chi, df))}


def unpaired(one, other):
    (aucA, a, a0), (aucB, b, b0) = placements(*one), placements(*other)
    va, vb = [x.var(ddof=1) / len(x) + y.var(ddof=1) / len(y) for x, y in ((a, a0), (b, b0))]
    t = (aucA - aucB) / np.sqrt(va + vb)
    df = (va + vb) ** 2 / (va**2 / (len(one[0]) - 1) + vb**2 / (len(other[0]) - 1))
    half = stats.t.ppf(0.975, df) * np.sqrt(va + vb)
    return {"t": t, "degreesOfFreedom": df, "p": 2 * stats.t.sf(abs(t), df), "interval": [aucA - aucB - half, aucA - aucB + half]}


def platt(scores, labels):
    n1, n0 = (labels == 1).sum(), (labels == 0).sum()
    target = np.where(labels == 1, (n1 + 1) / (n1 + 2), 1 / (n0 + 2))
    gradient = lambda v: [((1 / (1 + np.exp(-(v[0] * scores + v[1]))) - target) * d).sum() for d in (scores, 1)]
    start = -np.array(_sigmoid_calibration(scores, labels))
    solution = optimize.root(gradient, start, tol=1e-15).x
    return {"slope": solution[0], "intercept": solution[1], "sklearn": list(start)}


def isotonic(scores, labels):
    fit = IsotonicRegression(out_of_bounds="clip").fit(scores, labels)
    at = np.linspace(-0.05, 1.05, 45)
    return {"at": at, "probabilities": fit.predict(at)}


def reliability(scores, labels, strategy):
    observed, predicted = calibration_curve(labels, scores, n_bins=10, strategy=strategy)
    return {"observed": observed, "predicted": predicted}


def net_benefit(scores, labels):
    at = [0.02, 0.1, 0.25, 0.5, 0.8]
    n, rate = len(labels), labels.mean()
    model = [sum(1 if y else -t / (1 - t) for s, y in zip(scores, labels) if s >= t) / n for t in at]
    return {"thresholds": at, "model": model, "all": [rate - (1 - rate) * t / (1 - t) for t in at]}


def generator(seed):  # Park and Miller, as packages/stats/tests/minimal-standard.ts
    state = seed
    while True:
        state = state * 48271 % 2147483647
        yield state / 2147483647


def bootstrap():
    x = np.round(np.random.default_rng(5).exponential(size=40), 6)
    draws, n = generator(7), len(x)
    resamples = [[int(next(draws) * n) for _ in range(n)] for _ in range(1000)]
    distribution = np.array([x[r].mean() for r in resamples])
    record = {"x": x, "seed": 7, "replicates": 1000}
    for method in ("percentile", "BCa"):
        given = stats.bootstrap((x,), np.mean, n_resamples=0, method=method, bootstrap_result=Given(distribution))
        record[method.lower()] = list(given.confidence_interval)
    record["standardError"] = distribution.std(ddof=1)
    return record


class Given:
    def __init__(self, distribution):
        self.bootstrap_distribution = distribution


def reader(data, name):
    scores, labels = data[name].to_numpy(), data["label"].to_numpy()
    precision, recall, thresholds = precision_recall_curve(labels, scores)
    return {
        "partialSensitivity09to1": roc_auc_score(1 - labels, -scores, max_fpr=0.1),
        "partialSpecificity08to1": roc_auc_score(labels, scores, max_fpr=0.2),
        "precisionRecall": {"thresholds": thresholds[::-1][:40], "precision": precision[:-1][::-1][:40], "recall": recall[:-1][::-1][:40]},
        "platt": platt(scores, labels),
        "isotonic": isotonic(scores, labels),
        "uniform": reliability(scores, labels, "uniform"),
        "quantile": reliability(scores, labels, "quantile"),
        "netBenefit": net_benefit(scores, labels),
    }


P_VALUES = [0.01, 0.04, 0.03, 0.005, 0.04, 0.9, 0.0002, 0.03, 1, 0]
COUNTS = [(81, 263), (15, 148), (0, 20), (1, 29), (97, 97), (63, 97), (149, 163)]
METHODS = {"wilson": "wilson", "clopper-pearson": "beta", "wald": "normal"}


def compare(data):
    columns, labels = [data[r].to_numpy() for r in READERS], data["label"].to_numpy()
    return {"overall": overall(columns, labels), "overallAB": overall(columns[:2], labels)}


pair = [(tables[name]["a"].to_numpy(), tables[name]["label"].to_numpy()) for name in ("continuous", "tied")]
record = {
    "tables": {name: {**{r: reader(data, r) for r in READERS}, **compare(data)} for name, data in tables.items()},
    "unpaired": unpaired(*pair),
    "adjusted": {"p": P_VALUES, "holm": multipletests(P_VALUES, method="holm")[1], "benjaminiHochberg": multipletests(P_VALUES, method="fdr_bh")[1]},
    "proportions": [{"x": x, "n": n, "method": ours, "interval": proportion_confint(x, n, method=theirs)} for x, n in COUNTS for ours, theirs in METHODS.items()],
    "bootstrap": bootstrap(),
    "chiSquareTail": [[x, df, stats.chi2.sf(x, df)] for x in (0.001, 0.5, 1, 3.84, 10, 80, 400) for df in (1, 2, 3, 7, 40, 1000)],
    "studentTwoSidedP": [[t, df, 2 * stats.t.sf(t, df)] for t in (0, 0.1, 1.96, 5, 30) for df in (1, 2.5, 30, 471.25)],
    "studentQuantile": [[p, df, stats.t.ppf(p, df)] for p in (0.0001, 0.025, 0.4, 0.6, 0.975, 0.9999) for df in (1, 2.5, 30, 471.25)],
}
plain = lambda value: value.tolist() if isinstance(value, (np.ndarray, np.generic)) else value
with open("python.json", "w") as file:
    json.dump(record, file, default=plain)
    file.write("\n")
