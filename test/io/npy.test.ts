/** .npy as NumPy writes it, and as it is written here: header, types, what is none. */
import { expect, test } from 'vitest';
import { decodeNpy, encodeNpy, npyHeader } from '../../src/io/npy.js';

/** An array file made by hand. */
function npy(text: string, values: Uint8Array, version = 1): Uint8Array {
  const header = new TextEncoder().encode(text);
  const length =
    version === 1 ? [header.length & 255, header.length >> 8] : [header.length & 255, header.length >> 8, 0, 0];
  return Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0, ...length, ...header, ...values);
}
const header = (descr: string, shape: string, order = 'False') =>
  `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${shape}, }\n`;
const big = (value: number): Uint8Array => {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, false);
  return bytes;
};

test('numbers come back to the last bit; values begin after 128 bytes', () => {
  const values = Float64Array.of(0, -0, 1 / 3, 1e-310, 12345.678);
  const bytes = encodeNpy(values);
  expect(bytes.length).toBe(128 + 8 * values.length);
  const read = decodeNpy(bytes, 'w.npy');
  expect(read.shape).toEqual([5]);
  expect(new Uint8Array(read.values.buffer)).toEqual(new Uint8Array(values.buffer));
  for (const shape of [[], [2], [123456789], [1e6, 1e6]]) expect(npyHeader('<f4', shape)).toHaveLength(128);
});

test('every type, order and version of the header', () => {
  const one = (descr: string, bytes: Uint8Array, version?: number) =>
    decodeNpy(npy(header(descr, '(1,)'), bytes, version), 'a.npy').values[0];
  expect(one('>f8', big(0.1))).toBe(0.1);
  expect(one('<f8', big(0.1).reverse(), 2)).toBe(0.1);
  expect(one('<i8', Uint8Array.of(254, 255, 255, 255, 255, 255, 255, 255))).toBe(-2);
  expect(one('|u1', Uint8Array.of(200))).toBe(200);
  expect(one('<f4', new Uint8Array(Float32Array.of(0.5).buffer))).toBe(0.5);
  const matrix = decodeNpy(npy(header('|i1', '(2, 2)', 'True'), Uint8Array.of(1, 2, 3, 255)), 'm.npy');
  expect(matrix).toEqual({ shape: [2, 2], isFortranOrder: true, values: Float64Array.of(1, 2, 3, -1) });
});

test.each<[string, Uint8Array, RegExp]>([
  ['text', new TextEncoder().encode('0.1 0.2 0.3 0.4'), /w\.npy: is no \.npy file/],
  ['complex numbers', npy(header('<c16', '(1,)'), new Uint8Array(16)), /of the type "<c16"/],
  ['objects', npy(header('|O', '(1,)'), new Uint8Array(16)), /of the type "\|O"/],
  ['a header cut short', npy(header('<f8', '(1,)'), big(1)).subarray(0, 20), /header that cannot be read/],
  ['values cut short', npy(header('<f8', '(3,)'), big(1)), /8 bytes of values, but the shape \(3\) needs 24/],
  ['no end', npy(header('<f8', '(9999999999,)'), big(1)), /more than 100000000 numbers/],
])('%s', (_, bytes, said) => expect(() => decodeNpy(bytes, 'w.npy')).toThrow(said));
