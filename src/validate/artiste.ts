/**
 * The built-in machine against the tables that it was commissioned from, and against tables that it never saw.
 */
import { utf8Decode } from '../io/utf8.js';
import type { BeamData } from '../machine/beam-data.js';
import { parseBeamData } from '../machine/beam-data-file.js';
import { type CommissionResidual, commission } from '../machine/commission.js';
import { openFieldDose, squareField } from '../machine/field-integral.js';
import { type Comparison, type ReferenceReader, spread } from './comparison.js';

/** Readings at 2 mm that the table's other columns contradict by 3 to 5 %. */
export const artisteOutliers = [
  { depth: 2, side: 30 },
  { depth: 2, side: 40 },
];

export function readArtiste(read: ReferenceReader): BeamData | undefined {
  const text = (name: string): string | undefined => {
    const bytes = read(`machine/artiste/${name}`);
    return bytes && utf8Decode(bytes);
  };
  const tpr = text('tpr.dat');
  if (tpr === undefined) return undefined;
  return parseBeamData(
    { tpr, outputFactors: text('of.dat')!, primaryFluence: text('primflu.dat')!, params: text('params.dat')! },
    'artiste-6mv',
  );
}

const fitted = 'the machine: commissioned from these tables';

export function validateArtiste(read: ReferenceReader): Comparison[] {
  const data = readArtiste(read);
  if (data === undefined) return [];
  const { depthDose, outputFactors } = commission(data, { exclude: artisteOutliers });
  const where = (r: CommissionResidual): string => `depth ${r.depth} mm, ${r.side} mm field`;
  const used = depthDose.filter((r) => r.side >= 20);
  const beyond = spread(
    used.filter((r) => r.region === 'beyond'),
    (r) => r.percent,
  );
  const buildUp = spread(
    used.filter((r) => r.region === 'build-up' && r.depth >= 2 && !r.isExcluded),
    (r) => r.percent,
  );
  const output = spread(
    outputFactors.filter((o) => o.side >= 20),
    (o) => o.percent,
  );
  const reference = 'Artiste tables';
  const out: Comparison[] = [
    {
      quantity: 'TPR, fields 20 to 400 mm, beyond the maximum',
      reference,
      value: beyond.max,
      limit: 1,
      unit: '% of maximum',
      fitted,
      note: where(beyond.at),
    },
    { quantity: 'the same, root mean square', reference, value: beyond.rms, limit: 0.4, unit: '% of maximum', fitted },
    {
      quantity: 'TPR, 2 mm to the maximum, two outliers left out',
      reference,
      value: buildUp.max,
      limit: 2,
      unit: '% of maximum',
      fitted,
      note: where(buildUp.at),
    },
    {
      quantity: 'output factors, fields 20 to 400 mm',
      reference,
      value: output.max,
      limit: 0.5,
      unit: '%',
      fitted,
      note: `${output.at.side} mm field`,
    },
  ];

  const machine = commission(without(data, [60, 150]), { exclude: artisteOutliers }).machine;
  for (const side of [60, 150]) {
    const column = data.depthDose.sides.indexOf(side);
    const at = (depth: number, square: number): number =>
      openFieldDose(machine, squareField(square), data.sad - depth, depth);
    const largest = Math.max(...data.depthDose.values.map((row) => row[column]!));
    const tpr = spread(
      data.depthDose.depths.map((depth, i) => ({ depth, measured: data.depthDose.values[i]![column]! })).slice(8),
      (p) => (100 * (at(p.depth, side) / at(50, side) - p.measured)) / largest,
    );
    const factor = data.outputFactors.values[data.outputFactors.sides.indexOf(side)]!;
    out.push(
      {
        quantity: `TPR of the ${side} mm field, commissioned without it, from 16 mm on`,
        reference,
        value: tpr.max,
        limit: 1,
        unit: '% of maximum',
        note: `depth ${tpr.at.depth} mm`,
      },
      {
        quantity: `output of the ${side} mm field, commissioned without it`,
        reference,
        value: 100 * (at(50, side) / at(50, 100) / factor - 1),
        limit: 0.5,
        unit: '%',
      },
    );
  }
  return out;
}

/** The tables without the columns and factors of some field sides. */
function without(data: BeamData, sides: readonly number[]): BeamData {
  const columns = data.depthDose.sides.map((_, c) => c).filter((c) => !sides.includes(data.depthDose.sides[c]!));
  const factors = data.outputFactors.sides
    .map((_, f) => f)
    .filter((f) => !sides.includes(data.outputFactors.sides[f]!));
  return {
    ...data,
    depthDose: {
      ...data.depthDose,
      sides: columns.map((c) => data.depthDose.sides[c]!),
      values: data.depthDose.values.map((row) => columns.map((c) => row[c]!)),
    },
    outputFactors: {
      ...data.outputFactors,
      sides: factors.map((f) => data.outputFactors.sides[f]!),
      values: factors.map((f) => data.outputFactors.values[f]!),
    },
  };
}
