/**
 * A machine with a known kernel, and the tables that somebody would measure on it: what commissioning is tested with.
 *
 * Its widths are none of those that commissioning fits, its horn is about as high as that of a real machine, and its
 * amplitudes follow simple laws: primary dose with build-up, scatter that grows and fades with depth.
 */
import { createRandom } from '../../src/core/random.js';
import type { BeamData } from '../../src/machine/beam-data.js';
import { electronFractions, electronKernel } from '../../src/machine/electrons.js';
import { openFieldDose, squareField } from '../../src/machine/field-integral.js';
import type { Machine } from '../../src/machine/machine.js';

const DEPTHS = [0, 2, 4, 6, 8, 10, 12, 14, 16, 20, 25, 30, 40, 50, 65, 80, 100, 120, 150, 180, 220, 260, 300, 350];
/** Electrons that reach 5 % further than those that commissioning assumes, then scatter. */
const ELECTRONS = electronKernel.widths.map((width) => 1.05 * width);
const SCATTER = [5.5, 18, 55, 120];
const WIDTHS = [...ELECTRONS, ...SCATTER].sort((a, b) => a - b);

export const horn = (r: number): number => 1 + 0.09 * (1 - Math.exp(-((r / 60) ** 2))) - 0.02 * (r / 200) ** 2;

function amplitudes(depth: number): number[] {
  const primary = Math.exp(-0.0046 * depth);
  const buildUp = 1 - 0.9 * Math.exp(-depth / 4);
  const grown = depth / (depth + 60);
  const scatter = [
    0.1 * buildUp * primary,
    (0.02 + 0.12 * grown) * buildUp * primary,
    (0.05 + 0.22 * grown) * primary,
    (0.05 + 0.18 * grown) * primary,
  ].map((a) => 0.018 * a);
  const shares = electronFractions(depth);
  return WIDTHS.map((width) =>
    SCATTER.includes(width)
      ? scatter[SCATTER.indexOf(width)]!
      : 0.018 * 0.72 * buildUp * primary * shares[ELECTRONS.indexOf(width)]!,
  );
}

const RADII = Array.from({ length: 31 }, (_, i) => 10 * i);

export const synthetic: Machine = {
  name: 'synthetic',
  energy: 6,
  source: 'made up',
  sad: 1000,
  penumbra: { sigma: [1.8, 1.8], collimator: [350, 350] },
  primaryFluence: { radius: RADII, value: RADII.map(horn) },
  kernel: { depths: DEPTHS, widths: WIDTHS, amplitudes: DEPTHS.map(amplitudes) },
  calibration: { gyPerMu: 0.01, ssd: 900, depth: 100, fieldSide: 100 },
  range: { fieldSide: [10, 400], depth: [0, 350] },
};

export const SIDES = [10, 20, 30, 40, 60, 80, 100, 150, 200, 300, 400];

export interface MeasureOptions {
  readonly kind: 'tpr' | 'pdd';
  /** Of the percentage depth doses. @default 1000 */
  readonly ssd?: number;
  readonly sides?: readonly number[];
  /** @default 950 */
  readonly outputSsd?: number;
}

export const doseAt = (side: number, ssd: number, depth: number, machine: Machine = synthetic): number =>
  openFieldDose(machine, squareField(side), ssd, depth);

/** The tables, free of noise; each depth-dose curve is scaled to its own maximum, as tables are. */
export function measure({ kind, ssd = 1000, sides = SIDES, outputSsd = 950 }: MeasureOptions): BeamData {
  const at = (side: number, depth: number): number => doseAt(side, kind === 'tpr' ? 1000 - depth : ssd, depth);
  const largest = sides.map((side) => Math.max(...DEPTHS.map((depth) => at(side, depth))));
  const reference = doseAt(100, outputSsd, 50);
  return {
    name: 'commissioned',
    energy: 6,
    sad: 1000,
    penumbra: synthetic.penumbra,
    depthDose: {
      kind,
      ...(kind === 'pdd' ? { ssd } : {}),
      depths: DEPTHS,
      sides,
      values: DEPTHS.map((depth) => sides.map((side, s) => (100 * at(side, depth)) / largest[s]!)),
    },
    outputFactors: {
      sides,
      values: sides.map((side) => doseAt(side, outputSsd, 50) / reference),
      ssd: outputSsd,
      depth: 50,
    },
    primaryFluence: synthetic.primaryFluence,
  };
}

/** Percentage depth doses as a scan gives them: 0.3 % of noise, and a reading of the 40 mm field at 2 mm that is 6 % high. */
export function measureNoisy(): BeamData {
  const data = measure({ kind: 'pdd' });
  const random = createRandom(5);
  const values = data.depthDose.values.map((row, i) =>
    row.map((v, s) => v * (1 + 0.003 * random.normal()) * (DEPTHS[i] === 2 && SIDES[s] === 40 ? 1.06 : 1)),
  );
  return { ...data, depthDose: { ...data.depthDose, values } };
}

/** Dose across the largest field, every 10 mm and to 30 mm outside of it. */
export function measureProfile(angle: number, side = 400): NonNullable<BeamData['profile']> {
  const [cos, sin] = [Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180)];
  const radius: number[] = [];
  for (let r = 0; r <= side / 2 / Math.max(cos, sin) + 30; r += 10) radius.push(r);
  return {
    radius,
    dose: radius.map((r) => openFieldDose(synthetic, squareField(side), 900, 100, r * cos, r * sin)),
    ssd: 900,
    depth: 100,
    side,
    angle,
  };
}

/** The texts of a folder that holds these data. */
export function beamDataTexts(data: BeamData): Record<string, string> {
  const { depthDose, outputFactors, primaryFluence, profile, penumbra } = data;
  const rows = (a: readonly number[], b: readonly number[]): string => a.map((x, i) => `${x} ${b[i]}\n`).join('');
  const params: Record<string, number | undefined> = {
    SAD: data.sad,
    photon_energy: data.energy,
    fwhm_gauss: penumbra.sigma[0] * Math.sqrt(8 * Math.log(2)),
    source_collimator_distance: penumbra.collimator[0],
    dose_reference_ssd: outputFactors.ssd,
    dose_reference_depth: outputFactors.depth,
    pdd_ssd: depthDose.ssd,
    profile_ssd: profile?.ssd,
    profile_depth: profile?.depth,
    profile_side: profile?.side,
    profile_angle: profile?.angle,
  };
  return {
    [`${depthDose.kind}.dat`]: `# made up\n${[0, ...depthDose.sides].join('\t')}\n${depthDose.depths
      .map((depth, i) => [depth, ...depthDose.values[i]!].join('\t'))
      .join('\n')}\n`,
    'of.dat': rows(outputFactors.sides, outputFactors.values),
    ...(primaryFluence ? { 'primflu.dat': rows(primaryFluence.radius, primaryFluence.value) } : {}),
    ...(profile ? { 'profile.dat': rows(profile.radius, profile.dose) } : {}),
    'params.dat': Object.entries(params)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(''),
  };
}
