"""The networks of the five papers that torchvision lacks, written with torch.nn alone, filled with probe tensors: writes
networks.json, in the form of backbones.json (see ../README.md)."""
import json, sys
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from probe import unit, value

torch.set_num_threads(2)
S = nn.Sequential

class Block3(nn.Module):
    """A residual block; `conv(inputs, outputs, stride)` makes its 3 x 3 x 3 convolutions, or what stands for them."""
    def __init__(self, conv, inputs, width, stride, wide):
        super().__init__()
        outputs = width * 4 if wide else width
        point = lambda i, o, s=1: nn.Conv3d(i, o, 1, stride=s, bias=False)
        if wide:
            self.conv1 = S(point(inputs, width), nn.BatchNorm3d(width), nn.ReLU())
            self.conv2 = S(conv(width, width, stride), nn.BatchNorm3d(width), nn.ReLU())
            self.conv3 = S(point(width, outputs), nn.BatchNorm3d(outputs))
        else:
            self.conv1 = S(conv(inputs, width, stride), nn.BatchNorm3d(width), nn.ReLU())
            self.conv2 = S(conv(width, width, 1), nn.BatchNorm3d(width))
        self.downsample = S(point(inputs, outputs, stride), nn.BatchNorm3d(outputs)) if stride != 1 or inputs != outputs else None
    def forward(self, x):
        y = self.conv2(self.conv1(x))
        if hasattr(self, 'conv3'): y = self.conv3(y)
        return F.relu(y + (x if self.downsample is None else self.downsample(x)))

class ResNet3(nn.Module):
    def __init__(self, stem, pool, conv, blocks, wide, channels):
        super().__init__()
        self.stem, self.pool, inputs = S(stem(channels), nn.BatchNorm3d(64), nn.ReLU()), pool, 64
        for i, count in enumerate(blocks):
            width, layers = 64 * 2 ** i, []
            for j in range(count):
                layers.append(Block3(conv, inputs, width, 2 if i > 0 and j == 0 else 1, wide)); inputs = width * (4 if wide else 1)
            setattr(self, f'layer{i + 1}', S(*layers))
        self.fc = nn.Linear(inputs, 2)
    def forward(self, x):
        x = self.pool(self.stem(x))
        for i in range(4): x = getattr(self, f'layer{i + 1}')(x)
        return self.fc(x.mean((2, 3, 4)))

def r3d(blocks, wide):
    stem = lambda c: nn.Conv3d(c, 64, (3, 7, 7), stride=(1, 2, 2), padding=(1, 3, 3), bias=False)
    return lambda c: ResNet3(stem, nn.Identity(), lambda i, o, s: nn.Conv3d(i, o, 3, stride=s, padding=1, bias=False), blocks, wide, c)

def hara(blocks):
    stem = lambda c: nn.Conv3d(c, 64, 7, stride=(1, 2, 2), padding=3, bias=False)
    return lambda c: ResNet3(stem, nn.MaxPool3d(3, stride=2, padding=1), lambda i, o, s: nn.Conv3d(i, o, 3, stride=s, padding=1, bias=False), blocks, False, c)

def anisotropic(blocks):
    stem = lambda c: nn.Conv3d(c, 64, (1, 7, 7), stride=(1, 2, 2), padding=(0, 3, 3), bias=False)
    conv = lambda i, o, s: S(nn.Conv3d(i, o, (1, 3, 3), stride=(1, s, s), padding=(0, 1, 1), bias=False),
                             nn.Conv3d(o, o, (3, 1, 1), stride=(s, 1, 1), padding=(1, 0, 0), bias=False))
    return lambda c: ResNet3(stem, nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)), conv, blocks, False, c)

class Block2(nn.Module):
    def __init__(self, inputs, width, stride):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False), nn.BatchNorm2d(width)
        self.conv2, self.bn2 = nn.Conv2d(width, width, 3, 1, 1, bias=False), nn.BatchNorm2d(width)
        self.downsample = S(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width)) if stride != 1 or inputs != width else None
    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + (x if self.downsample is None else self.downsample(x)))

