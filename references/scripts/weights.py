"""Small weights files as PyTorch and safetensors write them: writes the files of weights/ (see ../README.md). What each
holds is in weights/values.json, by PyTorch's own reading. Usage: python weights.py <folder>, with PyTorch 1.13 and onnx for
the .pt, .pth and .onnx files; python weights.py <folder> safetensors, with safetensors 0.8 and the values.json of the first."""
import json, os, struct, sys, zipfile
from collections import OrderedDict

folder = sys.argv[1]
path = lambda name: os.path.join(folder, name)

if len(sys.argv) > 2:
    import ctypes
    from safetensors import TensorSpec, serialize_file
    CODES = dict(float16='e', float32='f', float64='d', int64='q', int32='i', int16='h', int8='b', uint8='B', bool='?')
    def data(dtype, values):
        if dtype == 'bfloat16': return b''.join(struct.pack('<f', v)[2:] for v in values)  # exact: the values are bfloat16's
        return struct.pack(f'<{len(values)}{CODES[dtype]}', *[int(v) if isinstance(v, str) else v for v in values])
    tensors = json.load(open(path('values.json')))['types']
    bytes_of = {k: data(t['dtype'], t['values']) for k, t in tensors.items()}
    held = {k: ctypes.create_string_buffer(v, max(len(v), 1)) for k, v in bytes_of.items()}
    specs = {k: TensorSpec(dtype=t['dtype'], shape=t['shape'], data_ptr=ctypes.addressof(held[k]), data_len=len(bytes_of[k])) for k, t in tensors.items()}
    serialize_file(specs, path('types.safetensors'), {'format': 'pt'})
    sys.exit()

import torch, onnx
from probe import unit

def probe(name, *shape): return torch.tensor(unit(name, int(torch.Size(shape).numel())).tolist(), dtype=torch.float32).reshape(shape)

# Every element type.
types = OrderedDict((str(t)[6:], probe(str(t), 2, 3).mul(9).to(t)) for t in
    (torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.int64, torch.int32, torch.int16, torch.int8))
types.update(uint8=torch.arange(250, 256, dtype=torch.uint8), bool=torch.tensor([True, False, True]),
    counter=torch.tensor(2 ** 60 + 1), empty=torch.empty(0, 3), scalar=torch.tensor(0.1, dtype=torch.float64))

# Every way in which a tensor can lie in its storage.
base = probe('base', 6, 8)
views = OrderedDict(whole=base, same=base, rows=base[2:4], columns=base[:, 3:5], transposed=base.t(), permuted=probe('permuted', 2, 3, 4).permute(2, 0, 1),
    stepped=base.flatten()[1::5], expanded=torch.tensor([[7.0], [8.0]]).expand(2, 4), last=base[5, 7], nothing=base[6:],
    channels_last=probe('nhwc', 2, 3, 2, 2).to(memory_format=torch.channels_last), parameter=torch.nn.Parameter(probe('parameter', 3)))

# A checkpoint as training scripts write it: of a network in DataParallel, with the state of its optimiser.
torch.manual_seed(0)
net = torch.nn.DataParallel(torch.nn.Sequential(OrderedDict(conv=torch.nn.Conv2d(3, 4, 3), bn=torch.nn.BatchNorm2d(4),
    pool=torch.nn.AdaptiveAvgPool2d(1), flat=torch.nn.Flatten(), fc=torch.nn.Linear(4, 2))))
for k, v in net.module.state_dict().items(): v.copy_(probe(k, *v.shape) if v.is_floating_point() else torch.tensor(0))
optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
net(probe('input:1', 2, 3, 5, 5)).sum().backward(); optimiser.step()
checkpoint = dict(epoch=12, arch='tiny', best_acc=0.75, state_dict=net.state_dict(), optimizer=optimiser.state_dict(), history=[(1, 0.5), (2, None)])

legacy = dict(_use_new_zipfile_serialization=False)
torch.save(types, path('types.pt')); torch.save(types, path('types.legacy.pt'), **legacy)
torch.save(views, path('views.pt')); torch.save(views, path('views.legacy.pt'), **legacy); torch.save(views, path('views.protocol4.pt'), pickle_protocol=4)
torch.save(checkpoint, path('checkpoint.pth')); torch.save(checkpoint, path('checkpoint.legacy.pth'), **legacy)
torch.save(net.module.state_dict(), path('tiny.pt'))
zipfile.ZIP64_LIMIT = 0  # Python then writes every size and offset in the fields that files of 4 GiB need
with zipfile.ZipFile(path('tiny.pt')) as old, zipfile.ZipFile(path('tiny.zip64.pt'), 'w') as new:
    for entry in old.infolist(): new.writestr(zipfile.ZipInfo(entry.filename), old.read(entry))
net.module.eval()
torch.onnx.export(net.module, probe('input:1', 1, 3, 5, 5), path('tiny.onnx'), do_constant_folding=False, training=torch.onnx.TrainingMode.PRESERVE, opset_version=13)
model = onnx.load(path('tiny.onnx'))
onnx.save_model(model, path('tiny-external.onnx'), save_as_external_data=True, location='tiny-external.bin', size_threshold=0)

def values(t):
    flat = t.detach().flatten()
    return [str(v) for v in flat.tolist()] if t.dtype == torch.int64 else flat.double().tolist() if t.is_floating_point() else [int(v) for v in flat.tolist()]
describe = lambda d: {k: dict(dtype=str(v.dtype)[6:], shape=list(v.shape), values=values(v)) for k, v in d.items()}
json.dump(dict(types=describe(types), views=describe(views), tiny=describe(net.module.state_dict())), open(path('values.json'), 'w'))
