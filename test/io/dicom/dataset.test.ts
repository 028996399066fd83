/** Elements and their values: encodings, sequences, character sets, numbers, and bytes that are no DICOM. */
import fc from 'fast-check';
import { deflateSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { isRespineError } from '../../../src/core/errors.js';
import { isDicom, items, numbers, readDataset, sopClassOf, text, texts } from '../../../src/io/dicom/dataset.js';
import { encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';

const bytesOf = (...parts: (number[] | string)[]): number[] =>
  parts.flatMap((part) => (typeof part === 'string' ? [...part].map((c) => c.charCodeAt(0)) : part));

/** An element in a given encoding; `value` of even length. */
function element(
  tag: number,
  vr: string,
  value: number[],
  {
    isExplicit = true,
    isLittle = true,
    length = value.length,
  }: { isExplicit?: boolean; isLittle?: boolean; length?: number } = {},
): number[] {
  const word = (n: number): number[] => (isLittle ? [n & 255, (n >> 8) & 255] : [(n >> 8) & 255, n & 255]);
  const long = (n: number): number[] =>
    isLittle ? [...word(n & 0xffff), ...word(n >>> 16)] : [...word(n >>> 16), ...word(n & 0xffff)];
  const head = [...word(tag >>> 16), ...word(tag & 0xffff)];
  if (!isExplicit || vr === '') return [...head, ...long(length), ...value];
  const isLong = ['SQ', 'UN', 'OW', 'UT'].includes(vr);
  return [...head, ...bytesOf(vr), ...(isLong ? [0, 0, ...long(length)] : word(length)), ...value];
}

const part10 = (syntax: string, body: number[]): { name: string; bytes: Uint8Array } => {
  const uid = bytesOf(syntax.length % 2 ? `${syntax}\0` : syntax);
  return {
    name: 'a.dcm',
    bytes: Uint8Array.from([
      ...new Array<number>(128).fill(0),
      ...bytesOf('DICM'),
      ...element(0x00020010, 'UI', uid),
      ...body,
    ]),
  };
};

const UNDEFINED = 0xffffffff;
const explicitLittle = '1.2.840.10008.1.2.1';

describe('encodings', () => {
  test.each([
    ['1.2.840.10008.1.2', { isExplicit: false }],
    [explicitLittle, {}],
    ['1.2.840.10008.1.2.2', { isLittle: false }],
  ])('%s: text, decimals, words, sequences of both lengths', (syntax, encoding) => {
    const isLittle = !('isLittle' in encoding);
    const of = (tag: number, vr: string, value: number[], length?: number) =>
      element(tag, vr, value, { ...encoding, ...(length === undefined ? {} : { length }) });
    const item = of(0x00081155, 'UI', bytesOf('1.2.3\0'));
    // The parser does not know undefined lengths in big endian, which DICOM has retired.
    const open = isLittle
      ? [
          ...of(0xfffee000, '', item, UNDEFINED),
          ...of(0xfffee00d, '', []),
          ...of(0xfffee000, '', item),
          ...of(0xfffee0dd, '', []),
        ]
      : [...of(0xfffee000, '', item), ...of(0xfffee000, '', item)];
    const { elements, transferSyntax } = readDataset(
      part10(syntax, [
        ...of(0x00080060, 'CS', bytesOf('RTPLAN')),
        ...of(0x00081140, 'SQ', open, isLittle ? UNDEFINED : undefined),
        ...of(0x00280010, 'US', isLittle ? [4, 1] : [1, 4]),
        ...of(0x00280030, 'DS', bytesOf('2.5\\-1.25e1 ')),
        ...of(0x300c0002, 'SQ', of(0xfffee000, '', item)),
      ]),
    );
    expect(transferSyntax).toBe(syntax);
    expect(items(elements, '00081140').map((inner) => text(inner, '00081155'))).toEqual(['1.2.3', '1.2.3']);
    expect([...numbers(elements, '00280010')]).toEqual([260]);
    expect([...numbers(elements, '00280030')]).toEqual([2.5, -12.5]);
    expect(items(elements, '300C0002').map((inner) => text(inner, '00081155'))).toEqual(['1.2.3']);
    expect([items(elements, '300A0070'), text(elements, '00100010'), numbers(elements, '00280011').length]).toEqual([
      [],
      undefined,
      0,
    ]);
  });

  test('what follows as zeros is padding', () => {
    const padding = new Array<number>(9).fill(0);
    const file = part10(explicitLittle, [...element(0x00100020, 'LO', bytesOf('P 12')), ...padding]);
    expect(text(readDataset(file).elements, '00100020')).toBe('P 12');
  });

  test('deflated', () => {
    // Enough that the compressed stream is longer than an element's head, as in any real file.
    const noise = Array.from({ length: 4000 }, (_, i) => (i * i * 31 + 7 * i) % 251);
    const body = Uint8Array.from([...element(0x00100020, 'LO', bytesOf('P 12')), ...element(0x7fe00010, 'OW', noise)]);
    const file = part10('1.2.840.10008.1.2.1.99', [...deflateSync(body)]);
    expect(text(readDataset(file).elements, '00100020')).toBe('P 12');
    expect(() => readDataset({ ...file, bytes: file.bytes.slice(0, -4) })).toThrow(
      /a\.dcm: is truncated or corrupt DICOM \(/,
    );
  });

  test('deflated bytes that grow beyond what rows, columns and frames explain are refused while they grow', () => {
    const head = [
      ...element(0x00280008, 'IS', bytesOf('1 ')),
      ...element(0x00280010, 'US', [0, 2]),
      ...element(0x00280011, 'US', [0, 2]),
      ...element(0x00280100, 'US', [16, 0]),
      ...element(0x7fe00010, 'OW', [], { length: 60e6 }),
    ];
    const grown = (frames: string): { name: string; bytes: Uint8Array } => {
      const body = new Uint8Array(head.length + 60e6);
      body.set(head);
      body.set(bytesOf(frames), 8);
      return part10('1.2.840.10008.1.2.1.99', [...deflateSync(body)]);
    };
    expect(() => readDataset(grown('1 '))).toThrow(/grow beyond 32 MB, more than rows, columns and frames explain/);
    // 99 frames of 512 x 512 words are 52 MB, and a little may stand beside them.
    expect(numbers(readDataset(grown('99')).elements, '00280010')[0]).toBe(512);
  });

  test('an unknown element of undefined length is a sequence in implicit little endian', () => {
    const inner = element(0x00100020, '', bytesOf('ID'), { isExplicit: false });
    const open = [...element(0xfffee000, '', inner), ...element(0xfffee0dd, '', [])];
    const { elements } = readDataset(part10(explicitLittle, element(0x00091010, 'UN', open, { length: UNDEFINED })));
    expect(text(items(elements, '00091010')[0]!, '00100020')).toBe('ID');
  });

  test('without preamble or meta header', () => {
    const body = [...element(0x00080016, 'UI', bytesOf('1.2.840.1 ')), ...element(0x00100020, 'LO', bytesOf('AB'))];
    const file = { name: 'old.dcm', bytes: Uint8Array.from(body) };
    expect([isDicom(file), sopClassOf(file), text(readDataset(file).elements, '00100020')]).toEqual([
      true,
      '1.2.840.1',
      'AB',
    ]);
  });
});

describe('values', () => {
  test.each([
    ['ISO_IR 100', [0x4d, 0xfc, 0x6c, 0x6c], 'Müll'],
    ['ISO_IR 192', [0x4d, 0xc3, 0xbc, 0x6c], 'Mül'],
    ['ISO 2022 IR 101', [0xb1, 0x20], 'ą'],
    ['\\ISO 2022 IR 87', [27, 36, 66, 0x3b, 0x33, 0x45, 0x44, 27, 40, 66], '山田'],
    ['ISO 2022 IR 6\\ISO 2022 IR 87', [27, 36, 66, 0x45, 0x44, 27, 40, 66], '田'],
    ['', [0x41, 0x20], 'A'],
  ])('character set %s', (set, value, expected) => {
    const named = bytesOf(set.length % 2 ? `${set} ` : set);
    const item = element(0xfffee000, '', element(0x30060026, 'LO', value));
    const { elements } = readDataset(
      part10(explicitLittle, [
        ...element(0x00080005, 'CS', named),
        ...element(0x00100010, 'PN', [...value, ...bytesOf('^X=Y')]),
        ...element(0x30060020, 'SQ', item),
      ]),
    );
    expect(text(items(elements, '30060020')[0]!, '30060026')).toBe(expected);
    expect(text(elements, '00100010')).toBe(`${expected.padEnd(value.at(-1) === 0x20 ? 2 : 0)}^X`);
  });

  test.each([
    // PS3.3 annexes H, I, J and PS3.5 annex K: Japanese, Korean, Chinese; several Latin sets in one text.
    ['\\ISO 2022 IR 87', 'Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B', 'Yamada^Tarou=山田^太郎'],
    [
      'ISO 2022 IR 13\\ISO 2022 IR 87',
      '\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J',
      'ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎',
    ],
    ['\\ISO 2022 IR 159', 'A\x1b$(D\x30\x21\x1b(BB', 'A丂B'],
    ['\\ISO 2022 IR 149', 'Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7', 'Hong^Gildong=洪^吉洞'],
    ['\\ISO 2022 IR 58', 'Wang=\x1b$)A\xcd\xf5^\x1b$)A\xd0\xa1\xb6\xab', 'Wang=王^小东'],
    ['GB18030', 'Wang=\xcd\xf5^\xd0\xa1\xb6\xab', 'Wang=王^小东'],
    ['GBK', '\xcd\xf5', '王'],
    ['ISO 2022 IR 100\\ISO 2022 IR 144', '\xdc\x1b-L\xbb\xee', 'ÜЛю'],
    ['ISO 2022 IR 6\\ISO 2022 IR 126', '\x1b-F\xc4\xe9', 'Δι'],
    ['ISO_IR 166', '\xa1', 'ก'],
    // As exporters misspell them, or forget to declare what they use.
    ['ISO-IR 100', '\xfc', 'ü'],
    ['UTF-8', '\xc3\xbc', 'ü'],
    ['', 'A\x1b$B;3\x1b(B', 'A山'],
    ['ISO_IR 100', '\xfc\x1b$B;3\x1b(B', 'ü山'],
  ])('character set "%s" with code extensions', (set, value, expected) => {
    const { elements } = readDataset(
      part10(explicitLittle, [
        ...element(0x00080005, 'CS', bytesOf(set.length % 2 ? `${set} ` : set)),
        ...element(0x00104000, 'PN', bytesOf(value.length % 2 ? `${value} ` : value)),
      ]),
    );
    expect(texts(elements, '00104000').join()).toBe(expected);
  });

  test('what cannot be decoded is replaced, and refuses nothing', () => {
    const { elements } = readDataset(
      part10(explicitLittle, [
        ...element(0x00080005, 'CS', bytesOf('KLINGON ')),
        ...element(0x00100020, 'LO', bytesOf('AB')),
        ...element(0x00104000, 'LO', [65, 0xf0, 0xf1, 66]),
      ]),
    );
    expect(text(elements, '00100020')).toBe('AB');
    expect(text(elements, '00104000')).toBe('A\ufffd\ufffdB');
  });

  test('decimals are read as Number reads them (seed 3)', () => {
    const decimal = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc
        .tuple(fc.integer({ min: -99999999, max: 99999999 }), fc.integer({ min: 0, max: 9 }))
        .map(([n, d]) => (n / 10 ** d).toFixed(d)),
      fc.constantFrom('1', '-0.5', '+3', '.25', '7.', '1e3', '123456789012345.6', '0.1', '-0', ' 12 '),
    );
    fc.assert(
      fc.property(fc.array(decimal, { minLength: 1, maxLength: 8 }), (values) => {
        const joined = values.join('\\');
        const file = part10(
          explicitLittle,
          element(0x30060050, 'DS', bytesOf(joined.length % 2 ? `${joined} ` : joined)),
        );
        expect([...numbers(readDataset(file).elements, '30060050')]).toEqual(values.map(Number));
      }),
      { seed: 3, numRuns: 300 },
    );
  });

  test('what is no number, and what is empty', () => {
    const file = part10(explicitLittle, element(0x30060050, 'DS', bytesOf('1\\\\two\\.\\-')));
    expect([...numbers(readDataset(file).elements, '30060050')]).toEqual([
      1,
      Number.NaN,
      Number.NaN,
      Number.NaN,
      Number.NaN,
    ]);
    const empty = readDataset(part10(explicitLittle, element(0x30060050, 'DS', []))).elements;
    expect([numbers(empty, '30060050').length, text(empty, '30060050'), texts(empty, '30060051')]).toEqual([
      0,
      undefined,
      [],
    ]);
  });
});

describe('bytes that are no DICOM', () => {
  const nested: Written[] = [
    [0x00080016, 'UI', '1.2'],
    [0x30060020, 'SQ', [[[0x30060026, 'LO', 'PTV']], [[0x30060040, 'SQ', [[[0x30060050, 'DS', '1\\2\\3']]]]]]],
    [0x7fe00010, 'OW', new Uint8Array(64)],
  ];
  const whole = encodeDicom('1.2', '1.3', nested);

  test('cut anywhere: refused in one sentence, or what came before it', () => {
    for (let length = 0; length < whole.length; length++) {
      const file = { name: 'cut.dcm', bytes: whole.slice(0, length) };
      try {
        const { elements } = readDataset(file);
        expect(elements['7FE00010'], `${length} bytes`).toBeUndefined();
      } catch (error) {
        expect(isRespineError(error), String(error)).toBe(true);
        expect((error as Error).message).toMatch(/^cut\.dcm: is (truncated or corrupt|not a) DICOM/);
      }
    }
  });

  test('bytes changed at random (seed 7): an answer or one of our errors, always soon', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 132, max: whole.length - 1 }), fc.integer({ min: 0, max: 255 })), {
          maxLength: 6,
        }),
        (changes) => {
          const bytes = whole.slice();
          for (const [at, value] of changes) bytes[at] = value;
          try {
            readDataset({ name: 'odd.dcm', bytes });
          } catch (error) {
            expect(isRespineError(error), String(error)).toBe(true);
          }
        },
      ),
      { seed: 7, numRuns: 2000 },
    );
  });

  test('something else where an item must be, no transfer syntax', () => {
    const stray = element(0x30060040, 'SQ', element(0x00100020, 'LO', [65, 66]));
    expect(() => readDataset(part10(explicitLittle, stray))).toThrow(/item tag \(FFFE,E000\) not found/);
    const bare = { name: 'bare.dcm', bytes: Uint8Array.from([...new Array<number>(128).fill(0), ...bytesOf('DICM')]) };
    expect(() => readDataset(bare)).toThrow(/bare\.dcm: is truncated or corrupt DICOM \(.*\)/);
    expect(isDicom({ name: 'x', bytes: Uint8Array.from(bytesOf('plain text, no DICOM at all')) })).toBe(false);
  });
});
