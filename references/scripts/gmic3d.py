"""3D-GMIC (Park et al. 2022), written from the paper and filled with probe tensors: loss and gradients of gmic3d.json in float64.
python gmic3d.py ../gmic3d.json > ../gmic3d.float64.json; sizes and patches are read from the file named."""
import json, sys
import numpy as np, torch
from torch import nn
from torch.nn import functional as F
from probe import unit, value

class Block(nn.Module):
    def __init__(self, inputs, width, stride, first):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, inputs); self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.norm2 = nn.GroupNorm(8, width); self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.downsample = nn.Conv2d(inputs, width, 1, stride, bias=False) if first else None
    def forward(self, x):
        active = F.relu(self.norm1(x))
        y = self.conv2(F.relu(self.norm2(self.conv1(active))))
        return y + (self.downsample(active) if self.downsample is not None else x)

class Global(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 7, 2, 3, bias=False)
        inputs = 16
        for i, width in enumerate([16, 32, 64, 128, 256]):
            setattr(self, f'layer{i + 1}', nn.Sequential(Block(inputs, width, 1 if i == 0 else 2, True), Block(width, width, 1, False)))
            inputs = width
        self.norm = nn.GroupNorm(8, 256)
    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 3, 2)
        for i in range(5): x = getattr(self, f'layer{i + 1}')(x)
        return F.relu(self.norm(x))

class Basic(nn.Module):
    """Basic block of ResNet-18 with torchvision's names."""
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False); self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False); self.bn2 = nn.BatchNorm2d(width)
        self.downsample = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width)) if stride > 1 else None
    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))

class Local(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False); self.bn1 = nn.BatchNorm2d(64)
        inputs = 64
        for i, width in enumerate([64, 128, 256, 512]):
            setattr(self, f'layer{i + 1}', nn.Sequential(Basic(inputs, width, 1 if i == 0 else 2), Basic(width, width, 1)))
            inputs = width
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for i in range(4): x = getattr(self, f'layer{i + 1}')(x)
        return x.mean((2, 3))

class Gmic(nn.Module):
    def __init__(self):
        super().__init__()
        self.add_module('global', Global())
        self.saliency = nn.Conv2d(256, 2, 1, bias=False)
        self.local = Local()
        self.attention = nn.ModuleDict(dict(V=nn.Linear(512, 128, bias=False), U=nn.Linear(512, 128, bias=False), w=nn.Linear(128, 1, bias=False)))
        self.classifier = nn.Linear(512, 2, bias=False)

def volume(r):
    v = unit(f"input:{r['inputSeed']}", r['D'] * r['H'] * r['W']).reshape(r['D'], r['H'], r['W']).astype(np.float32).astype(np.float64)
    z, y, x = np.meshgrid(*[np.arange(r[k], dtype=np.float64) for k in 'DHW'], indexing='ij')
    for i in range(3):
        c = (unit(f"blob:{r['inputSeed']}:{i}", 3) + 1) / 2 * [r['D'], r['H'], r['W']]
        v = v + 4 * np.exp(-((z - c[0]) ** 2 / 8 + (y - c[1]) ** 2 / 200 + (x - c[2]) ** 2 / 200))
    return v.astype(np.float32)

def run(r, dtype):
    m = Gmic(); state = m.state_dict()
    weights = {k: torch.tensor(value(k, tuple(t.shape), r['salt']), dtype=t.dtype) for k, t in state.items()}
    weights['saliency.weight'] *= r['omegaScale']; weights['classifier.weight'] *= r['classifierScale']
    m.load_state_dict(weights); m.eval().to(dtype)
    v = torch.tensor(volume(r)).to(dtype)
    saliency = F.relu(torch.tanh(m.saliency(getattr(m, 'global')(v[:, None]))))
    d, _, h, w = saliency.shape
    count = round(h * w * r['percentT'])
    pooled = saliency.transpose(0, 1).reshape(2, -1).topk(count, 1).values.mean(1)
    patches = torch.stack([v[s, int(y):int(y) + r['crop'], int(x):int(x) + r['crop']] for s, (y, x) in zip(r['slices'], r['patchTopLeft'])])
    hidden = m.local(patches[:, None].expand(-1, 3, -1, -1))
    a = m.attention
    alpha = torch.softmax(a['w'](torch.tanh(a['V'](hidden)) * torch.sigmoid(a['U'](hidden))), 0)
    local = torch.sigmoid(m.classifier((alpha * hidden).sum(0)))
    label = torch.tensor(r['label'][0], dtype=dtype)
    loss = sum(F.binary_cross_entropy(p, label, reduction='sum') for p in (pooled, local)) + r['beta'] * saliency.sum()
    loss.backward()
    grads = {k: p.grad.double().flatten() for k, p in m.named_parameters()}
    return loss.item(), grads

records = []
for r in json.load(open(sys.argv[1])):
    (loss, exact), (loss32, rounded) = run(r, torch.float64), run(r, torch.float32)
    total = torch.sqrt(sum((g ** 2).sum() for g in exact.values())).item()
    grads = {}
    for k in r['grads']:
        g = exact[k]
        grads[k] = dict(norm=g.norm().item(), first=g[:4].tolist(), float32Deviation=((rounded[k] - g).norm() / g.norm()).item())
    records.append(dict(loss=loss, gradTotalNorm=total, float32Deviation=abs(loss32 - loss) / loss, grads=grads))
print(json.dumps(records, indent=1))
