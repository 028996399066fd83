/** A finished plan as an RTPLAN can hold it: fields of jaws and leaves with their monitor units per fraction. */
import type { Aperture } from '../../beam/aperture.js';
import type { BeamModifiers } from '../../beam/shaped-fluence.js';
import { UnsupportedError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import { addFieldDose, viewOfBeam } from '../../dose/beam-view.js';
import type { ControlPoint, LimitingDevice, TreatmentBeam } from '../../io/dicom/treatment-plan.js';
import type { WritablePlan } from '../../io/dicom/treatment-plan-write.js';
import type { Machine } from '../../machine/machine.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PlannedField, TechniquePlan } from '../technique/technique-plan.js';

/** What the plan's file refers to. */
export interface PlanReferences {
  /** SOP instance UID of the RTSTRUCT. */
  readonly structureSetUid: string;
  /** Number of the target's region of interest in the RTSTRUCT. */
  readonly targetRoi?: number | undefined;
}

/** What is read of a case and its patient. */
export interface WrittenCase {
  readonly case: Pick<PlanCase, 'prescription' | 'fcrt' | 'imrt' | 'doseModel'>;
  readonly model: Pick<PatientModel, 'patient' | 'isocenter' | 'target'>;
  readonly machine: Machine;
}

/** Why a plan cannot be an RTPLAN; undefined where it can. */
export function whyNoTreatmentPlan({
  technique,
  fields,
  delivery,
}: Pick<TechniquePlan, 'technique' | 'fields' | 'delivery'>): string | undefined {
  if (delivery?.arc !== undefined) return undefined;
  return fields.every((field) => field.controlPoints !== undefined || shapesOf(field).length > 0)
    ? undefined
    : `${technique}: it is fluence, of which no RTPLAN is written; let imrt.delivery be "step-and-shoot"`;
}

/** What a field delivers one after the other: one aperture, or segments; nothing of a fluence. */
const shapesOf = ({ aperture, segments, monitorUnits }: PlannedField): NonNullable<PlannedField['segments']> =>
  segments ?? (aperture === undefined ? [] : [{ aperture, monitorUnits }]);

/**
 * The plan's fields: leaves as they were computed, so that the file gives the same dose; of segments two control points each.
 *
 * @throws {UnsupportedError} for a plan of fluence
 */
export function treatmentPlanOf(
  { case: planCase, model, machine }: WrittenCase,
  plan: Pick<TechniquePlan, 'technique' | 'fields' | 'delivery'>,
  references: PlanReferences,
): WritablePlan {
  const reason = whyNoTreatmentPlan(plan);
  if (reason !== undefined) throw new UnsupportedError(`${reason}.`);
  const { prescription, fcrt, imrt, doseModel } = planCase;
  const transmission = plan.technique === 'fcrt' ? fcrt.transmission : transmissionOfImrt(imrt);
  const { dose, fractions, to } = prescription;
  const { patient, isocenter, target } = model;
  const { structureSetUid, targetRoi } = references;
  const arc = plan.delivery?.arc;
  // An arc is one beam, whatever stands for it.
  const given = arc === undefined ? plan.fields.map((field) => [field]) : [plan.fields];
  // The dose at the isocentre is that of one point: no beam is traced for more.
  const isocenterDose = ({ beam, fluence }: PlannedField): number => {
    const points = Float64Array.from(isocenter);
    return addFieldDose(viewOfBeam(beam, patient.density, { points }, doseModel), fluence, new Float64Array(1))[0]!;
  };
  return {
    label: `respine ${plan.technique}`,
    name: `respine ${plan.technique} of ${target}`,
    description:
      plan.delivery?.kind === undefined
        ? 'Neither collisions nor gaps and speeds of leaves are checked.'
        : 'Gaps and speeds of leaves are those of the case, collisions are not checked.',
    geometry: 'PATIENT',
    structureSetUid,
    // A dose refers to its plan; the plan cannot refer to it too, as both UIDs are of their content.
    doseUids: [],
    prescriptionText: `${dose} Gy in ${fractions} fractions, ${to} of ${target}`,
    prescriptions: [
      {
        number: 1,
        structureType: targetRoi === undefined ? 'SITE' : 'VOLUME',
        description: target,
        ...(targetRoi === undefined ? {} : { roi: targetRoi }),
        type: 'TARGET',
        targetDose: dose,
      },
    ],
    fractionGroups: [
      {
        number: 1,
        fractions,
        brachySetups: 0,
        beams: given.map((fields, f) => ({
          beam: f + 1,
          meterset: fields.reduce((sum, { monitorUnits }) => sum + monitorUnits, 0) / fractions,
          dose: toDecimals(fields.reduce((sum, field) => sum + isocenterDose(field), 0) / fractions, 8),
          point: isocenter,
        })),
      },
    ],
    beams: given.map((fields, f) => beamOf(fields[0]!, f + 1, transmission, machine, arc)),
    brachySetups: 0,
  };
}

type ArcPoints = NonNullable<NonNullable<TechniquePlan['delivery']>['arc']>;

const degreesOf = (angle: number): number => ((angle % 360) + 360) % 360;

/** Of the leaves that deliver it. */
function transmissionOfImrt({ delivery }: PlanCase['imrt']): PlanCase['fcrt']['transmission'] {
  return typeof delivery === 'object' ? delivery.transmission : {};
}

function beamOf(
  field: PlannedField,
  number: number,
  transmission: PlanCase['fcrt']['transmission'],
  machine: Machine,
  arc?: ArcPoints,
): TreatmentBeam {
  const { beam } = field;
  const moving = arc ?? field.controlPoints;
  const monitorUnits = arc ? arc.at(-1)!.monitorUnits : field.monitorUnits;
  const shapes = shapesOf(field);
  const { bank, jaws } = (moving ?? shapes)[0]!.aperture;
  const [forX, forY] = machine.penumbra.collimator;
  const { gantry, collimator, couch, isocenter } = beam.pose;
  const devices: LimitingDevice[] = [
    ...(jaws
      ? [
          { type: 'ASYMX', pairs: 1 },
          { type: 'ASYMY', pairs: 1, distance: forY },
        ]
      : []),
    { type: 'MLCX', pairs: bank.boundaries.length - 1, distance: forX, boundaries: bank.boundaries },
  ];
  const point: Omit<ControlPoint, 'weight' | 'positions'> = {
    energy: machine.energy,
    gantry,
    gantryTurn: 'NONE',
    collimator,
    collimatorTurn: 'NONE',
    couch,
    couchTurn: 'NONE',
    tilts: { eccentric: 0, pitch: 0, roll: 0, gantry: 0 },
    isocenter,
  };
  let delivered = 0;
  const moved = moving?.map(({ aperture, monitorUnits: given }, p): ControlPoint => {
    const weight = p === moving.length - 1 ? 1 : given / monitorUnits;
    const angle = arc && { gantry: degreesOf(arc[p]!.gantry), gantryTurn: p === arc.length - 1 ? 'NONE' : 'CW' };
    return { ...point, ...angle, weight, positions: positionsOf(aperture) } as ControlPoint;
  });
  const standing = shapes.flatMap(({ aperture, monitorUnits: own }, s): ControlPoint[] => {
    const positions = positionsOf(aperture);
    const before = delivered;
    delivered = s === shapes.length - 1 ? 1 : before + own / monitorUnits;
    return [
      { ...point, weight: before, positions },
      { ...point, weight: delivered, positions },
    ];
  });
  return {
    number,
    name: arc ? 'Arc' : beam.name,
    description: `Leaves ${bank.name}, ${arc ? 'arc' : moving ? 'sliding window' : openOf(shapes)}${besides(field)}. Research only.`,
    machine: machine.name,
    radiation: 'PHOTON',
    type: moving === undefined && shapes.length === 1 ? 'STATIC' : 'DYNAMIC',
    delivery: 'TREATMENT',
    unit: 'MU',
    sad: machine.sad,
    position: beam.pose.position ?? 'HFS',
    devices,
    accessories: [],
    ...modifiersOf(field),
    finalWeight: 1,
    controlPoints: moved ?? standing,
    transmission: { jaws: transmission.jaws ?? 0, leaves: transmission.leaves ?? bank.transmission },
  };
}

const openOf = (shapes: NonNullable<PlannedField['segments']>): string =>
  shapes.length === 1 ? `${shapes[0]!.aperture.openings.length} pairs open` : `${shapes.length} segments`;

const modifiersOf = ({ wedge, block }: PlannedField): BeamModifiers => ({
  ...(wedge && { wedge }),
  ...(block && { block }),
});

const besides = ({ wedge, block }: PlannedField): string =>
  `${wedge ? `, wedge ${wedge.name}` : ''}${block ? `, block over ${block.name}` : ''}`;

function positionsOf({ leaves, jaws }: Aperture): ReadonlyMap<string, readonly number[]> {
  return new Map<string, readonly number[]>([
    ...(jaws
      ? ([
          ['ASYMX', [jaws.x1, jaws.x2]],
          ['ASYMY', [jaws.y1, jaws.y2]],
        ] as const)
      : []),
    ['MLCX', [...leaves.map(([x1]) => x1), ...leaves.map(([, x2]) => x2)]],
  ]);
}
