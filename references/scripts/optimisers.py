"""torch.optim, clip_grad_norm_, losses and learning-rate schedules on tiny inputs, in float64: writes optimisers.json, which
holds the inputs too (see ../README.md). Usage: python optimisers.py [folder to write to]"""
import json, sys, torch
from torch.nn import functional as F
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, ReduceLROnPlateau, SequentialLR, StepLR
from probe import unit

STEPS, SHAPES = 5, dict(a=[2, 3], b=[4])
RATES = [[0.01, 0.02], [0.01, 0.02], [0.008, 0.016], [0.008, 0.016], [0.001, 0.1]]  # a step: one a group

def tensor(name, shape, scale=1.0): return torch.tensor(unit(name, int(torch.Size(shape).numel())).tolist(), dtype=torch.float64).reshape(shape) * scale
def flat(t): return t.detach().flatten().tolist()

# Optimisers: parameters a and b in a group each; the gradient of step t is unit('gradient:t:name').
OPTIMISERS = dict(
    adam=(torch.optim.Adam, {}, [0, 0]),
    adamL2=(torch.optim.Adam, dict(betas=(0.8, 0.95)), [0.1, 0]),
    adamEpsilon=(torch.optim.Adam, dict(betas=(0, 0.9), eps=0.1), [0, 0.3]),
    adamW=(torch.optim.AdamW, {}, [0, 0.5]),
    sgd=(torch.optim.SGD, {}, [0, 0.5]),
    sgdMomentum=(torch.optim.SGD, dict(momentum=0.9), [0.5, 0]),
    sgdNesterov=(torch.optim.SGD, dict(momentum=0.8, nesterov=True), [0.5, 0]))
STATES = dict(exp_avg='m', exp_avg_sq='v', momentum_buffer='momentum')

def optimiser(kind, options, decays):
    p = {k: tensor(f'parameter:{k}', s).requires_grad_(True) for k, s in SHAPES.items()}
    o = kind([dict(params=[p[k]], weight_decay=d) for k, d in zip(p, decays)], lr=1.0, **options)
    after = []
    for t in range(STEPS):
        for k in p: p[k].grad = tensor(f'gradient:{t}:{k}', SHAPES[k])
        for g, rate in zip(o.param_groups, RATES[t]): g['lr'] = rate
        o.step(); after.append({k: flat(v) for k, v in p.items()})
    state = {k: {STATES[n]: flat(v) for n, v in o.state[p[k]].items() if n in STATES and v is not None} for k in p}
    return dict(options={k: list(v) if isinstance(v, tuple) else v for k, v in options.items()}, weightDecays=decays, after=after, state=state)

def clipping(max_norm):
    p = [torch.zeros(s, dtype=torch.float64, requires_grad=True) for s in SHAPES.values()]
    for k, q in zip(SHAPES, p): q.grad = tensor(f'gradient:0:{k}', SHAPES[k])
    norm = torch.nn.utils.clip_grad_norm_(p, max_norm)
    return dict(maxNorm=max_norm, norm=float(norm), clipped={k: flat(q.grad) for k, q in zip(SHAPES, p)})

def loss(function, x, target, **record):
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True); value = function(x, torch.tensor(target, dtype=torch.float64)); value.backward()
    return dict(x=flat(x), shape=list(x.shape), target=flat(torch.tensor(target, dtype=torch.float64)), value=float(value), gradient=flat(x.grad), **record)

LOGITS, ONE_HOT = tensor('logits', [4, 3], 3).tolist(), [[1, 0, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]]
indices = lambda t: t.argmax(1)
PROBABILITIES = ((tensor('probabilities', [3, 2]) + 1) / 2).tolist()
SCORES = [[-60.0, -3.0], [0.0, 0.0], [0.5, 3.0], [60.0, 60.0], [-60.0, 2.0]]; TRUTH = [[0.0, 1.0], [0.0, 1.0], [0.25, 0.0], [1.0, 0.0], [1.0, 1.0]]
OFFSETS = [[-2.0, -1.0], [-0.3, 0.0], [0.05, 0.7], [1.5, 3.0]]; ZEROS = [[0.0, 0.0]] * 4
W = [0.5, 2, 1.25]
LOSSES = dict(
    crossEntropy=loss(lambda x, t: F.cross_entropy(x, indices(t)), LOGITS, ONE_HOT),
    crossEntropyWeighted=loss(lambda x, t: F.cross_entropy(x, indices(t), weight=torch.tensor(W, dtype=torch.float64)), LOGITS, ONE_HOT, classWeights=W),
    binaryCrossEntropy=loss(F.binary_cross_entropy, PROBABILITIES, [[1.0, 0.0], [0.3, 1.0], [0.0, 0.0]]),
    binaryCrossEntropySaturated=loss(F.binary_cross_entropy, [[0.0, 1.0], [0.0, 1.0]], [[1.0, 0.0], [0.0, 1.0]]),
    binaryCrossEntropyWithLogits=loss(F.binary_cross_entropy_with_logits, SCORES, TRUTH),
    binaryCrossEntropyWithLogitsWeighted=loss(lambda x, t: F.binary_cross_entropy_with_logits(x, t, pos_weight=torch.tensor([3, 0.5], dtype=torch.float64)), SCORES, TRUTH, posWeight=[3, 0.5]),
    smoothL1=loss(F.smooth_l1_loss, OFFSETS, ZEROS, beta=1),
    smoothL1Narrow=loss(lambda x, t: F.smooth_l1_loss(x, t, beta=1 / 9), OFFSETS, [[0.1, -0.2]] * 4, beta=1 / 9),
    l1=loss(F.l1_loss, OFFSETS, ZEROS))

