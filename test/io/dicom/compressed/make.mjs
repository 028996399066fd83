/**
 * Makes the files of this folder: three small synthetic CT slices, each in every transfer syntax.
 *
 *     npm run build && node test/io/dicom/compressed/make.mjs      with Debian's dcmtk and libgdcm-tools
 *
 * 37 columns and 23 rows, as odd sizes show what even ones hide. The pixels are a formula, which decode.test.ts has too.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import openJph from '@cornerstonejs/codec-openjph';
import { encodeDicom } from '../../../../dist/io/dicom/element-writer.js';
import { columns, kinds, rows, storedValue } from './pixels.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'respine-compressed-'));
const ctImage = '1.2.840.10008.5.1.4.1.1.2';

function wordsOf(kind) {
  const bytes = new Uint8Array(2 * rows * columns);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < rows * columns; i++) view.setInt16(2 * i, storedValue(kind, i), true);
  return bytes;
}

function slice(kind, pixels, isEncapsulated = false) {
  const { stored, isSigned, intercept } = kinds[kind];
  const uid = `2.25.${1 + Object.keys(kinds).indexOf(kind)}`;
  return encodeDicom(ctImage, uid, [
    [0x00080005, 'CS', 'ISO_IR 100'],
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', ctImage],
    [0x00080018, 'UI', uid],
    [0x00080020, 'DA', ''],
    [0x00080030, 'TM', ''],
    [0x00080050, 'SH', ''],
    [0x00080060, 'CS', 'CT'],
    [0x00080070, 'LO', ''],
    [0x00080090, 'PN', ''],
    [0x00100010, 'PN', 'SYNTHETIC'],
    [0x00100020, 'LO', 'SYNTHETIC'],
    [0x00100030, 'DA', ''],
    [0x00100040, 'CS', ''],
    [0x00180050, 'DS', '3'],
    [0x00180060, 'DS', ''],
    [0x00185100, 'CS', 'HFS'],
    [0x0020000d, 'UI', '2.25.10'],
    [0x0020000e, 'UI', `2.25.11`],
    [0x00200010, 'SH', ''],
    [0x00200011, 'IS', '1'],
    [0x00200012, 'IS', ''],
    [0x00200013, 'IS', '1'],
    [0x00200032, 'DS', '0\\0\\0'],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', '2.25.12'],
    [0x00201040, 'LO', ''],
    [0x00280002, 'US', [1]],
    [0x00280004, 'CS', 'MONOCHROME2'],
    [0x00280010, 'US', [rows]],
    [0x00280011, 'US', [columns]],
    [0x00280030, 'DS', '2\\2'],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [stored]],
    [0x00280102, 'US', [stored - 1]],
    [0x00280103, 'US', [isSigned ? 1 : 0]],
    [0x00281052, 'DS', String(intercept)],
    [0x00281053, 'DS', '1'],
    [0x7fe00010, isEncapsulated ? 'OB' : 'OW', pixels],
  ]);
}

/** The same data set under another transfer syntax: a meta header of that alone, which readers take. */
function under(syntax, bytes) {
  const body = bytes.subarray(144 + new DataView(bytes.buffer).getUint32(140, true));
  const uid = new TextEncoder().encode(syntax.length % 2 ? `${syntax}\0` : syntax);
  const head = new Uint8Array(132);
  head.set(new TextEncoder().encode('DICM'), 128);
  return Uint8Array.from([...head, 2, 0, 0x10, 0, 0x55, 0x49, uid.length, 0, ...uid, ...body]);
}

const run = (tool, ...args) => execFileSync(tool, args, { stdio: ['ignore', 'ignore', 'inherit'] });
for (const kind of Object.keys(kinds)) {
  const plain = join(scratch, `${kind}.dcm`);
  writeFileSync(plain, slice(kind, wordsOf(kind)));
  const out = (name) => join(here, `${kind}_${name}.dcm`);
  run('dcmconv', '+ti', plain, out('implicit'));
  run('dcmconv', '+tb', plain, out('big-endian'));
  run('dcmconv', '+td', plain, out('deflated'));
  run('dcmcrle', plain, out('rle'));
  run('dcmcjpeg', '+un', '+el', '+sv', '4', plain, out('jpeg-lossless'));
  run('dcmcjpeg', '+un', '+e1', plain, out('jpeg-lossless-first'));
  run('dcmcjpls', '+un', '+el', plain, out('jpeg-ls'));
  run('gdcmconv', '--j2k', plain, out('jpeg-2000'));
  if (kind !== 'unsigned12') continue;
  run('dcmcjpls', '+un', '+en', '+md', '2', plain, out('jpeg-ls-near'));
  run('gdcmconv', '--j2k', '--lossy', '-q', '60', plain, out('jpeg-2000-lossy'));
}

// No tool of Debian's writes high-throughput JPEG 2000; the codec's own encoder does.
const { HTJ2KEncoder } = await openJph({ print: () => undefined, printErr: () => undefined });
for (const kind of Object.keys(kinds)) {
  const encoder = new HTJ2KEncoder();
  const { stored, isSigned } = kinds[kind];
  const info = {
    width: columns,
    height: rows,
    bitsPerSample: stored,
    componentCount: 1,
    isSigned,
    isUsingColorTransform: false,
  };
  encoder.getDecodedBuffer(info).set(wordsOf(kind));
  encoder.setQuality(true, 0);
  encoder.encode();
  const stream = Uint8Array.from(encoder.getEncodedBuffer());
  const even = stream.length % 2 ? Uint8Array.from([...stream, 0]) : stream;
  const item = (bytes) => [0xfe, 0xff, 0x00, 0xe0, ...new Uint8Array(Uint32Array.of(bytes.length).buffer), ...bytes];
  const fragments = Uint8Array.from([...item([]), ...item(even), 0xfe, 0xff, 0xdd, 0xe0, 0, 0, 0, 0]);
  const bytes = under('1.2.840.10008.1.2.4.201', slice(kind, fragments, true));
  // The pixel data is encapsulated: its length is undefined.
  bytes.set([0xff, 0xff, 0xff, 0xff], bytes.length - fragments.length - 4);
  writeFileSync(join(here, `${kind}_htj2k.dcm`), bytes);
}
rmSync(scratch, { recursive: true });
