/** One beam of an RTPLAN, with its control points made whole: what one does not say it has from the one before. */
import type { BeamModifiers } from '../../beam/shaped-fluence.js';
import { checkCount } from '../../core/budget.js';
import { FormatError } from '../../core/errors.js';
import type { Vec3 } from '../../geometry/grid.js';
import { type Elements, items, number, numbers, text } from './dataset.js';
import { blockOf, CREATOR, doublesOf, wedgeOf } from './treatment-modifiers.js';
import type { BeamTransmission, ControlPoint, LimitingDevice, TreatmentBeam, Turn } from './treatment-plan.js';
import { isLeaves } from './treatment-plan.js';

/** What a beam needs of the plan around it. */
export interface BeamContext {
  readonly file: string;
  /** Patient positions by number of the setup. */
  readonly positions: ReadonlyMap<number, string | undefined>;
}

/** No beam has more. */
const MOST_CONTROL_POINTS = 20_000;
const MOST_PAIRS = 1000;

/** @throws {FormatError} naming the beam and the element */
export function beamOf(item: Elements, index: number, { file, positions }: BeamContext): TreatmentBeam {
  const beam = number(item, '300A00C0');
  if (beam === undefined) throw new FormatError(`beam ${index + 1} has no BeamNumber. Export the plan again.`, file);
  const name = text(item, '300A00C2') ?? String(beam);
  const fail = (message: string): never => {
    throw new FormatError(`beam ${beam} (${name}): ${message} Export the plan again.`, file);
  };
  const devices = items(item, '300A00B6').map((device) => deviceOf(device, fail));
  const points = items(item, '300A0111');
  checkCount(`${file}: beam ${beam}: control points`, points.length, MOST_CONTROL_POINTS, 'Give a plan with fewer.');
  const reader = new PointReader(devices, fail);
  const setup = number(item, '300C006A');
  const controlPoints = points.map((point, p) => reader.next(point, p));
  const isIn = controlPoints.length > 0 && controlPoints.every(({ wedgesIn }) => wedgesIn?.length === 1);
  const [wedge, block] = [wedgeOf(item, isIn), blockOf(item)];
  const modifiers = { ...(wedge && { wedge }), ...(block && { block }) };
  return {
    number: beam,
    name,
    description: text(item, '300A00C3'),
    machine: text(item, '300A00B2') ?? '',
    radiation: text(item, '300A00C6') ?? '',
    type: text(item, '300A00C4') ?? '',
    delivery: text(item, '300A00CE') ?? 'TREATMENT',
    unit: text(item, '300A00B3') ?? 'MU',
    sad: number(item, '300A00B4'),
    fluenceMode: fluenceModeOf(item),
    position: setup === undefined && positions.size === 1 ? [...positions.values()][0] : positions.get(setup ?? -1),
    devices,
    ...modifiers,
    accessories: accessoriesOf(item, controlPoints, modifiers),
    finalWeight: number(item, '300A010E'),
    controlPoints,
    transmission: transmissionOf(item),
  };
}

type Fail = (message: string) => never;

function deviceOf(item: Elements, fail: Fail): LimitingDevice {
  const type = text(item, '300A00B8') ?? fail('a beam limiting device has no type.');
  const pairs = number(item, '300A00BC') ?? 1;
  if (!(Number.isInteger(pairs) && pairs >= 1 && pairs <= MOST_PAIRS)) {
    fail(`${type} has ${pairs} pairs, but must have 1 to ${MOST_PAIRS}.`);
  }
  const boundaries = Array.from(numbers(item, '300A00BE'));
  if (isLeaves(type)) {
    if (boundaries.length !== pairs + 1) {
      fail(
        `${type} has ${pairs} leaf pairs and ${boundaries.length} LeafPositionBoundaries, but must have one more than pairs.`,
      );
    }
    const wrong = boundaries.findIndex((y, n) => !Number.isFinite(y) || (n > 0 && y <= boundaries[n - 1]!));
    if (wrong >= 0)
      fail(`boundary ${wrong + 1} of ${type} is ${boundaries[wrong]} mm, but boundaries must be numbers that rise.`);
  }
  return { type, pairs, distance: number(item, '300A00BA'), ...(isLeaves(type) && { boundaries }) };
}

function fluenceModeOf(item: Elements): string | undefined {
  const [mode] = items(item, '30020050');
  if (mode === undefined) return undefined;
  return text(mode, '30020052') ?? text(mode, '30020051');
}

/** [sequence, what its items are, their name] */
const ACCESSORIES = [
  ['300A00E3', 'compensator', '300A00E5'],
  ['300A00F4', 'block', '300A00FE'],
  ['300A0107', 'applicator', '300A0108'],
  ['300C00B0', 'bolus', '30060084'],
] as const;
/** The number that tells of them where the sequence is left out. */
const COUNTS = { '300A00E3': '300A00E0', '300A00F4': '300A00F0', '300C00B0': '300A00ED' } as const;

