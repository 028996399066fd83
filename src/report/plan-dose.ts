/** What `dose --plan` prints: the beams of an RTPLAN with what they were computed as, and what that rests on. */

import { toDecimals } from '../core/rounding.js';
import { densityWarning, doseModelAssumptions } from '../dose/dose-model.js';
import { describeGrid } from '../geometry/grid.js';
import type { PlanBeamDose, PlanDose } from '../plan/field/plan-dose.js';
import { decimalsOrNull } from './numbers.js';
import type { Provenance } from './plan-report.js';

/** The JSON of a recomputed plan. */
export function planDoseReport(result: PlanDose, provenance: Provenance): Record<string, unknown> {
  const { machine, treated, dose, maximum, doseModel, beyond } = result;
  const { plan, fractions, group } = treated;
  return {
    software: `respine ${provenance.version}`,
    notice: 'Research software, not for clinical use.',
    inputs: provenance.inputs,
    patient: result.patient,
    plan: { uid: plan.uid, label: plan.label, name: plan.name, approval: plan.approval, intent: plan.intent },
    machine: { name: machine.name, source: machine.source, range: machine.range, calibration: machine.calibration },
    doseGrid: describeGrid(dose.grid),
    quantity: dose.quantity,
    doseModel,
    fractionGroup: group.number,
    fractions,
    prescriptions: plan.prescriptions,
    beams: result.beams.map((beam) => beamReport(beam, result)),
    totals: {
      monitorUnits: toDecimals(totalUnits(result), 3),
      maximumDose: toDecimals(maximum.dose, 6),
      maximumAt: maximum.at.map((c) => toDecimals(c, 2)),
    },
    assumptions: planAssumptions(result),
    flags: [
      ...(beyond.range > 0
        ? [`${beyond.range} points lie deeper than the commissioned ${machine.range.depth[1]} mm of water`]
        : []),
      ...(beyond.density > 0 ? [densityWarning(beyond.density)] : []),
    ],
    notes: result.notes,
  };
}

function planAssumptions({ machine, doseModel, beams }: PlanDose): string[] {
  const { gyPerMu, ssd, depth, fieldSide } = machine.calibration;
  return [
    `Monitor units are those of the plan, their dose that of ${machine.name}: 100 MU give ${toDecimals(100 * gyPerMu, 6)} Gy at ${depth} mm depth, SSD ${ssd} mm, ${fieldSide} mm field. A machine that is calibrated otherwise gives another dose.`,
    'Dose is physical dose in Gy, total over the course: monitor units per fraction times fractions.',
    'Dose outside the external is zero by definition; what lies outside it, as a couch, weakens no beam.',
    'Leaf ends are flat and leaf sides straight: no rounded tip or offset, no tongue and groove, no gap between closed leaves. Head scatter and backscatter are not modelled.',
    'Between control points leaves move evenly with the monitor units; of a beam that stands still the fluence is their exact mean over time.',
    ...(beams.some(({ kind }) => kind === 'arc')
      ? [
          'An arc is static beams in the middle of equal parts of each interval: docs/rtplan.md says how far off that is.',
        ]
      : []),
    ...doseModelAssumptions(doseModel),
  ];
}

function beamReport(one: PlanBeamDose, { treated }: PlanDose): Record<string, unknown> {
  const { beam, monitorUnits, fields, kind, collimator, isocenter } = one;
  const given = treated.group.beams.find(({ beam: number }) => number === beam.number);
  const [first] = beam.controlPoints;
  const last = beam.controlPoints.at(-1)!;
  return {
    number: beam.number,
    name: beam.name,
    machine: beam.machine,
    energy: first!.energy ?? null,
    gantry: kind === 'arc' ? [first!.gantry, last.gantry] : first!.gantry,
    collimator: first!.collimator,
    couch: first!.couch,
    isocenter,
    controlPoints: beam.controlPoints.length,
    computedAs: kind,
    fields: fields.length,
    devices: beam.devices.map(({ type }) => type),
    transmission: collimator.transmission,
    monitorUnitsPerFraction: toDecimals(monitorUnits / treated.fractions, 6),
    monitorUnits: toDecimals(monitorUnits, 4),
    isocenterDose: decimalsOrNull(one.isocenterDose, 6),
    plannedBeamDose: given?.dose === undefined ? null : { perFraction: given.dose, at: given.point ?? null },
  };
}

const totalUnits = ({ beams }: PlanDose): number => beams.reduce((sum, b) => sum + b.monitorUnits, 0);

/** A table for the terminal. */
export function planDoseSummary(result: PlanDose): string {
  const { machine, treated, dose, maximum, beams } = result;
  const lines = [
    `${result.patient}: plan ${treated.plan.label} with ${machine.name}, physical dose, total of ${dose.fractions} fractions`,
    `${'beam'.padEnd(20)}${'gantry'.padStart(12)}${'coll'.padStart(7)}${'couch'.padStart(7)}${'MU'.padStart(10)}${'points'.padStart(8)}${'fields'.padStart(8)}${'isocentre'.padStart(14)}`,
  ];
  for (const { beam, kind, monitorUnits, fields, isocenterDose } of beams) {
    const [first] = beam.controlPoints;
    const angle = (degrees: number): string => String(toDecimals(degrees, 1));
    const gantry = angle(first!.gantry) + (kind === 'arc' ? `-${angle(beam.controlPoints.at(-1)!.gantry)}` : '');
    const gray = isocenterDose === null ? 'outside' : `${isocenterDose.toFixed(4)} Gy`;
    lines.push(
      `${`${beam.number} ${beam.name}`.slice(0, 19).padEnd(20)}${gantry.padStart(12)}${angle(first!.collimator).padStart(7)}${angle(first!.couch).padStart(7)}${monitorUnits.toFixed(1).padStart(10)}${String(beam.controlPoints.length).padStart(8)}${String(fields.length).padStart(8)}${gray.padStart(14)}`,
    );
  }
  const at = maximum.at.map((c) => c.toFixed(1)).join(', ');
  const { gyPerMu, ssd, depth, fieldSide } = machine.calibration;
  lines.push(
    `${'total'.padEnd(46)}${totalUnits(result).toFixed(1).padStart(10)}   maximum ${maximum.dose.toFixed(4)} Gy at (${at}) mm`,
    ...result.notes.map((note) => `note: ${note}`),
    `100 MU are ${toDecimals(100 * gyPerMu, 4)} Gy at ${depth} mm depth, SSD ${ssd} mm, ${fieldSide} mm field: that of ${machine.name}, not of the plan's machine.`,
    'Dose outside the external is zero by definition. Research software, not for clinical use.',
  );
  return lines.join('\n');
}
