/**
 * Dose of fields at a few points with the patient off its place, for shifts that are asked for one after the other.
 *
 * A shift moves the points in the frame of a beam, and nothing else (`shifted-rows.ts`): the effective densities at the points, the
 * kernel and the maps of a fluence are made once, for all shifts that a search comes to ask for. What is left are the rays to the
 * points and the reading of the maps. The dose is that of a `ForwardDose` at the same rows, to the last bit.
 */
import type { Beam } from '../beam/beam.js';
import { type Executor, type JobGroup, type JobType, serialExecutor } from '../core/executor.js';
import type { Vec3 } from '../geometry/grid.js';
import type { Volume } from '../geometry/volume.js';
import type { Machine } from '../machine/machine.js';
import type { BeamPass } from '../raytrace/beam-pass.js';
import { type PointSet, passOf, selectPoints } from './beam-points.js';
import { addMapDose, type FieldMap, mapOfField } from './beam-view.js';
import type { DoseField } from './forward-dose.js';
import { type BeamOptions, seeBeam, seeShifted } from './pencil-beam.js';

export interface ShiftedDoseOptions extends Omit<BeamOptions, 'shifted'> {
  /** @default serialExecutor */
  readonly executor?: Executor;
}

interface ThreadInput {
  readonly thread: number;
  readonly density: Volume<'density'>;
  readonly points: Float64Array;
  readonly options: BeamOptions;
}

interface ThreadField extends DoseField {
  /** Which of the beams seen so far. */
  readonly id: number;
  readonly thread: number;
  /** One value per shift and point, the points of the first shift first. */
  readonly column: Float64Array;
}

interface ThreadCommand {
  /** Equal for the same fields. */
  readonly plan: number;
  readonly fields: readonly ThreadField[];
  readonly shifts: readonly Vec3[];
  /** Indices of points. @default all */
  readonly at?: Int32Array;
}

export const shiftedDoseJob: JobType<ThreadInput, ThreadCommand, undefined> = {
  name: 'shifted-dose',
  create({ thread, density, points, options }) {
    /** What each beam sees of all points where they should be. */
    const nominal = new Map<number, PointSet>();
    /** Of the fields of one plan, by their places. */
    const maps = new Map<number, FieldMap>();
    let mapped = -1;
    // Its memory is given back where it is wanted.
    let known: WeakRef<BeamPass> | undefined;
    const rays = (): BeamPass => {
      const pass = known?.deref() ?? passOf(density, options);
      known = new WeakRef(pass);
      return pass;
    };
    return ({ plan, fields, shifts, at }) => {
      const pass = rays();
      if (plan !== mapped) maps.clear();
      mapped = plan;
      const asked = at === undefined ? points : placesAt(points, at);
      fields.forEach(({ id, thread: owner, beam, fluence, column }, f) => {
        if (owner !== thread) return;
        const all = nominal.get(id) ?? seeBeam(beam, density, points, options, pass);
        nominal.set(id, all);
        const own = at === undefined ? all : selectPoints(all, at);
        const view = { beam, points: seeShifted(beam, shifts, density, asked, own, pass), options };
        const map = maps.get(f) ?? mapOfField(view, fluence.grid);
        maps.set(f, map);
        addMapDose(map, view, fluence.weights, column.fill(0));
      });
      return undefined;
    };
  },
};

function placesAt(points: Float64Array, at: Int32Array): Float64Array {
  const own = new Float64Array(3 * at.length);
  for (let q = 0; q < at.length; q++) {
    for (let axis = 0; axis < 3; axis++) own[3 * q + axis] = points[3 * at[q]! + axis]!;
  }
  return own;
}

export class ShiftedDose {
  private readonly executor: Executor;
  private readonly options: BeamOptions;
  private group: JobGroup<ThreadCommand, undefined> | undefined;
  /** Columns that the threads write, one per field. */
  private scratch: Float64Array[] = [];
  private readonly beams: { readonly machine: Machine; readonly pose: string }[] = [];
  /** The fields asked for last, and how many others before. */
  private fields: readonly DoseField[] | undefined;
  private plan = 0;

  /**
   * @param density relative electron density, zero outside the body; must not change afterwards
   * @param points  x, y, z triples in LPS, mm; must not change afterwards
   */
  constructor(
    private readonly density: Volume<'density'>,
    private readonly points: Float64Array,
    { executor = serialExecutor, ...options }: ShiftedDoseOptions = {},
  ) {
    this.executor = executor;
    this.options = options;
  }

  /**
   * Dose of all fields together, Gy, one array per shift.
   *
   * @param fields the same array for the same fields: then their maps are kept
   * @param shifts of the patient against the beams, LPS, mm
   * @param at     indices of points. @default all
   * @throws {UnsupportedError} if a beam's central ray meets no tissue
   */
  doses(fields: readonly DoseField[], shifts: readonly Vec3[], at?: Int32Array): Float64Array[] {
    this.group ??= this.start();
    if (this.fields !== fields) this.plan++;
    this.fields = fields;
    const each = at?.length ?? this.points.length / 3;
    const { threads } = this.executor;
    const asked = fields.map(({ beam, fluence }, f): ThreadField => {
      const id = this.idOf(beam);
      return { id, thread: threads - 1 - (id % threads), beam, fluence, column: this.column(f, each * shifts.length) };
    });
    this.group.run({ plan: this.plan, fields: asked, shifts, ...(at && { at }) });
    return shifts.map((_, s) => {
      const dose = new Float64Array(each);
      // In the order of the fields: the same with any number of threads.
      for (const { column } of asked) for (let p = 0; p < each; p++) dose[p]! += column[s * each + p]!;
      return dose;
    });
  }

  /** Frees what the threads hold. */
  close(): void {
    this.group?.close();
    this.group = undefined;
    this.scratch = [];
    this.fields = undefined;
  }

  private start(): JobGroup<ThreadCommand, undefined> {
    const { executor, options } = this;
    const density = { ...this.density, data: executor.share(this.density.data) };
    const points = executor.share(this.points);
    const inputs = Array.from({ length: executor.threads }, (_, thread) => ({ thread, density, points, options }));
    return executor.start(shiftedDoseJob, inputs);
  }

  private column(f: number, length: number): Float64Array {
    if (!((this.scratch[f]?.length ?? -1) >= length)) this.scratch[f] = this.executor.allocate(length);
    return this.scratch[f]!.subarray(0, length);
  }

  /** Equal for beams of one machine and one pose. */
  private idOf({ machine, pose }: Beam): number {
    const key = JSON.stringify(pose);
    const known = this.beams.findIndex((beam) => beam.machine === machine && beam.pose === key);
    return known >= 0 ? known : this.beams.push({ machine, pose: key }) - 1;
  }
}