# Schedules: the rates of two groups before any epoch and after each.
FIGURES = [1.0, 0.9, 0.9, 0.89995, 0.91, 0.7, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8, 0.8]
def schedule(make, epochs, figures=None):
    o = torch.optim.SGD([dict(params=[torch.zeros(1, requires_grad=True)], lr=r) for r in (0.1, 0.02)], lr=1)
    s = make(o); rates = [[g['lr'] for g in o.param_groups]]
    for e in range(epochs):
        o.step(); s.step(*([figures[e]] if figures else [])); rates.append([g['lr'] for g in o.param_groups])
    return rates
def plateau(figures, **options):
    return dict(figures=figures, options=options, rates=schedule(lambda o: ReduceLROnPlateau(o, **options), len(figures), figures))
SCHEDULES = dict(
    plateau=[plateau(FIGURES, mode='min', factor=0.8, patience=1),
             plateau(FIGURES, mode='min', factor=0.5, patience=0, cooldown=2, min_lr=0.004),
             plateau([1 - f for f in FIGURES], mode='max', factor=0.8, patience=2, threshold=0.01),
             plateau([1.0, 3.0, 2.5, 2.0, 1.5, 1.2], mode='min', factor=0.5, patience=1, min_lr=0.05)],
    step=dict(size=3, gamma=0.1, rates=schedule(lambda o: StepLR(o, 3, 0.1), 8)),
    cosine=dict(length=6, minimum=0.001, rates=schedule(lambda o: CosineAnnealingLR(o, 6, 0.001), 6)),
    warmUp=dict(length=4, start=0.25, size=2, gamma=0.1, rates=schedule(lambda o: SequentialLR(o, [LinearLR(o, 0.25, total_iters=4), StepLR(o, 2, 0.1)], [4]), 9)))

# A whole step: linear model, weighted cross-entropy, clipping, AdamW with a decayed weight and a bias that is not.
def training():
    x, t = tensor('x', [6, 3]), torch.tensor([0, 1, 1, 0, 1, 0]); w, b = tensor('weight', [2, 3]).requires_grad_(True), tensor('bias', [2]).requires_grad_(True)
    o = torch.optim.AdamW([dict(params=[w], weight_decay=0.1), dict(params=[b], weight_decay=0)], lr=0.05)
    record = dict(x=flat(x), labels=t.tolist(), weight=flat(w), bias=flat(b), classWeights=[1, 3], rate=0.05, weightDecay=0.1, clipNorm=0.25, steps=[])
    for _ in range(STEPS):
        o.zero_grad(); value = F.cross_entropy(x @ w.T + b, t, weight=torch.tensor([1.0, 3.0], dtype=torch.float64)); value.backward()
        norm = torch.nn.utils.clip_grad_norm_([w, b], 0.25); o.step()
        record['steps'].append(dict(loss=float(value), norm=float(norm), weight=flat(w), bias=flat(b)))
    return record

result = dict(parameters={k: flat(tensor(f'parameter:{k}', s)) for k, s in SHAPES.items()}, shapes=SHAPES, rates=RATES,
              gradients=[{k: flat(tensor(f'gradient:{t}:{k}', s)) for k, s in SHAPES.items()} for t in range(STEPS)],
              optimisers={k: optimiser(*v) for k, v in OPTIMISERS.items()}, clipping=[clipping(0.5), clipping(100.0)],
              losses=LOSSES, schedules=SCHEDULES, training=training())
with open(f"{sys.argv[1] if len(sys.argv) > 1 else '.'}/optimisers.json", 'w') as file: json.dump(result, file)