/** @param known what is read of wedge and block, and so can be computed */
function accessoriesOf(item: Elements, points: readonly ControlPoint[], known: BeamModifiers): string[] {
  const out: string[] = [];
  const wedges = known.wedge ? [] : items(item, '300A00D1');
  wedges.forEach((wedge, w) => {
    const own = number(wedge, '300A00D2') ?? w + 1;
    // A wedge that stands outside all along changes nothing; one of which nothing is said may stand inside.
    const isTold = points.some((point) => point.wedgesIn !== undefined);
    if (isTold && !points.some(({ wedgesIn }) => wedgesIn?.includes(own))) return;
    out.push(`wedge ${text(wedge, '300A00D4') ?? own} of ${number(wedge, '300A00D5') ?? '?'} degrees`);
  });
  if (!known.wedge && wedges.length === 0 && (number(item, '300A00D0') ?? 0) > 0) out.push('wedge');
  for (const [sequence, what, name] of ACCESSORIES) {
    if (what === 'block' && known.block) continue;
    const found = items(item, sequence);
    for (const one of found) out.push([what, text(one, name)].filter((part) => part !== undefined).join(' '));
    const counted = sequence in COUNTS ? (number(item, COUNTS[sequence as keyof typeof COUNTS]) ?? 0) : 0;
    if (found.length === 0 && counted > 0) out.push(what);
  }
  return out;
}

function transmissionOf(item: Elements): BeamTransmission | undefined {
  if (text(item, '30190010') !== CREATOR) return undefined;
  const [jaws, leaves] = ['30191001', '30191002'].map((tag) => doublesOf(item, tag)?.[0]);
  const isFraction = (value: number | undefined): value is number => value !== undefined && value >= 0 && value < 1;
  return isFraction(jaws) && isFraction(leaves) ? { jaws, leaves } : undefined;
}

/** Reads control points in their order. */
class PointReader {
  private last: ControlPoint | undefined;

  constructor(
    private readonly devices: readonly LimitingDevice[],
    private readonly fail: Fail,
  ) {}

  next(item: Elements, index: number): ControlPoint {
    const { last } = this;
    const fail: Fail = (message) => this.fail(`control point ${index}: ${message}`);
    const value = (tag: string, what: string, otherwise: number | undefined): number => {
      if (text(item, tag) === undefined) return otherwise ?? fail(`${what} is missing.`);
      const [own] = numbers(item, tag);
      return Number.isFinite(own) ? own! : fail(`${what} is "${text(item, tag)}", but must be a number.`);
    };
    const turn = (tag: string, otherwise: Turn): Turn => {
      const own = text(item, tag);
      if (own === undefined) return otherwise;
      return own === 'CW' || own === 'CC' || own === 'NONE'
        ? own
        : fail(`a rotation direction is "${own}", not CW, CC or NONE.`);
    };
    const point: ControlPoint = {
      weight: value('300A0134', 'CumulativeMetersetWeight', index === 0 ? 0 : undefined),
      energy: number(item, '300A0114') ?? last?.energy,
      // Of a brachytherapy or a device geometry angles may be left out: they are asked for where a beam is computed.
      gantry: value('300A011E', 'GantryAngle', last?.gantry ?? 0),
      gantryTurn: turn('300A011F', last?.gantryTurn ?? 'NONE'),
      collimator: value('300A0120', 'BeamLimitingDeviceAngle', last?.collimator ?? 0),
      collimatorTurn: turn('300A0121', last?.collimatorTurn ?? 'NONE'),
      couch: value('300A0122', 'PatientSupportAngle', last?.couch ?? 0),
      couchTurn: turn('300A0123', last?.couchTurn ?? 'NONE'),
      tilts: {
        eccentric: value('300A0125', 'TableTopEccentricAngle', last?.tilts.eccentric ?? 0),
        pitch: value('300A0140', 'TableTopPitchAngle', last?.tilts.pitch ?? 0),
        roll: value('300A0144', 'TableTopRollAngle', last?.tilts.roll ?? 0),
        gantry: value('300A014A', 'GantryPitchAngle', last?.tilts.gantry ?? 0),
      },
      isocenter: isocenterOf(item, fail) ?? last?.isocenter,
      positions: this.positionsOf(item, fail),
      wedgesIn: wedgesOf(item) ?? last?.wedgesIn,
    };
    if (last !== undefined && point.weight < last.weight) {
      fail(`its cumulative meterset weight of ${point.weight} is less than the ${last.weight} before it.`);
    }
    this.last = point;
    return point;
  }

  private positionsOf(item: Elements, fail: Fail): ReadonlyMap<string, readonly number[]> {
    const given = items(item, '300A011A');
    const before = this.last?.positions;
    if (given.length === 0 && before !== undefined) return before;
    const out = new Map(before ?? []);
    for (const device of given) {
      const type = text(device, '300A00B8') ?? fail('a beam limiting device has no type.');
      const known = this.devices.find((one) => one.type === type);
      if (known === undefined) fail(`${type} has positions, but BeamLimitingDeviceSequence does not know it.`);
      const values = Array.from(numbers(device, '300A011C'));
      const count = 2 * (known as LimitingDevice).pairs;
      if (values.length !== count) fail(`${type} has ${values.length} LeafJawPositions, but must have ${count}.`);
      const wrong = values.findIndex((v) => !Number.isFinite(v));
      if (wrong >= 0) fail(`position ${wrong + 1} of ${type} is no number.`);
      out.set(type, values);
    }
    return out;
  }
}

function isocenterOf(item: Elements, fail: Fail): Vec3 | undefined {
  if (text(item, '300A012C') === undefined) return undefined;
  const values = Array.from(numbers(item, '300A012C'));
  if (values.length !== 3 || !values.every(Number.isFinite))
    fail(`IsocenterPosition is [${values.join(', ')}], but must be three numbers.`);
  return values as unknown as Vec3;
}

/** Numbers of the wedges that stand in the beam; undefined where nothing is said. */
function wedgesOf(item: Elements): number[] | undefined {
  const told = items(item, '300A0116');
  if (told.length === 0) return undefined;
  return told.flatMap((wedge) => (text(wedge, '300A0118') === 'OUT' ? [] : [number(wedge, '300C00C0') ?? 0]));
}
