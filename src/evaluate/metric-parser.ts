/**
 * Reads metrics: `kind [point] [ "[" unit "]" ]`, from left to right, so that every refusal knows its character.
 *
 *     kind    D DC V CV Mean Max Min gEUD Volume, in either case
 *     point   number and unit: of a volume (% cc cm3) for D and DC, of a dose (% Gy cGy EQD2/r BED/r) for V and CV;
 *             for gEUD "(a=" number ")"
 *     unit    Gy, EQD2/r, BED/r or % of a dose; % or cc of a volume
 */
import { checkText } from '../core/budget.js';
import { InvalidInputError } from '../core/errors.js';
import type { DoseScale, Metric, MetricUnit } from './metric.js';

/** Of gEUD: beyond, it is the maximum (or minimum) to a thousandth, which Max gives. */
const LARGEST_EXPONENT = 1000;

// Longer words first, so that D does not swallow DC.
const KINDS = ['Volume', 'Mean', 'gEUD', 'Max', 'Min', 'DC', 'CV', 'D', 'V'] as const;

interface UnitWord {
  readonly text: string;
  readonly unit: MetricUnit;
  readonly factor: number;
  readonly quantity?: DoseScale['quantity'];
}

const UNITS: readonly UnitWord[] = [
  { text: 'EQD2', unit: 'Gy', factor: 1, quantity: 'eqd2' },
  { text: 'BED', unit: 'Gy', factor: 1, quantity: 'bed' },
  { text: 'cGy', unit: 'Gy', factor: 0.01 },
  { text: 'Gy', unit: 'Gy', factor: 1 },
  { text: 'cm3', unit: 'cc', factor: 1 },
  { text: 'cc', unit: 'cc', factor: 1 },
  { text: '%', unit: '%', factor: 1 },
];

interface Unit {
  readonly unit: MetricUnit;
  readonly factor: number;
  readonly scale?: DoseScale;
}

/**
 * Reads one metric.
 *
 * @param text e.g. `D95%[Gy]`; spaces are ignored, letters may be of either case
 * @throws {InvalidInputError} with the position of the first character that does not fit
 */
export function parseMetric(text: string): Metric {
  checkText('metric', text);
  const scanner = new Scanner(text);
  const kind = scanner.kind();
  const wantsVolume = kind === 'D' || kind === 'DC';
  const wantsDose = kind === 'V' || kind === 'CV';
  let at: Metric['at'];
  let pointScale: DoseScale | undefined;
  if (wantsVolume || wantsDose) {
    const position = scanner.position();
    const value = scanner.number();
    const { unit, factor, scale } = scanner.unit(wantsVolume ? ['%', 'cc'] : ['%', 'Gy']);
    at = { value: value * factor, unit };
    pointScale = scale;
    if (wantsVolume && unit === '%' && value > 100) {
      throw new InvalidInputError(
        `metric "${text}": at character ${position + 1}, ${value} % of a structure does not exist. Use 0 to 100.`,
      );
    }
  }
  const exponent = kind === 'gEUD' ? scanner.exponent() : undefined;
  const allowed: readonly MetricUnit[] = wantsDose ? ['%', 'cc'] : kind === 'Volume' ? ['cc'] : ['Gy', '%'];
  const given = scanner.bracket(allowed);
  scanner.end();
  const scale = pointScale ?? given?.scale;
  return {
    kind,
    ...(at === undefined ? {} : { at }),
    ...(exponent === undefined ? {} : { exponent }),
    ...(scale === undefined ? {} : { scale }),
    unit: given?.unit ?? allowed[0]!,
    isUnitGiven: given !== undefined,
  };
}

/** A place in the text that moves on with every word taken. */
class Scanner {
  private at = 0;

  constructor(private readonly text: string) {}

  position(): number {
    this.skip();
    return this.at;
  }

  kind(): Metric['kind'] {
    for (const kind of KINDS) if (this.word(kind)) return kind;
    return this.fail('D, DC, V, CV, Mean, Max, Min, gEUD or Volume');
  }

  number(sign = ''): number {
    this.skip();
    const match = new RegExp(`^${sign}(\\d+\\.?\\d*|\\.\\d+)`).exec(this.text.slice(this.at));
    if (match === null) return this.fail('a number');
    this.at += match[0].length;
    return Number(match[0]);
  }

  unit(allowed: readonly MetricUnit[]): Unit {
    for (const { text, unit, factor, quantity } of UNITS) {
      if (!allowed.includes(unit) || !this.word(text)) continue;
      return quantity === undefined ? { unit, factor } : { unit, factor, scale: this.scale(text, quantity) };
    }
    return this.fail(`a unit (${allowed.join(' or ')})`);
  }

  exponent(): number {
    if (!this.word('(')) this.fail('"(a=" and the exponent of gEUD, as in gEUD(a=20),');
    if (this.word('a') && !this.word('=')) this.fail('"="');
    const position = this.position();
    const value = this.number('[-+]?');
    if (value === 0) {
      this.at = position;
      this.fail('an exponent other than 0');
    }
    if (Math.abs(value) > LARGEST_EXPONENT || Math.abs(value) < 1 / LARGEST_EXPONENT) {
      this.at = position;
      this.fail(`an exponent of 1/${LARGEST_EXPONENT} to ${LARGEST_EXPONENT}`);
    }
    if (!this.word(')')) this.fail('")"');
    return value;
  }

  /** Unit of the result: never cGy, as there is one representation of each thing. */
  bracket(allowed: readonly MetricUnit[]): Unit | undefined {
    if (!this.word('[')) return undefined;
    const position = this.position();
    const unit = this.unit(allowed);
    if (unit.factor !== 1) {
      this.at = position;
      this.fail('a result in Gy, not cGy,');
    }
    if (!this.word(']')) this.fail('"]"');
    return unit;
  }

  end(): void {
    this.skip();
    if (this.at < this.text.length) this.fail('the end');
  }

  private scale(word: string, quantity: DoseScale['quantity']): DoseScale {
    if (!this.word('/')) this.fail(`"/" and alpha/beta in Gy, as in ${word}/2,`);
    const position = this.position();
    const alphaBeta = this.number();
    if (!(alphaBeta > 0)) {
      this.at = position;
      this.fail('an alpha/beta above 0');
    }
    return { quantity, alphaBeta };
  }

  private skip(): void {
    while (this.at < this.text.length && this.text[this.at]!.trim() === '') this.at++;
  }

  private word(candidate: string): boolean {
    this.skip();
    if (this.text.slice(this.at, this.at + candidate.length).toLowerCase() !== candidate.toLowerCase()) return false;
    this.at += candidate.length;
    return true;
  }

  private fail(expected: string): never {
    this.skip();
    const rest = this.text.slice(this.at, this.at + 12);
    throw new InvalidInputError(
      `metric "${this.text}": at character ${this.at + 1} ${expected} is expected, but ${rest === '' ? 'the text ends' : `found "${rest}"`}. Write for example D95%[Gy], D0.03cc[Gy], V20Gy[cc], V95%[%], Mean[Gy] or Max[EQD2/2].`,
    );
  }
}