class SppResNet18(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inputs = 64
        for i in range(4):
            width = 64 * 2 ** i
            setattr(self, f'layer{i + 1}', S(Block2(inputs, width, 1 if i == 0 else 2), Block2(width, width, 1))); inputs = width
        self.fc = nn.Linear(512 * (16 + 4 + 1), 2)
    def forward(self, x):
        x = F.max_pool2d(F.relu(self.bn1(self.conv1(x))), 3, 2, 1)
        for i in range(4): x = getattr(self, f'layer{i + 1}')(x)
        return self.fc(torch.cat([F.adaptive_max_pool2d(x, n).flatten(1) for n in (4, 2, 1)], 1))

class PreBlock(nn.Module):
    def __init__(self, inputs, width, stride, first):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, inputs), nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.norm2, self.conv2 = nn.GroupNorm(8, width), nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.downsample = nn.Conv2d(inputs, width, 1, stride, bias=False) if first else None
    def forward(self, x):
        a = F.relu(self.norm1(x))
        return self.conv2(F.relu(self.norm2(self.conv1(a)))) + (x if self.downsample is None else self.downsample(a))

class ResNet22(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, inputs = nn.Conv2d(c, 16, 7, 2, 3, bias=False), 16
        for i, width in enumerate((16, 32, 64, 128, 256)):
            setattr(self, f'layer{i + 1}', S(PreBlock(inputs, width, 1 if i == 0 else 2, True), PreBlock(width, width, 1, False))); inputs = width
        self.norm, self.fc = nn.GroupNorm(8, 256), nn.Linear(256, 2)
    def forward(self, x):
        x = F.max_pool2d(self.conv1(x), 3, 2)
        for i in range(5): x = getattr(self, f'layer{i + 1}')(x)
        return self.fc(F.relu(self.norm(x)).mean((2, 3)))

def stack(c, steps):
    """Convolutions (outputs, kernel, padding, stride) with ReLU, and max poolings by 2 (kernel)."""
    layers = []
    for step in steps:
        if isinstance(step, int): layers.append(nn.MaxPool2d(step, 2)); continue
        layers += [nn.Conv2d(c, step[0], step[1], padding=step[2], stride=step[3] if len(step) > 3 else 1), nn.ReLU()]; c = step[0]
    return S(*layers)

class Samala(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.features, self.classifier = stack(c, [(32, 5, 2), 3, (32, 5, 2), 3, (64, 5, 2), 3, (64, 5, 2)]), nn.Linear(64, 2)
    def forward(self, x): return self.classifier(self.features(x).mean((2, 3)))

class Wang(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.local = stack(c, [(32, 3, 0), (32, 3, 0), (64, 3, 0)])
        self.context = stack(c, [(32, 5, 2), 3, (32, 5, 2), 3, (64, 5, 2), 3, (64, 5, 2), 3, (64, 5, 2)])
        self.fc = nn.Linear(128, 2)
    def forward(self, x):
        r, q = (x.shape[2] - 9) // 2, (x.shape[3] - 9) // 2
        return self.fc(torch.cat([self.local(x[:, :, r:r + 9, q:q + 9]).mean((2, 3)), self.context(x).mean((2, 3))], 1))

class Wichakam(nn.Module):
    STEPS = dict(conv1=64, pool1=1, conv2=128, pool2=2, conv3a=256, conv3b=256, pool3=2, conv4a=512, conv4b=512, pool4=2, conv5a=512, conv5b=512)
    def __init__(self, c):
        super().__init__()
        for name, n in self.STEPS.items():
            if name.startswith('conv'): setattr(self, name, nn.Conv3d(c, n, 3, padding=1)); c = n
        self.classifier = nn.Linear(512, 2)
    def forward(self, x):
        for name, n in self.STEPS.items(): x = F.relu(getattr(self, name)(x)) if name.startswith('conv') else F.max_pool3d(x, (n, 2, 2))
        return self.classifier(x.mean((2, 3, 4)))

class Dense(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.norm1, self.conv1 = nn.BatchNorm2d(c), nn.Conv2d(c, 128, 1, bias=False)
        self.norm2, self.conv2 = nn.BatchNorm2d(128), nn.Conv2d(128, 32, 3, padding=1, bias=False)
    def forward(self, x): return torch.cat([x, self.conv2(F.relu(self.norm2(self.conv1(F.relu(self.norm1(x))))))], 1)

class Shu(nn.Module):
    """DenseNet-169 whose last map is pooled over its largest cells, of every channel or of the whole map."""
    def __init__(self, c, region):
        super().__init__()
        body, n = dict(conv0=nn.Conv2d(c, 64, 7, 2, 3, bias=False), norm0=nn.BatchNorm2d(64), relu0=nn.ReLU(), pool0=nn.MaxPool2d(3, 2, 1)), 64
        for i, count in enumerate((6, 12, 32, 32)):
            block = nn.Module()
            body[f'denseblock{i + 1}'] = S(); [body[f'denseblock{i + 1}'].add_module(f'denselayer{j + 1}', Dense(n + 32 * j)) for j in range(count)]
            n += 32 * count
            if i < 3:
                body[f'transition{i + 1}'] = S(); t = body[f'transition{i + 1}']
                t.add_module('norm', nn.BatchNorm2d(n)); t.add_module('relu', nn.ReLU()); t.add_module('conv', nn.Conv2d(n, n // 2, 1, bias=False)); t.add_module('pool', nn.AvgPool2d(2)); n //= 2
        body['norm5'] = nn.BatchNorm2d(n)
        self.features = S()
        for k, m in body.items(): self.features.add_module(k, m)
        self.classifier, self.region = nn.Linear(n, 2), region
    def forward(self, x):
        x = F.relu(self.features(x)).flatten(2)
        kept = -(-x.shape[2] // 4)
        if not self.region: return self.classifier(x.sort(2, descending=True)[0][:, :, :kept].mean(2))
        cells = self.classifier(x.transpose(1, 2))  # [N, cells, 2]
        order = (cells[:, :, -1] - cells[:, :, 0]).argsort(1, descending=True)[:, :kept]
        return torch.stack([row[chosen].mean(0) for row, chosen in zip(cells, order)])

ALEXNET = [(64, 11, 2, 4), 3, (192, 5, 2), 3, (384, 3, 1), (256, 3, 1), (256, 3, 1), 3]

class Alex2(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.features, self.conv, self.fc1, self.fc2 = stack(c, ALEXNET), nn.Conv2d(256, 256, 3, padding=1), nn.Linear(256, 256), nn.Linear(256, 2)
    def forward(self, x): return self.fc2(F.relu(self.fc1(F.relu(self.conv(self.features(x))).mean((2, 3)))))

class Alex3(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.features, self.conv, self.fc = stack(c, ALEXNET), nn.Conv3d(256, 256, 3, padding=1), nn.Linear(256, 2)
    def forward(self, x):
        maps = torch.stack([self.features(x[:, :, d]) for d in range(x.shape[2])], 2)
        return self.fc(F.relu(self.conv(maps)).mean((2, 3, 4)))

NETWORKS = dict(
    r3d_34=(r3d((3, 4, 6, 3), False), (2, 3, 5, 24, 32)), r3d_50=(r3d((3, 4, 6, 3), True), (2, 1, 6, 32, 40)),
    hara_resnet18=(hara((2, 2, 2, 2)), (2, 1, 8, 48, 40)),
    anisotropic_resnet18=(anisotropic((2, 2, 2, 2)), (2, 1, 6, 48, 64)), anisotropic_resnet34=(anisotropic((3, 4, 6, 3)), (2, 1, 8, 64, 56)),
    spp_resnet18=(SppResNet18, (4, 3, 160, 96)), resnet22_gn=(ResNet22, (4, 1, 129, 96)),
    samala2016=(Samala, (4, 1, 40, 33)), wang2018=(Wang, (4, 1, 95, 96)), wichakam2018=(Wichakam, (2, 1, 9, 32, 48)),
    shu2020_global=(lambda c: Shu(c, False), (2, 3, 96, 96)), shu2020_region=(lambda c: Shu(c, True), (2, 3, 96, 96)),
    zhang2018_2d_t3_alex=(Alex2, (4, 3, 128, 128)), zhang2018_3d_t2_alex=(Alex3, (2, 3, 5, 96, 96)))

def tensor(array, dtype):
    """Through bytes: PyTorch 1.13 does not know the arrays of NumPy 2."""
    return torch.frombuffer(bytearray(np.asarray(array, np.float64).tobytes()), dtype=torch.float64).reshape(array.shape).to(dtype)

def build(name, shape, salt, dtype):
    m = NETWORKS[name][0](shape[1]).to(dtype)
    m.load_state_dict({k: tensor(value(k, tuple(v.shape), salt), v.dtype) for k, v in m.state_dict().items()})
    return m

def summary(t): return dict(norm=float(t.double().norm()), first=[float(v) for v in t.flatten()[:4]])

def record(name, shape, seed, salt, dtype):
    x = tensor(unit(f'input:{seed}', int(np.prod(shape))).reshape(shape), dtype)
    labels = torch.arange(shape[0]) % 2
    m = build(name, shape, salt, dtype); m.eval()
    with torch.no_grad(): y = m(x)
    m.train(); z = m(x); loss = F.cross_entropy(z, labels); loss.backward()
    params = list(m.named_parameters()); picked = [params[0], params[len(params) // 3], params[2 * len(params) // 3], params[-2], params[-1]]
    buffers = [(k, v) for k, v in m.named_buffers() if k.endswith('running_mean') or k.endswith('running_var')]
    r = dict(model=name, input=list(shape), inputSeed=seed, salt=salt, labels=labels.tolist(), parameters=sum(p.numel() for _, p in params),
             evalLogits=y.tolist(), trainLogits=z.tolist(), loss=float(loss),
             gradTotalNorm=float(torch.sqrt(sum((p.grad.double() ** 2).sum() for _, p in params))),
             grads={k: summary(p.grad) for k, p in picked}, buffersAfterStep={k: summary(v) for k, v in buffers[:2] + buffers[-2:]})
    m = build(name, shape, salt, dtype); m.train(); adam = torch.optim.Adam(m.parameters(), lr=1e-4, weight_decay=5e-4); r['adamLosses'] = []
    for _ in range(3):
        adam.zero_grad(); loss = F.cross_entropy(m(x), labels); loss.backward(); adam.step(); r['adamLosses'].append(float(loss))
    return r

def relative(a, b):
    a, b = torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64)
    return float((a - b).abs().max() / b.abs().max())

records = []
for name in sys.argv[1:] or NETWORKS:
    exact, single = (record(name, NETWORKS[name][1], 1, '', t) for t in (torch.float64, torch.float32))
    exact['float32Deviation'] = {k: relative(single[k], exact[k]) for k in ('evalLogits', 'trainLogits', 'loss', 'gradTotalNorm')}
    exact['float32Deviation']['gradNorm'] = max(abs(single['grads'][k]['norm'] / exact['grads'][k]['norm'] - 1) for k in exact['grads'])
    exact['float32Deviation']['adamLosses'] = max(abs(a / b - 1) for a, b in zip(single['adamLosses'], exact['adamLosses']))
    records.append(exact); print(name, exact['loss'], exact['float32Deviation'], flush=True)
json.dump(records, open('networks.json', 'w'), indent=1)
