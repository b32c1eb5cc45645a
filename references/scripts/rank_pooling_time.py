"""Times scikit-learn's LinearSVC on Equation 1 of Liang et al. 2019, all pairs of averages as one matrix, beside which
`./mammoscope bench rank-pooling --size 256 --slices 20` stands: the same slices, the same lambda. Prints seconds, objective
and peak memory; written nowhere, docs/guides/liang2019.md has what it said.
Usage: OMP_NUM_THREADS=2 python3 rank_pooling_time.py 256 20"""
import resource, sys, time
import numpy as np
from sklearn.svm import LinearSVC
from probe import unit

size, T, lam = int(sys.argv[1]), int(sys.argv[2]), 1.0
row = lambda t, y: np.floor(100 * (unit(f'rank:bench:{t}:{y}', size) + 1) + 55 * t / (T - 1))
X = np.stack([np.concatenate([row(t, y) for y in range(size)]) for t in range(T)])
began = time.perf_counter()
V = np.cumsum(X, 0) / np.arange(1, T + 1)[:, None]
D = np.array([V[q] - V[t] for q in range(T) for t in range(q)])
C = 2 / (T * (T - 1)) / lam
A, y = np.vstack([D, -D]), np.r_[np.ones(len(D)), -np.ones(len(D))]
m = LinearSVC(loss='hinge', penalty='l2', dual=True, C=C / 2, fit_intercept=False, tol=1e-6, max_iter=1_000_000).fit(A, y)
seconds = time.perf_counter() - began
d = m.coef_[0]
E = lam / 2 * d @ d + 2 / (T * (T - 1)) * np.maximum(0, 1 - D @ d).sum()
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f'{size} x {size} x {T}: {seconds:.2f} s, objective {E:.12g}, {m.n_iter_} iterations, peak {peak:.0f} MiB')
