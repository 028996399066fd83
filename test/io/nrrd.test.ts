import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { decodeNrrd, encodeNrrd } from '../../src/io/nrrd.js';
import { gzipFast } from '../../src/node/gzip.js';

// Odd, unequal dims and spacings: an axis swap cannot hide.
const grid = createGrid([5, 3, 4], [2, 3, 5], [-7.25, 11, 100.1]);
const volume = createVolume(
  'density',
  grid,
  Float32Array.from({ length: 60 }, (_, i) => Math.sin(i)),
);

for (const gzip of [false, true, gzipFast]) {
  test(`written and read again, gzip ${typeof gzip === 'boolean' ? gzip : gzip.name}`, async () => {
    const bytes = await encodeNrrd(volume, { gzip, fields: { 'input hash': 'abc: def' } });
    const read = await decodeNrrd(bytes);
    expect(read.grid).toEqual(grid);
    expect(read.data).toEqual(volume.data);
    expect(read.kind).toBe('density');
    expect(read.fields['input hash']).toBe('abc: def');
    expect(read.fields['units']).toBe('relative to water');
  });
}

test('a dose says what it means', async () => {
  const dose = createDose(grid, { quantity: 'eqd2', fractions: 22, alphaBeta: 2 });
  const { fields } = await decodeNrrd(await encodeNrrd(dose));
  expect(fields).toMatchObject({ kind: 'dose', units: 'Gy', quantity: 'eqd2', fractions: '22', alphaBeta: '2' });
});

/** A file by hand: sizes 2 3 4, value = x + 10 y + 100 z in voxel steps. */
function foreign(lines: Record<string, string>, body: Uint8Array): Uint8Array {
  const header: Record<string, string> = {
    type: 'short',
    dimension: '3',
    space: 'left-posterior-superior',
    sizes: '2 3 4',
    'space directions': '(1,0,0) (0,2,0) (0,0,3)',
    endian: 'little',
    encoding: 'raw',
    'space origin': '(5,6,7)',
    ...lines,
  };
  const text =
    'NRRD0005\n# made by hand\n' +
    Object.entries(header)
      .map(([k, v]) => `${k}: ${v}\n`)
      .join('') +
    '\n';
  return new Uint8Array(Buffer.concat([Buffer.from(text), body]));
}
const values = Array.from({ length: 24 }, (_, i) => (i % 2) + 10 * (Math.floor(i / 2) % 3) + 100 * Math.floor(i / 6));
const writers: [string, number, (b: Buffer, v: number, at: number) => void, string][] = [
  ['int16', 2, (b, v, at) => b.writeInt16LE(v, at), 'little'],
  ['short', 2, (b, v, at) => b.writeInt16BE(v, at), 'big'],
  ['unsigned short', 2, (b, v, at) => b.writeUInt16LE(v, at), 'little'],
  ['int', 4, (b, v, at) => b.writeInt32BE(v, at), 'big'],
  ['uint32', 4, (b, v, at) => b.writeUInt32LE(v, at), 'little'],
  ['longlong', 8, (b, v, at) => b.writeBigInt64LE(BigInt(v), at), 'little'],
  ['float', 4, (b, v, at) => b.writeFloatBE(v, at), 'big'],
  ['double', 8, (b, v, at) => b.writeDoubleLE(v, at), 'little'],
];
function bodyOf(size: number, write: (b: Buffer, v: number, at: number) => void): Buffer {
  const body = Buffer.alloc(24 * size);
  for (const [i, v] of values.entries()) write(body, v, i * size);
  return body;
}
const shorts = bodyOf(2, (b, v, at) => b.writeInt16LE(v, at));

for (const [type, size, write, endian] of writers) {
  test(`type ${type}, ${endian} endian`, async () => {
    const read = await decodeNrrd(foreign({ type, endian }, bodyOf(size, write)));
    expect([...read.data]).toEqual(values);
    expect(read.kind).toBeUndefined();
  });
}

test('bytes need no endian', async () => {
  const bytes = foreign(
    { type: 'int8' },
    bodyOf(1, (b, v, at) => b.writeInt8(v % 100, at)),
  );
  expect((await decodeNrrd(bytes)).data[7]).toBe(1);
});

