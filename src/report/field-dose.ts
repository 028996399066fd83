/**
 * What `dose` prints: the numbers of each beam and of the whole, with what they rest on.
 */

import { toDecimals } from '../core/rounding.js';
import { doseModelAssumptions } from '../dose/dose-model.js';
import { describeGrid } from '../geometry/grid.js';
import type { BeamDose, FieldsResult } from '../plan/field/field-dose.js';
import { decimalsOrNull } from './numbers.js';
import type { Provenance } from './plan-report.js';

/** The JSON of a dose computation. */
export function fieldsReport(result: FieldsResult, provenance: Provenance): Record<string, unknown> {
  const { machine, fields, dose, maximum } = result;
  return {
    software: `respine ${provenance.version}`,
    notice: 'Research software, not for clinical use.',
    inputs: provenance.inputs,
    patient: result.patient,
    machine: { name: machine.name, source: machine.source, range: machine.range },
    isocenter: fields.isocenter,
    doseGrid: describeGrid(dose.grid),
    quantity: dose.quantity,
    doseModel: fields.doseModel,
    fractions: dose.fractions,
    beams: result.beams.map(beamReport),
    totals: {
      monitorUnits: toDecimals(totalUnits(result), 2),
      isocenterDose: decimalsOrNull(isocenterDose(result), 6),
      maximumDose: toDecimals(maximum.dose, 6),
      maximumAt: maximum.at.map((c) => toDecimals(c, 2)),
    },
    assumptions: [
      'Dose and monitor units are totals over the course; dose is physical dose in Gy.',
      'Dose outside the external is zero by definition; what lies outside it weakens no beam.',
      'Leaf ends are flat and leaf sides straight: no rounded tip, no tongue and groove, no gap between closed leaves. Radiation under leaves is not hardened.',
      'Jaws let nothing through unless told: the kernel is fitted to fields whose jaws leaked already.',
      ...doseModelAssumptions(fields.doseModel),
    ],
    notes: result.notes,
  };
}

function beamReport(beam: BeamDose): Record<string, unknown> {
  const { name, gantry, collimator, couch, opened, flags } = beam;
  const { bounds, transmission, kind } = opened;
  return {
    name,
    gantry,
    collimator,
    couch,
    opening: kind,
    monitorUnits: toDecimals(opened.monitorUnits, 4),
    ssd: toDecimals(beam.ssd, 1),
    isocenterDepth: toDecimals(beam.isocenterDepth, 2),
    isocenterDose: decimalsOrNull(beam.isocenterDose, 6),
    bounds: bounds ?? null,
    openAreaCm2: toDecimals(opened.area / 100, 4),
    ...(kind === 'beamlets' ? {} : { transmission }),
    flags,
  };
}

const totalUnits = ({ beams }: FieldsResult): number => beams.reduce((sum, b) => sum + b.opened.monitorUnits, 0);

/** Gy; null where the isocentre lies outside the external. */
function isocenterDose({ beams }: FieldsResult): number | null {
  return beams.reduce<number | null>(
    (sum, b) => (sum === null || b.isocenterDose === null ? null : sum + b.isocenterDose),
    0,
  );
}

/** A table for the terminal. */
export function fieldsSummary(result: FieldsResult): string {
  const { machine, dose, maximum, beams } = result;
  const gray = (value: number | null): string => (value === null ? 'outside' : `${value.toFixed(4)} Gy`);
  const lines = [
    `${result.patient}: ${machine.name}, physical dose, total of ${dose.fractions} fraction${dose.fractions === 1 ? '' : 's'}`,
    `${'beam'.padEnd(14)}${'MU'.padStart(10)}${'SSD'.padStart(9)}${'depth'.padStart(9)}${'isocentre'.padStart(14)}   open`,
  ];
  for (const beam of beams) {
    const { bounds, monitorUnits, area } = beam.opened;
    const size = bounds
      ? `${toDecimals(bounds.x2 - bounds.x1, 1)} x ${toDecimals(bounds.y2 - bounds.y1, 1)} mm`
      : 'nothing';
    lines.push(
      `${beam.name.padEnd(14)}${monitorUnits.toFixed(1).padStart(10)}${beam.ssd.toFixed(1).padStart(9)}${beam.isocenterDepth.toFixed(1).padStart(9)}${gray(beam.isocenterDose).padStart(14)}   ${size}, ${(area / 100).toFixed(1)} cm2`,
    );
    for (const flag of beam.flags) lines.push(`  flag: ${flag.message}`);
  }
  const at = maximum.at.map((c) => c.toFixed(1)).join(', ');
  lines.push(
    `${'total'.padEnd(14)}${totalUnits(result).toFixed(1).padStart(10)}${''.padStart(18)}${gray(isocenterDose(result)).padStart(14)}   maximum ${maximum.dose.toFixed(4)} Gy at (${at}) mm`,
    'Dose outside the external is zero by definition. Research software, not for clinical use.',
  );
  return lines.join('\n');
}
