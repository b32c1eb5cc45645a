import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { crc32, deflateRawSync } from 'node:zlib';
import { isWorkbook, workbookRecords } from './workbook.ts';
import { workbookFault } from './workbook-archive.ts';

const workbook = (name: string) => readFile(new URL(`../../../../references/workbooks/${name}.xlsx`, import.meta.url));
const refused = (bytes: Buffer, message: RegExp, sheet?: string) =>
  assert.rejects(workbookRecords(bytes, 'labels.xlsx', sheet), { code: 'manifest-invalid', message });

/** A zip archive of deflated files; `declared` is the size that it claims. */
function zip(files: Readonly<Record<string, string>>, declared?: number): Buffer {
  const locals: Buffer[] = [];
  const list: Buffer[] = [];
  let offset = 0;
  for (const [name, text] of Object.entries(files)) {
    const packed = deflateRawSync(text);
    const common = Buffer.alloc(26); // from the version to the length of the extra field, APPNOTE 4.3.7
    common.writeUInt16LE(8, 4);
    common.writeUInt32LE(crc32(text), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(declared ?? Buffer.byteLength(text), 18);
    common.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed]);
    const rest = Buffer.alloc(14);
    rest.writeUInt32LE(offset, 10);
    list.push(Buffer.concat([Buffer.from('PK\x01\x02\0\0'), common, rest, Buffer.from(name)]));
    locals.push(local);
    offset += local.length;
  }
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06');
  end.writeUInt16LE(list.length, 8);
  end.writeUInt16LE(list.length, 10);
  end.writeUInt32LE(Buffer.concat(list).length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, ...list, end]);
}

const LIMITS = { unpackedBytes: 1000, cells: 100 };
const sheetOf = (cells: string) => `<worksheet><sheetData>${cells}</sheetData></worksheet>`;

test('cells are text as a sheet shows them, with the numbers of their rows', async () => {
  const rows = await workbookRecords(await workbook('kinds'), 'kinds.xlsx', 'labels');
  // What references/scripts/workbook.py gave openpyxl, in words.
  assert.deepEqual(
    rows.map(({ line, fields }) => `${line} ${fields.join('|')}`),
    [
      '1 kind|value',
      '2 whole|7',
      '3 whole as float|7',
      '4 sum|0.3',
      '5 small|0.00025',
      '7 text of digits|0042',
      '8 date|2019-02-28',
      '9 date and time|2020-02-29T13:05:30',
      '10 time|08:30:00',
      '11 truth|TRUE',
      '12 formula without result|',
      '13 accents|Mikrokalk, über 5 mm² <&>',
      '14 wide|x|beyond the header',
    ],
  );
});

test('numbers have the digits that a program shows, formulas their saved results, errors nothing', async () => {
  const type = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet';
  const cells = [
    '<c r="A1"><v>0.30000000000000004</v></c><c r="B1"><v>1E2</v></c><c r="C1"><f>1+1</f><v>2</v></c>',
    '<c r="D1" t="e"><v>#N/A</v></c><c r="E1" t="str"><f>A1</f><v>said</v></c>',
  ];
  const bytes = zip({
    'xl/workbook.xml': '<workbook><sheets><sheet name="one" sheetId="1" r:id="r1"/></sheets></workbook>',
    'xl/_rels/workbook.xml.rels': `<Relationships><Relationship Id="r1" Type="${type}" Target="worksheets/sheet1.xml"/></Relationships>`,
    'xl/worksheets/sheet1.xml': sheetOf(`<row r="1">${cells.join('')}</row>`),
  });
  const [row] = await workbookRecords(bytes, 'labels.xlsx', undefined);
  assert.deepEqual(row?.fields, ['0.3', '100', '2', '', 'said']);
});

test('the only sheet that is filled is taken, of several one must be named', async () => {
  const cmmd = await workbook('cmmd');
  assert.ok(isWorkbook(cmmd));
  const rows = await workbookRecords(cmmd, 'cmmd.xlsx', undefined);
  assert.deepEqual(rows[2]?.fields, ['D2-0001', 'L', '64', '2', 'both', 'Malignant', 'Luminal B']);
  assert.deepEqual(rows[1]?.fields.length, 7);
  assert.deepEqual(await workbookRecords(cmmd, 'cmmd.xlsx', 'Sheet2'), []);
  const kinds = await workbook('kinds');
  await refused(kinds, /labels\.xlsx: the workbook has the sheets "labels", "read me": say with --sheet/);
  await refused(kinds, /has no sheet "Labels", only "labels", "read me"/, 'Labels');
});

test('workbooks that are damaged, cut short, old or none are refused by name', async () => {
  const whole = await workbook('cmmd');
  await refused(whole.subarray(0, 500), /list of files is missing/);
  await refused(Buffer.from('PK\x03\x04'), /damaged/);
  const changed = Buffer.from(whole);
  changed[60] = (changed[60] ?? 0) ^ 0xff;
  await refused(changed, /a file cannot be unpacked|not as it was packed/);
  await refused(Buffer.from('d0cf11e0a1b11ae1', 'hex'), /old format \.xls or under a password/);
  await refused(zip({ 'a.txt': 'an archive of something else' }), /the workbook cannot be read/);
  // Any byte of it wrong: read all the same, or refused by name, and never another error.
  for (let at = 0; at < whole.length; at += 37) {
    const broken = Buffer.from(whole);
    broken[at] = (broken[at] ?? 0) ^ 0x55;
    await workbookRecords(broken, 'labels.xlsx', undefined).catch((error) =>
      assert.equal(error.code, 'manifest-invalid'),
    );
  }
});

test('what unpacks or spans beyond the limits is refused before it is parsed', () => {
  const bomb = { 'xl/worksheets/sheet1.xml': ' '.repeat(5000) };
  assert.match(workbookFault(zip(bomb), LIMITS) ?? '', /unpacks to more than 1000 bytes/);
  assert.match(workbookFault(zip(bomb, 10), LIMITS) ?? '', /unpacks to more than 1000 bytes/);
  assert.match(workbookFault(zip({ a: ' '.repeat(500) }, 10), LIMITS) ?? '', /not as it was packed/);
  const other = zip({ a: 'labels' });
  other.writeUInt32LE(crc32('labelz'), other.indexOf('PK\x01\x02') + 16);
  assert.match(workbookFault(other, LIMITS) ?? '', /not as it was packed/);
  const half = ' '.repeat(600);
  assert.match(workbookFault(zip({ a: half, b: half }), LIMITS) ?? '', /unpacks to more than 1000 bytes/);
  const spans = (cells: string) => workbookFault(zip({ 'sheet.xml': sheetOf(cells) }), LIMITS) ?? 'none';
  assert.equal(spans('<row r="10"><c r="A10"/><c r="J10" s="1"/></row>'), 'none'); // 10 x 10
  for (const cells of ['<c r="K10"/>', '<row r="101"/><c r="A1"/>', `<c s='1' r = 'XFD7'>`, '<x:c r="AA4"/>'])
    assert.match(spans(cells), /span more than 100 cells/);
  assert.match(spans('<c r="&#75;10"/>'), /&#75;10 is no address/);
  assert.match(spans('<c q=">" r="K10"'), /a tag that is not whole/);
});
