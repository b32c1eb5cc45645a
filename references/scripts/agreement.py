"""Kappa, McNemar and Matthews by statsmodels, irrCAC, scikit-learn and plain loops: python scripts/agreement.py in references/stats."""
import json
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from scipy.stats import binom
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.inter_rater import cohens_kappa, fleiss_kappa

rng = np.random.default_rng(5)
out = {"cohen": [], "fleiss": [], "mcnemar": [], "matthews": []}
for n, k in [(60, 2), (80, 3), (200, 5)]:
    a = rng.integers(0, k, n)
    b = np.clip(np.where(rng.random(n) < 0.6, a, a + rng.integers(-2, 3, n)), 0, k - 1)
    table = np.zeros((k, k))
    np.add.at(table, (a, b), 1)
    for weights, wt in [("none", None), ("linear", "linear"), ("quadratic", "quadratic")]:
        r = cohens_kappa(table, wt=wt)
        assert abs(r.kappa - cohen_kappa_score(a, b, weights=wt)) < 1e-12
        out["cohen"].append(dict(a=a.tolist(), b=b.tolist(), weights=weights, value=r.kappa, standardError=r.std_kappa,
            z=r.z_value, p=r.pvalue_two_sided, lower=r.kappa_low, upper=r.kappa_upp))
for n, raters, k in [(30, 3, 2), (50, 5, 4)]:
    truth = rng.integers(0, k, n)
    ratings = np.where(rng.random((n, raters)) < 0.5, truth[:, None], rng.integers(0, k, (n, raters)))
    counts = np.stack([(ratings == c).sum(1) for c in range(k)], 1)
    est = CAC(pd.DataFrame(ratings), digits=15).fleiss()["est"]
    # Null variance as printed by Fleiss, Nee and Landis (1979): 2 / (N n (n - 1) (sum pq)^2) ((sum pq)^2 - sum pq (q - p))
    p = counts.sum(0) / counts.sum()
    pq = (p * (1 - p)).sum()
    null = 2 / (n * raters * (raters - 1) * pq**2) * (pq**2 - (p * (1 - p) * (1 - 2 * p)).sum())
    value = fleiss_kappa(counts, method="fleiss")
    out["fleiss"].append(dict(counts=counts.tolist(), value=value, gwetStandardError=float(est["se"]), z=value / null**0.5))
for b, c in [(0, 5), (3, 9), (7, 7), (12, 30), (1, 0)]:
    table = [[20, b], [c, 10]]
    n, least = b + c, min(b, c)
    half = sum(binom.pmf(i, n, 0.5) for i in range(least + 1))
    point = binom.pmf(least, n, 0.5)
    out["mcnemar"].append(dict(onlyA=b, onlyB=c, exact=mcnemar(table, exact=True).pvalue,
        chiSquare=mcnemar(table, exact=False, correction=False).pvalue,
        corrected=mcnemar(table, exact=False, correction=True).pvalue,
        midP=1 - point / 2 if b == c else 2 * (half - point / 2)))
def mcc(t):
    tp, fp, tn, fn = t
    return (tp * tn - fp * fn) / ((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)) ** 0.5
for t in [(40, 10, 80, 20), (5, 3, 7, 2), (90, 1, 300, 12), (3, 20, 4, 18)]:
    # Delta method with a numerical gradient over the multinomial: Var = (sum p g^2 - (sum p g)^2) / n
    p = np.array(t) / sum(t)
    g = np.array([(mcc(p + h) - mcc(p - h)) / 2e-6 for h in np.eye(4) * 1e-6])
    se = ((p * g * g).sum() - (p * g).sum() ** 2) ** 0.5 / sum(t) ** 0.5
    tp, fp, tn, fn = t
    assert abs(mcc(t) - matthews_corrcoef([1] * (tp + fn) + [0] * (tn + fp), [1] * tp + [0] * fn + [0] * tn + [1] * fp)) < 1e-12
    out["matthews"].append(dict(counts=t, value=mcc(t), standardError=se))
json.dump(out, open("agreement.json", "w"), indent=None)
