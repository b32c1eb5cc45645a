"""Writes references/dicom: small DICOM files of every transfer syntax, made by tools that share no code with this
repository, and the digests of their frames as other decoders see them.

    apt-get install dcmtk libgdcm-tools libopenjp2-tools openjph-tools
    python3 references/scripts/dicom.py references/dicom

Objects: mg (Digital Mammography, 12 bits unsigned), ct (12 bits signed), dbt (Breast Tomosynthesis, functional
groups), sc (multi-frame secondary capture, 8 bits, an odd number of bytes a frame), rgb (secondary capture).
The images are made here from sines and a linear congruential generator. Compressed files are written by dcmtk 3.6.7
and GDCM 3.0.21 (Debian 12); HTJ2K codestreams by OpenJPH 0.9 and wrapped by dump2dcm. Lossless files have the digests of
the image itself; lossy ones those of the decoder that frames.json names.
"""
import hashlib
import json
import math
import os
import struct
import subprocess
import sys
import tempfile

OUT = os.path.abspath(sys.argv[1])
WORK = tempfile.mkdtemp()
UID = '2.25.329800735698586629295641978511506172918'
frames = {}


def run(*command):
    result = subprocess.run(command, cwd=WORK, capture_output=True, text=True)
    if result.returncode != 0:
        raise SystemExit(f'{command}: {result.stderr or result.stdout}')


def image(rows, columns, bits, signed=False, seed=1):
    """A smooth hill, a ramp and noise, over the whole range of values."""
    top = (1 << bits) - 1
    state = seed
    values = []
    for row in range(rows):
        for column in range(columns):
            state = (state * 1664525 + 1013904223) % 2**32
            noise = (state >> 24) / 256 - 0.5
            hill = math.sin(math.pi * row / rows) * math.sin(math.pi * column / columns)
            value = round(top * (0.75 * hill + 0.2 * column / columns + 0.02 * noise))
            values.append(max(0, min(top, value)) - (1 << (bits - 1) if signed else 0))
    values[0], values[-1] = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, top)
    return values


def pack(values, bits, signed=False):
    return struct.pack(f'<{len(values)}{("b" if signed else "B") if bits <= 8 else ("h" if signed else "H")}', *values)


def digest(data):
    return hashlib.sha256(data).hexdigest()


def base(name, rows, columns, stored, planes, sop, modality, extra=(), signed=0, samples=1, raw=None, meta='LittleEndianExplicit'):
    """An uncompressed object: written by dump2dcm from text."""
    allocated = 8 if stored <= 8 else 16
    data = b''.join(planes)
    frame_bytes = rows * columns * samples * allocated // 8
    lines = {
        '0002,0010': f'UI ={meta}',
        '0008,0016': f'UI ={sop}',
        '0008,0018': f'UI [{UID}.{sum(map(ord, name))}]',
        '0008,0060': f'CS [{modality}]',
        '0010,0010': 'PN [Nobody^Synthetic]',
        '0010,0020': f'LO [reference-{name}]',
        '0020,000d': f'UI [{UID}.1]',
        '0020,000e': f'UI [{UID}.2]',
        '0020,0013': 'IS [1]',
        '0028,0002': f'US {samples}',
        '0028,0004': f'CS [{"RGB" if samples == 3 else "MONOCHROME2"}]',
        '0028,0010': f'US {rows}',
        '0028,0011': f'US {columns}',
        '0028,0100': f'US {allocated}',
        '0028,0101': f'US {stored}',
        '0028,0102': f'US {stored - 1}',
        '0028,0103': f'US {signed}',
    }
    if samples == 3:
        lines['0028,0006'] = 'US 0'
    if len(planes) > 1:
        lines['0028,0008'] = f'IS [{len(planes)}]'
    lines.update(extra)
    with open(f'{WORK}/{name}.raw', 'wb') as file:
        file.write(data + b'\0' * (len(data) % 2))
    lines['7fe0,0010'] = raw or f'{"OW" if allocated == 16 else "OB"} ={WORK}/{name}.raw'
    with open(f'{WORK}/{name}.dump', 'w') as file:
        for tag in sorted(lines):
            file.write(f'({tag}) {lines[tag]}\n')
    run('dump2dcm', '+E', f'{name}.dump', f'{OUT}/{name}.dcm')
    assert all(len(plane) == frame_bytes for plane in planes)
    frames[f'{name}.dcm'] = {'decoder': 'none', 'frames': [digest(plane) for plane in planes]}


