/**
 * Weights of beamlets as other programs write them: .npy, JSON, or text with a number per line or a table with a column `weight`.
 *
 * JSON is a list, or { "weights": [...], "key": "..." } with the key of the influence that they belong to. A table may be a copy of
 * beamlets.csv with `weight` added: its other columns are handed over, to be held against the beamlets of a case.
 */
import { FormatError } from '../core/errors.js';
import { readCsv } from './csv.js';
import { decodeNpy } from './npy.js';

export interface DecodedWeights {
  readonly weights: Float64Array;
  /** Of the influence that they belong to, where the file says so. */
  readonly key?: string;
  /** Other columns of a table, by name, one number per weight. */
  readonly columns?: ReadonlyMap<string, Float64Array>;
}

/**
 * Reads weights as they are; whether they are finite, >= 0 and as many as there are beamlets is for whoever knows the beamlets.
 *
 * @param name of the file, whose end says what it is: .npy, .json, or text
 * @throws {FormatError} if it is none of these, or holds what is no number
 */
export function decodeWeights(bytes: Uint8Array, name: string): DecodedWeights {
  if (name.endsWith('.npy')) {
    const { shape, values } = decodeNpy(bytes, name);
    if (shape.filter((n) => n !== 1).length <= 1) return { weights: values };
    throw new FormatError(`has the shape (${shape.join(', ')}). Save one list of weights, one per beamlet.`, name);
  }
  const text = new TextDecoder().decode(bytes);
  return name.endsWith('.json') ? fromJson(text, name) : fromText(text, name);
}

const WANTED = 'Give a list of numbers, or { "weights": [...] }.';

function fromJson(text: string, name: string): DecodedWeights {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FormatError(`is not JSON. ${WANTED}`, name);
  }
  const { weights, key } = Array.isArray(json) ? { weights: json, key: undefined } : Object(json);
  if (!Array.isArray(weights)) throw new FormatError(`holds no weights. ${WANTED}`, name);
  const wrong = weights.findIndex((weight) => typeof weight !== 'number');
  if (wrong >= 0) {
    throw new FormatError(
      `weights[${wrong}] is ${JSON.stringify(weights[wrong])}, but must be a number. ${WANTED}`,
      name,
    );
  }
  if (key !== undefined && typeof key !== 'string') throw new FormatError('its key is no text. Leave it out.', name);
  return { weights: Float64Array.from(weights), ...(key !== undefined && { key }) };
}

/** `nan` and `inf` are read as what they say: whoever checks weights names them. */
const NUMBER = /^[+-]?(\d+\.?\d*([eE][+-]?\d+)?|\.\d+([eE][+-]?\d+)?|nan|inf(inity)?)$/i;

function numberOf(text: string): number | undefined {
  const plain = text.trim();
  if (!NUMBER.test(plain)) return undefined;
  if (/nan/i.test(plain)) return Number.NaN;
  return /inf/i.test(plain) ? (plain.startsWith('-') ? -Infinity : Infinity) : Number(plain);
}

function fromText(text: string, name: string): DecodedWeights {
  const plain = text.replace(/^#.*$/gm, '').trim();
  if (plain === '') throw new FormatError('is empty. Give one weight per beamlet.', name);
  const words = plain.split(/[\s,;]+/);
  const first = plain.split('\n', 1)[0]!;
  // Where the first line is numbers there is no header: a list.
  if (first.split(/[\s,;]+/).every((word) => word === '' || numberOf(word) !== undefined)) {
    return { weights: Float64Array.from(words, (word, w) => known(numberOf(word), `number ${w}`, word, name)) };
  }
  const [header = [], ...records] = readCsv(plain, name);
  const titles = header.map((title) => title.trim());
  const at = titles.indexOf('weight');
  if (at < 0) {
    throw new FormatError(
      `has the columns ${titles.slice(0, 12).join(', ')}, but none is called weight. Call the column of the weights so.`,
      name,
    );
  }
  const columnOf = (c: number): Float64Array =>
    Float64Array.from(records, (record, r) => known(numberOf(record[c]!), `line ${r + 2}`, record[c]!, name));
  return {
    weights: columnOf(at),
    columns: new Map(titles.flatMap((title, c) => (c === at ? [] : [[title, columnOf(c)]]))),
  };
}

function known(value: number | undefined, where: string, text: string, name: string): number {
  if (value !== undefined) return value;
  throw new FormatError(
    `${where} is "${text.slice(0, 40)}", but must be a number. Write numbers with a decimal point.`,
    name,
  );
}
