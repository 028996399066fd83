/** Which keys a schema knows at a place of a file. */
import { expect, test } from 'vitest';
import * as z from 'zod/mini';
import { knownKeys } from '../../src/core/known-keys.js';

const schema = z.pipe(
  z.strictObject({
    a: z.optional(z.strictObject({ inner: z.number() })),
    list: z._default(z.array(z.union([z.string(), z.strictObject({ x: z.number(), y: z.number() })])), []),
    pair: z.tuple([z.strictObject({ first: z.number() }), z.strictObject({ second: z.number() })]),
    any: z.record(z.string(), z.strictObject({ value: z.number() })),
    shape: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('box'), size: z.number() }),
      z.strictObject({ kind: z.literal('ball'), radius: z.number() }),
    ]),
    source: z.nullable(
      z.union([
        z.strictObject({ file: z.string(), name: z.string() }),
        z.strictObject({ dose: z.number(), name: z.string() }),
      ]),
    ),
  }),
  z.transform((given) => given),
);

test.each([
  [[], ['a', 'list', 'pair', 'any', 'shape', 'source']],
  [['a'], ['inner']],
  [
    ['list', 7],
    ['x', 'y'],
  ],
  [['pair', 1], ['second']],
  [['any', 'of this name'], ['value']],
  [['shape'], ['kind', 'size', 'radius']],
  [['source'], ['file', 'name', 'dose']],
  [['a', 'inner'], []],
  [['toString'], []],
])('at %j: %j', (path, keys) => {
  expect(knownKeys(schema, path)).toEqual(keys);
});

test.each([
  [{ shape: { kind: 'ball', size: 1 } }, 'shape', ['kind', 'radius']],
  [{ shape: { kind: 'cone' } }, 'shape', ['kind', 'size', 'radius']],
  [{ source: { dose: 1, nmae: 'x' } }, 'source', ['dose', 'name']],
  // Of both as much, or of none anything: all count.
  [{ source: { name: 'x' } }, 'source', ['file', 'name', 'dose']],
  [{ source: { zork: 1 } }, 'source', ['file', 'name', 'dose']],
  [{ source: 'text' }, 'source', ['file', 'name', 'dose']],
])('of alternatives the keys of the one that was meant: %j', (json, key, keys) => {
  expect(knownKeys(schema, [key], { json })).toEqual(keys);
});

test('an alternative that knows a key is not the one to which it is unknown', () => {
  const json = { source: { file: 'a', dose: 1 } };
  expect(knownKeys(schema, ['source'], { json, unknown: 'dose' })).toEqual(['file', 'name']);
});