def sequence(items):
    """A sequence in dump2dcm's language; an item is a list of lines."""
    text = 'SQ\n'
    for lines in items:
        text += '(fffe,e000) na\n' + ''.join(f'{line}\n' for line in lines) + '(fffe,e00d) na\n'
    return text + '(fffe,e0dd) na'


def nested(tag, *lines):
    return f'({tag}) ' + sequence([lines])


def lossless(source, name, *command):
    run(*command, f'{OUT}/{source}.dcm', f'{OUT}/{name}.dcm')
    frames[f'{name}.dcm'] = {'decoder': 'none', 'frames': frames[f'{source}.dcm']['frames']}


def pixel_data(path):
    with open(path, 'rb') as file:
        data = file.read()
    at = max(data.rfind(b'\xe0\x7f\x10\x00OW\0\0'), data.rfind(b'\xe0\x7f\x10\x00OB\0\0'))
    length = struct.unpack('<I', data[at + 8:at + 12])[0]
    return data[at + 12:at + 12 + length]


def lossy(source, name, decode, decoder, *command, count=1):
    run(*command, f'{OUT}/{source}.dcm', f'{OUT}/{name}.dcm')
    run(*decode, f'{OUT}/{name}.dcm', f'{WORK}/decoded.dcm')
    data = pixel_data(f'{WORK}/decoded.dcm')
    assert len(data) >= SIZE[source] * count
    if source == 'mg':  # a codestream of 16 bits overshoots the 12 that are stored; a stored value cannot
        data = b''.join(struct.pack('<H', min(value, 4095)) for (value,) in struct.iter_unpack('<H', data))
    frames[f'{name}.dcm'] = {
        'decoder': decoder,
        'frames': [digest(data[SIZE[source] * k:SIZE[source] * (k + 1)]) for k in range(count)],
    }


SIZE = {'mg': 41 * 35 * 2, 'ct': 24 * 31 * 2, 'sc': 15 * 13, 'rgb': 16 * 18 * 3, 'dbt': 16 * 15 * 2}
for leftover in os.listdir(OUT):
    os.remove(f'{OUT}/{leftover}')

mammography = {
    '0008,0068': 'CS [FOR PRESENTATION]',
    '0018,1164': 'DS [0.07\\0.07]',
    '0020,0020': 'CS [P\\L]',
    '0020,0062': 'CS [L]',
    '0028,1050': 'DS [2048]',
    '0028,1051': 'DS [4096]',
    '0028,1056': 'CS [SIGMOID]',
    '0054,0220': sequence([['(0008,0100) SH [R-10242]', '(0008,0102) SH [SNM3]', '(0008,0104) LO [cranio-caudal]']]),
}
base('mg', 41, 35, 12, [pack(image(41, 35, 12), 12)], 'DigitalMammographyXRayImageStorageForPresentation', 'MG', mammography)
base('ct', 24, 31, 12, [pack(image(24, 31, 12, True), 12, True)], 'CTImageStorage', 'CT', {
    '0020,0032': 'DS [0\\0\\12.5]', '0020,0037': 'DS [1\\0\\0\\0\\1\\0]', '0028,0030': 'DS [0.1\\0.1]',
    '0028,0120': 'SS -2000', '0028,1052': 'DS [-1024]', '0028,1053': 'DS [1]', '0018,0050': 'DS [1]'}, signed=1)
base('sc', 15, 13, 8, [pack(image(15, 13, 8, seed=k), 8) for k in range(3)], 'MultiframeGrayscaleByteSecondaryCaptureImageStorage', 'MG')
base('rgb', 16, 18, 8, [bytes(v for k in zip(*(image(16, 18, 8, seed=s) for s in (5, 6, 7))) for v in k)], 'SecondaryCaptureImageStorage', 'OT', samples=3)