test('each voxel keeps its place: negative directions and RAS', async () => {
  /** Value at a position in LPS. */
  const at = (read: Awaited<ReturnType<typeof decodeNrrd>>, p: number[]): number => {
    const { origin, spacing, shape } = read.grid;
    const [i, j, k] = p.map((c, a) => Math.round((c - origin[a]!) / spacing[a]!));
    return read.data[i! + shape[2] * (j! + shape[1] * k!)]!;
  };
  for (const signs of [
    [1, 1, 1],
    [-1, 1, 1],
    [1, -1, 1],
    [1, 1, -1],
    [-1, -1, -1],
  ]) {
    for (const space of ['left-posterior-superior', 'RAS']) {
      const d = [signs[0]!, 2 * signs[1]!, 3 * signs[2]!];
      const directions = `(${d[0]},0,0) (0,${d[1]},0) (0,0,${d[2]})`;
      const read = await decodeNrrd(foreign({ space, 'space directions': directions }, shorts));
      const toLps = space === 'RAS' ? [-1, -1, 1] : [1, 1, 1];
      for (const [i, j, k] of [
        [0, 0, 0],
        [1, 2, 3],
        [1, 0, 2],
        [0, 1, 3],
      ] as const) {
        const p = [5 + i * d[0]!, 6 + j * d[1]!, 7 + k * d[2]!].map((c, a) => c * toLps[a]!);
        expect(at(read, p), `${space} ${directions}`).toBe(i + 10 * j + 100 * k);
      }
    }
  }
});

test('gzip of others, with and without spare bytes', async () => {
  const read = await decodeNrrd(foreign({ encoding: 'gz' }, gzipSync(shorts)));
  expect([...read.data]).toEqual(values);
});

test('what is wrong is said with file and offset', async () => {
  const good = foreign({}, shorts);
  await expect(decodeNrrd(good.subarray(0, good.length - 1), 'ct.nrrd')).rejects.toMatchObject({
    name: 'FormatError',
    path: 'ct.nrrd',
    offset: good.length - 48,
    message: 'ct.nrrd: 47 bytes of values where 48 are needed. The file is truncated.',
  });
  await expect(decodeNrrd(good.subarray(0, 60))).rejects.toThrow('the header has no end');
  await expect(decodeNrrd(Uint8Array.of(1, 2, 3))).rejects.toThrow('does not begin with "NRRD"');
  await expect(decodeNrrd(foreign({ 'space directions': '(1,0.1,0) (0,2,0) (0,0,3)' }, shorts))).rejects.toThrow(
    'axis 0 points along (1, 0.1, 0)',
  );
  await expect(decodeNrrd(foreign({ 'space directions': '(1,x,0) (0,2,0) (0,0,3)' }, shorts))).rejects.toThrow(
    'three numbers',
  );
  await expect(decodeNrrd(foreign({ sizes: '2 3 -4' }, shorts))).rejects.toThrow('three counts');
  await expect(decodeNrrd(foreign({ space: 'scanner-xyz' }, shorts))).rejects.toThrow('space is "scanner-xyz"');
  await expect(decodeNrrd(foreign({ encoding: 'bzip2' }, shorts))).rejects.toThrow('encoding "bzip2"');
  await expect(decodeNrrd(foreign({ 'data file': 'x.raw' }, shorts))).rejects.toThrow('another file');
  await expect(decodeNrrd(foreign({ type: 'block' }, shorts))).rejects.toThrow('type "block"');
  const zipped = gzipSync(shorts);
  await expect(decodeNrrd(foreign({ encoding: 'gzip' }, zipped.subarray(0, zipped.length - 12)))).rejects.toThrow(
    'corrupt or truncated',
  );
  zipped[15]! ^= 0xff;
  await expect(decodeNrrd(foreign({ encoding: 'gzip' }, zipped))).rejects.toThrow('corrupt or truncated');
  await expect(encodeNrrd(volume, { fields: { 'a:=b': 'c' } })).rejects.toThrow('":="');
});

test('values that are more than the header asks for are refused, raw and gzipped', async () => {
  const bytes = Buffer.alloc(2 * 24 + 6);
  const [raw, packed] = [foreign({}, bytes), foreign({ encoding: 'gzip' }, gzipSync(bytes))];
  for (const file of [raw, packed]) {
    await expect(decodeNrrd(file, 'ct.nrrd')).rejects.toThrow(
      'more than the 48 bytes of values that sizes and type ask for',
    );
  }
});

test('what lies more than 10 m away is refused, at either end', async () => {
  const body = Buffer.alloc(48);
  await expect(decodeNrrd(foreign({ 'space origin': '(5,10001,7)' }, body))).rejects.toThrow('more than 10 m away');
  await expect(
    decodeNrrd(foreign({ 'space directions': '(1,0,0) (0,2,0) (0,0,900)', 'space origin': '(0,0,8000)' }, body)),
  ).rejects.toThrow('it reaches to z = 10700 mm, more than 10 m away');
  await expect(decodeNrrd(foreign({ 'space origin': '(5,9000,7)' }, body))).resolves.toBeDefined();
});
