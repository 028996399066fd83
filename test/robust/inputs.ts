/**
 * Inputs of every command, most of them broken: valid ones with one or two values exchanged for hostile ones, seeded.
 */
import { gzipSync } from 'node:zlib';
import { createRandom } from '../../src/core/random.js';

/** A command line whose `FILE:n` are the generated files. */
export interface GeneratedInput {
  readonly title: string;
  readonly args: readonly string[];
  readonly files: readonly { readonly name: string; readonly content: string | Uint8Array }[];
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Pick = <T>(items: readonly T[]) => T;

const shared = {
  patient: { phantom: 'water-box', spacing: [15, 15, 15] },
  target: 'PTV',
};
const planCase: Json = {
  ...shared,
  cord: 'PTV',
  prescription: { dose: 39.6, fractions: 22, to: 'D50' },
  prior: null,
  retreatment: { position: null, recovery: 'none', level: 'thoracic', omit: [], limits: [] },
  alphaBeta: { cord: 2 },
  cordCap: 60,
  doseGrid: { spacing: [15, 15, 15], planning: 100 },
  doseModel: { heterogeneity: 'density', medium: 'engine' },
  fcrt: { beams: 'posterior-2', margin: 6, leafWidth: 5, conform: 'outside', cordShield: false, hold: 'prescription' },
  imrt: { beams: [{ gantry: 180, collimator: 0, couch: 0 }], beamlet: 20, margin: 5, hold: 'cord' },
  goals: ['PTV D95% >= 95%', { goal: 'PTV Max <= 50Gy', priority: 1 }],
  machine: 'artiste-6mv',
};
const fields: Json = {
  ...{ patient: shared.patient },
  machine: 'artiste-6mv',
  grid: { spacing: [20, 20, 20] },
  isocenter: [0, 0, 0],
  fractions: 1,
  beams: [
    { gantry: 0, collimator: 0, couch: 0, monitorUnits: 100, field: { x1: -50, x2: 50, y1: -50, y2: 50 } },
    {
      gantry: 60,
      fluence: {
        spacing: 10,
        beamlets: [
          [0, 0, 1],
          [10, 0, 0.5],
        ],
      },
    },
    { gantry: 90, monitorUnits: 10, aperture: { bank: 'mlci2', openings: [{ x1: -20, x2: 20, y1: -20, y2: 20 }] } },
  ],
};
const study: Json = {
  base: { ...shared, prior: null, doseGrid: { spacing: [20, 20, 20], planning: 100 }, retreatment: { position: null } },
  vary: { 'fcrt.beams': ['posterior-1'] },
  techniques: ['fcrt'],
  metrics: ['PTV Max', 'PTV D95%'],
};
const phantom: Json = {
  name: 'p',
  description: 'd',
  length: 100,
  air: 10,
  measures: { canalDepth: { value: 12, unit: 'mm', source: 's' } },
  parts: [
    {
      name: 'External',
      material: 'water',
      role: 'external',
      shape: { kind: 'box', center: [0, 0, 0], size: [100, 100, 100] },
    },
    {
      name: 'A',
      material: 'lung',
      role: 'organ',
      shape: { kind: 'ellipsoid', center: [0, 0, 0], semiAxes: [9, 9, 9] },
    },
    {
      name: 'B',
      material: 'cortical',
      role: 'target',
      shape: { kind: 'tube', points: [[0, 0, 0]], radius: 8 },
      subtract: ['A'],
    },
    {
      name: 'C',
      material: 'muscle',
      shape: { kind: 'ring-sector', center: [0, 0], innerRadius: 20, outerRadius: 30, from: 0, to: 90, z: [-20, 20] },
    },
  ],
};
const courses = (dose: string): Json => ({
  alphaBeta: 2,
  quantity: 'eqd2',
  courses: [
    { name: 'first', dose: 38, fractions: 19, months: 17 },
    { name: 'second', dose, fractions: 10, transform: { translation: [0, 0, 0], rotation: [0, 0, 0] } },
    { name: 'third', dose, fractions: 10 },
  ],
});
const goals: Json = {
  name: 'mine',
  prescription: { dose: 40, fractions: 10 },
  prior: { dose: 38, fractions: 19, months: 17.7 },
  protocols: ['hytec-retreatment'],
  goals: ['a Max <= 3Gy', { goal: 'a D95% >= 2Gy', variation: '1Gy', priority: 1 }],
};
const header: Readonly<Record<string, string>> = {
  type: 'float',
  dimension: '3',
  space: 'left-posterior-superior',
  sizes: '4 5 3',
  'space directions': '(10,0,0) (0,10,0) (0,0,10)',
  'space units': '"mm" "mm" "mm"',
  endian: 'little',
  encoding: 'raw',
  'space origin': '(-15,-20,-10)',
};

const longText = 'x'.repeat(100_000);
const hostile: readonly Json[] = [
  null,
  true,
  -1,
  0,
  0.5,
  1e-300,
  1e300,
  1e9,
  -1e9,
  4000,
  1e16,
  '',
  ' ',
  'constructor',
  '__proto__',
  'toString',
  '/dev/zero',
  '../..',
  '=1+1',
  '\u001b[31mred',
  '\u0000',
  longText,
  [],
  {},
  [[]],
  ['constructor'],
  [1, 2, 3],
  [1e9, 1e9, 1e9],
  [0.01, 0.01, 0.01],
  { constructor: 1 },
  { a: { b: { c: {} } } },
  Array.from({ length: 10_000 }, () => ({ gantry: 1 })),
];
const hostileText: readonly string[] = [
  '',
  '-1',
  '0',
  '1e308',
  '-1e308',
  '1e-300',
  'NaN',
  'Infinity',
  'constructor',
  '__proto__',
  '4000',
  '1e9',
  '3,',
  ',',
  '1,2,3,4,5',
  '\u001b[31m',
  longText,
  '(((',
  '"cm" "cm"',
  '1000 1000 1000',
  '99999 99999 99999',
  '(1e-9,0,0) (0,1,0) (0,0,1)',
  '('.repeat(50_000),
  'gzip',
  'uchar',
  '٣',
  'D95%',
  'gEUD(a=1e9)',
  'V20Gy[cc] ]',
];

/** Every place of a tree that holds a value. */
function places(json: Json, path: readonly (string | number)[] = []): (string | number)[][] {
  if (typeof json !== 'object' || json === null) return [[...path]];
  const inner = Array.isArray(json) ? json.map((v, i) => [i, v] as const) : Object.entries(json);
  return [...(path.length > 0 ? [[...path]] : []), ...inner.flatMap(([key, value]) => places(value, [...path, key]))];
}

function changed(json: Json, path: readonly (string | number)[], value: Json): Json {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = Array.isArray(json) ? [...json] : { ...(json as object) };
  (copy as Record<string, Json>)[key] = changed((json as Record<string, Json>)[key]!, rest, value);
  return copy as Json;
}

/** The text of a tree with some of its values exchanged; sometimes cut off, or with a key that is no field. */
function broken(json: Json, pick: Pick, uniform: () => number, isWhole: boolean): string {
  if (isWhole) return JSON.stringify(json);
  let out = json;
  for (let n = uniform() < 0.3 ? 2 : 1; n > 0; n--) {
    const all = places(out);
    if (all.length > 0) out = changed(out, pick(all), pick(hostile));
  }
  let text = JSON.stringify(out);
  const kind = uniform();
  if (kind < 0.04) text = text.slice(0, Math.floor(uniform() * text.length));
  else if (kind < 0.08)
    text = text.replace(
      '{',
      `{${JSON.stringify(pick(['__proto__', 'constructor', 'nope']))}:${'['.repeat(5000)}${']'.repeat(5000)},`,
    );
  return text;
}

function nrrd(
  fields: Readonly<Record<string, string>>,
  extra: Readonly<Record<string, string>>,
  isPacked = false,
): Uint8Array {
  const values = Buffer.alloc(4 * 60);
  for (let i = 0; i < 60; i++)
    values.writeFloatLE('kind' in extra && extra['kind'] === 'mask' ? i % 2 : 2 + i / 60, 4 * i);
  const lines = Object.entries(fields).map(([key, value]) => `${key}: ${value}`);
  const pairs = Object.entries(extra).map(([key, value]) => `${key}:=${value}`);
  return Buffer.concat([
    Buffer.from(`${['NRRD0004', ...lines, ...pairs].join('\n')}\n\n`),
    isPacked ? gzipSync(values) : values,
  ]);
}

/** The `index`-th input of a seed; with `isWhole` the unbroken one of the kind `index`. */
export function generateInput(seed: number, index: number, isWhole = false): GeneratedInput {
  const random = createRandom(seed * 100_003 + index);
  for (let i = 0; i < 5; i++) random.uniform();
  const uniform = (): number => random.uniform();
  const pick: Pick = (items) => items[Math.min(items.length - 1, Math.floor(uniform() * items.length))]!;
  const file = (name: string, content: string | Uint8Array) => ({ name, content });
  const wrongHeader = (): Uint8Array => {
    const key = pick(Object.keys(header));
    const fields = isWhole ? header : { ...header, [key]: pick(hostileText).replaceAll('\n', ' ') };
    const extra: Record<string, string> = { kind: 'dose', units: 'Gy', quantity: 'physical', fractions: '10' };
    if (!isWhole && uniform() < 0.3) extra[pick([...Object.keys(extra), '__proto__', 'alphaBeta'])] = pick(hostileText);
    return nrrd(fields, extra, fields['encoding'] === 'gzip');
  };
  const dose = file('dose.nrrd', nrrd(header, { kind: 'dose', units: 'Gy', quantity: 'physical', fractions: '10' }));
  const mask = file('mask_a.nrrd', nrrd(header, { kind: 'mask' }));
  const option = (...names: readonly string[]): string[] =>
    isWhole ? [] : [pick(names), pick(hostileText)].map((text) => text.replaceAll('\0', ''));
  const out = ['--out', 'OUT'];
  const kinds: readonly (() => Omit<GeneratedInput, 'title'>)[] = [
    () => ({
      args: ['plan', 'case.json', '--technique', 'fcrt', '--no-pictures', ...out],
      files: [file('case.json', broken(planCase, pick, uniform, isWhole))],
    }),
    () => ({
      args: ['plan', 'case.json', '--technique', 'imrt', '--no-pictures', ...out],
      files: [file('case.json', broken(planCase, pick, uniform, isWhole))],
    }),
    () => ({
      args: ['dose', 'fields.json', '--out', 'OUT/d.nrrd'],
      files: [file('fields.json', broken(fields, pick, uniform, isWhole))],
    }),
    () => ({
      args: ['study', 'study.json', ...out],
      files: [file('study.json', broken(study, pick, uniform, isWhole))],
    }),
    () => ({
      args: ['phantom', 'p.json', '--spacing', '10', ...out],
      files: [file('p.json', broken(phantom, pick, uniform, isWhole))],
    }),
    () => ({
      args: [
        'phantom',
        'water-box',
        ...out,
        ...option('--spacing', '--noise', '--seed', '--format', '--target', '--side'),
      ],
      files: [],
    }),
    () => ({
      args: ['accumulate', '--courses', 'c.json', ...out],
      files: [dose, file('c.json', broken(courses('dose.nrrd'), pick, uniform, isWhole))],
    }),
    () => ({
      args: ['check', '--goals', 'g.json', '--structures', 'mask_a.nrrd', '--dose', 'dose.nrrd', ...out],
      files: [dose, mask, file('g.json', broken(goals, pick, uniform, isWhole))],
    }),
    () => ({
      args: ['gamma', 'a.nrrd', 'dose.nrrd', '--dose', '3', '--distance', '3'],
      files: [dose, file('a.nrrd', wrongHeader())],
    }),
    () => ({
      args: [
        'gamma',
        'dose.nrrd',
        'dose.nrrd',
        '--dose',
        '3',
        '--distance',
        '3',
        ...option('--dose', '--distance', '--cap', '--threshold', '--fractions'),
      ],
      files: [dose],
    }),
    () => ({
      args: [
        'dvh',
        '--structures',
        'mask_a.nrrd',
        '--dose',
        'dose.nrrd',
        ...option('--metrics', '--roi', '--prescription', '--fractions', '--end-slices', '--target', '--plan'),
      ],
      files: [dose, mask],
    }),
    () => ({
      args: [
        'check',
        '--protocol',
        'hytec-retreatment',
        '--structures',
        'mask_a.nrrd',
        '--dose',
        'dose.nrrd',
        ...option('--prior', '--prescription', '--protocol', '--goals', '--fractions'),
      ],
      files: [dose, mask],
    }),
    () => ({
      args: ['trade-off', 'case.json', ...out, ...option('--caps', '--cumulative', '--technique')],
      files: [file('case.json', JSON.stringify(planCase))],
    }),
    () => ({
      args: ['fractionation', 'case.json', ...out, ...option('--fractions', '--alpha-beta', '--plan')],
      files: [file('case.json', JSON.stringify(planCase))],
    }),
    () => ({
      args: [
        pick(['compare', 'plan', 'nope', longText.slice(0, 5000), 'dvh']),
        ...option('--out', '--json', '--dose', '-x'),
      ],
      files: [],
    }),
  ];
  const { args, files } = isWhole ? kinds[index % kinds.length]!() : pick(kinds)();
  return { title: `seed ${seed}, input ${index}: ${args.map((a) => a.slice(0, 40)).join(' ')}`, args, files };
}