per_frame = [[
    nested('0020,9111', '(0020,9056) SH [1]', f'(0020,9057) UL {k + 1}', f'(0020,9157) UL {k + 1}'),
    nested('0020,9113', f'(0020,0032) DS [0\\0\\{k}]'),
    nested('0028,9132', f'(0028,1050) DS [{500 + k}]', '(0028,1051) DS [1000]', '(0028,1056) CS [LINEAR]'),
] for k in range(3)]
shared = [[
    nested('0018,9504', '(0008,9007) CS [ORIGINAL\\PRIMARY\\TOMOSYNTHESIS\\NONE]'),
    nested('0020,9071', '(0020,9072) CS [R]'),
    nested('0020,9116', '(0020,0037) DS [0\\-1\\0\\0\\0\\-1]'),
    nested('0028,9110', '(0018,0050) DS [1]', '(0028,0030) DS [0.1\\0.1]'),
    nested('0028,9145', '(0028,1052) DS [0]', '(0028,1053) DS [1]', '(0028,1054) LO [US]'),
]]
base('dbt', 16, 15, 10, [pack(image(16, 15, 10, seed=11 + k), 10) for k in range(3)], 'BreastTomosynthesisImageStorage', 'MG', {
    '5200,9229': sequence(shared), '5200,9230': sequence(per_frame)})

for name in ('mg', 'ct', 'sc', 'rgb', 'dbt'):
    lossless(name, f'{name}-implicit', 'dcmconv', '+ti')
    lossless(name, f'{name}-big-endian', 'dcmconv', '+tb')
    lossless(name, f'{name}-rle', 'dcmcrle')
lossless('dbt', 'dbt-undefined-lengths', 'dcmconv', '+te', '-e')
for name in ('mg', 'dbt'):
    lossless(name, f'{name}-deflated', 'dcmconv', '+td')
lossless('dbt', 'dbt-rle-gdcm', 'gdcmconv', '--rle')
for name in ('mg', 'ct', 'sc', 'rgb', 'dbt'):
    lossless(name, f'{name}-jpeg-lossless-sv1', 'dcmcjpeg', '+e1', '-ot')
for predictor in range(2, 8):
    lossless('mg', f'mg-jpeg-lossless-sv{predictor}', 'dcmcjpeg', '+el', '+sv', str(predictor))
lossless('mg', 'mg-jpeg-lossless-gdcm', 'gdcmconv', '--jpeg')
lossless('rgb', 'rgb-jpeg-lossless-gdcm', 'gdcmconv', '--jpeg')
for name in ('mg', 'sc', 'rgb', 'dbt'):
    lossless(name, f'{name}-jpeg-ls', 'dcmcjpls', '+el')
lossless('ct', 'ct-jpeg-ls-gdcm', 'gdcmconv', '--jpegls')
lossless('mg', 'mg-jpeg-ls-fragments', 'dcmcjpls', '+el', '+fs', '1')
lossy('mg', 'mg-jpeg-ls-near', ('dcmdjpls',), 'dcmdjpls 3.6.7', 'dcmcjpls', '+en', '+md', '3')
lossy('sc', 'sc-jpeg-baseline', ('dcmdjpeg',), 'dcmdjpeg 3.6.7', 'dcmcjpeg', '+eb', count=3)
lossy('rgb', 'rgb-jpeg-baseline', ('dcmdjpeg',), 'dcmdjpeg 3.6.7', 'dcmcjpeg', '+eb')
lossy('mg', 'mg-jpeg-extended', ('dcmdjpeg',), 'dcmdjpeg 3.6.7', 'dcmcjpeg', '+ee')
lossy('mg', 'mg-jpeg-extended-low', ('dcmdjpeg',), 'dcmdjpeg 3.6.7', 'dcmcjpeg', '+ee', '+q', '20')
lossy('sc', 'sc-jpeg-extended', ('dcmdjpeg',), 'dcmdjpeg 3.6.7', 'dcmcjpeg', '+ee', count=3)
for name in ('mg', 'ct', 'sc', 'rgb', 'dbt'):
    lossless(name, f'{name}-jpeg-2000', 'gdcmconv', '--j2k')
lossy('mg', 'mg-jpeg-2000-lossy', ('gdcmconv', '--raw'), 'GDCM 3.0.21', 'gdcmconv', '--j2k', '--lossy', '-r', '8', '--irreversible')


def high_throughput(name, source, syntax, arguments, reversible):
    """Codestreams by OpenJPH, one a frame, wrapped by dump2dcm; decoded by ojph_expand and by opj_decompress."""
    rows, columns, stored, planes = source
    items, decoded = '', []
    for index, plane in enumerate(planes):
        values = struct.unpack(f'<{rows * columns}H', plane)
        with open(f'{WORK}/plane.pgm', 'wb') as file:
            file.write(f'P5\n{columns} {rows}\n{(1 << stored) - 1}\n'.encode() + struct.pack(f'>{len(values)}H', *values))
        run('ojph_compress', '-i', 'plane.pgm', '-o', f'{name}-{index}.j2c', *arguments)
        run('ojph_expand', '-i', f'{name}-{index}.j2c', '-o', 'out.pgm')
        if reversible:
            decoded.append(plane)
        with open(f'{WORK}/out.pgm', 'rb') as file:
            body = file.read()[-rows * columns * 2:]
        swapped = struct.pack(f'<{rows * columns}H', *struct.unpack(f'>{rows * columns}H', body))
        assert not reversible or swapped == plane
        if not reversible:
            decoded.append(swapped)
        with open(f'{WORK}/{name}-{index}.j2c', 'ab') as file:
            file.write(b'\0' * (os.path.getsize(f'{WORK}/{name}-{index}.j2c') % 2))
        items += f'(fffe,e000) pi ={WORK}/{name}-{index}.j2c\n'
    extra = dict(mammography) if len(planes) == 1 else {}
    sop = 'DigitalMammographyXRayImageStorageForPresentation'
    raw = f'OB (PixelSequence)\n(fffe,e000) pi\n{items}(fffe,e0dd) na'
    # dcmtk 3.6.7 does not know the syntax: the file is written as JPEG 2000, and its UID replaced by one of the same length
    base(name, rows, columns, stored, planes, sop, 'MG', extra, raw=raw, meta='JPEG2000LosslessOnly')
    path = f'{OUT}/{name}.dcm'
    with open(path, 'rb') as file:
        data = file.read()
    old, new = b'1.2.840.10008.1.2.4.90', syntax.encode()
    at = data.index(old)
    length = struct.unpack('<I', data[140:144])[0]  # (0002,0000) FileMetaInformationGroupLength
    field = data[at - 2:at]
    padded = new + b'\0' * (len(new) % 2)
    data = data[:at - 2] + struct.pack('<H', len(padded)) + padded + data[at + struct.unpack('<H', field)[0]:]
    data = data[:140] + struct.pack('<I', length + len(padded) - struct.unpack('<H', field)[0]) + data[144:]
    with open(path, 'wb') as file:
        file.write(data)
    frames[f'{name}.dcm'] = {'decoder': 'none' if reversible else 'ojph_expand 0.9', 'frames': [digest(p) for p in decoded]}


mg = (41, 35, 12, [pack(image(41, 35, 12), 12)])
stack = (33, 40, 12, [pack(image(33, 40, 12, seed=11 + k), 12) for k in range(3)])
high_throughput('mg-htj2k', mg, '1.2.840.10008.1.2.4.201', ('-reversible', 'true'), True)
high_throughput('stack-htj2k-rpcl', stack, '1.2.840.10008.1.2.4.202', ('-reversible', 'true', '-prog_order', 'RPCL'), True)
high_throughput('mg-htj2k-lossy', mg, '1.2.840.10008.1.2.4.203', ('-qstep', '0.002'), False)

with open(f'{OUT}/frames.json', 'w') as file:
    json.dump(dict(sorted(frames.items())), file, indent=1)
    file.write('\n')
