/**
 * Forward dose of many fields at one set of points, divided over the threads of an executor by beams.
 *
 * A beam belongs to one thread, which traces it once and keeps that view for every later field of the beam. Each field's
 * dose is a column of its own, and columns are summed for a range of the points per thread in the order of the fields: the
 * result is the same to the last bit with any number of threads.
 */
import type { Beam } from '../beam/beam.js';
import { type Executor, type JobGroup, type JobType, rangeOfThread, serialExecutor } from '../core/executor.js';
import type { Volume } from '../geometry/volume.js';
import type { Machine } from '../machine/machine.js';
import type { BeamPass } from '../raytrace/beam-pass.js';
import { type PointSet, passOf, selectPoints } from './beam-points.js';
import { addFieldDose, type BeamView, type FluenceField, viewOfBeam } from './beam-view.js';
import type { BeamOptions } from './pencil-beam.js';

/** A fluence and the beam that it is given with. */
export interface DoseField {
  readonly beam: Beam;
  readonly fluence: FluenceField;
}

export interface ForwardDoseOptions extends BeamOptions {
  /** @default serialExecutor */
  readonly executor?: Executor;
  /** Node distance of the fluence maps, mm. @default by the source blur */
  readonly step?: number;
  /** What a thread keeps of the beams that it has traced, bytes; one beam at least. @default 256e6 */
  readonly viewBytes?: number;
}

/** Points that are made when they are needed. */
export interface LatePoints {
  readonly count: number;
  /** x, y, z triples in LPS, mm; the same array every time, which must not change. */
  make(): Float64Array;
}

/** Fields of each thread whose columns are held at once: they are what a dose takes most memory for. */
const BATCH = 2;

interface ThreadInput {
  readonly thread: number;
  readonly threads: number;
  readonly density: Volume<'density'>;
  readonly points: Float64Array;
  readonly view: BeamOptions;
  readonly step?: number | undefined;
  readonly viewBytes: number;
}

type ThreadCommand =
  | { readonly see: readonly SeenBeam[]; readonly at: Int32Array }
  | { readonly fields: readonly ThreadField[]; readonly at?: Int32Array }
  | { readonly sum: readonly Float64Array[]; readonly out: Float64Array };

interface ThreadField extends DoseField {
  /** Which of the beams seen so far. */
  readonly id: number;
  readonly thread: number;
  readonly column: Float64Array;
}

/** Nine beams of some 1.2 million points. */
const VIEW_BYTES = 256e6;

function bytesOf({ count, densities, factors }: PointSet): number {
  return 4 * count * (4 + (densities ? 2 : 0) + (factors ? 1 : 0)) + 1;
}

/** A beam, and where its thread puts what it sees: six numbers a point, {@link SEEN_PLANES} planes. */
interface SeenBeam {
  readonly id: number;
  readonly thread: number;
  readonly beam: Beam;
  readonly out: Float64Array;
}

/** u, v, depth, distance, both densities, factor. */
const SEEN_PLANES = 7;

/** What a thread tells of a beam that it sees, besides its planes. */
type SeenSet = Pick<PointSet, 'extent' | 'domain' | 'beyondRange' | 'beyondDensity'> & {
  readonly id: number;
  readonly isScaled: boolean;
  readonly hasFactors: boolean;
};

type ThreadAnswer = PointsBeyond & { readonly sets?: readonly SeenSet[] };

/** How many points lie outside what machine and model are tested for, in the worst beam. */
export interface PointsBeyond {
  /** Deeper than the machine was commissioned for. */
  readonly beyondRange: number;
  /** Of an effective density outside the tested range. */
  readonly beyondDensity: number;
}

const nothingBeyond: PointsBeyond = { beyondRange: 0, beyondDensity: 0 };

function worst(all: readonly PointsBeyond[]): PointsBeyond {
  return all.reduce(
    (a, b) => ({
      beyondRange: Math.max(a.beyondRange, b.beyondRange),
      beyondDensity: Math.max(a.beyondDensity, b.beyondDensity),
    }),
    nothingBeyond,
  );
}

export const forwardDoseJob: JobType<ThreadInput, ThreadCommand, ThreadAnswer> = {
  name: 'forward-dose',
  create({ thread, threads, density, points, view: options, step, viewBytes }) {
    const views = new Map<number, BeamView>();
    return (command) => {
      // The rays of the patient, while beams are seen: their memory is worth more than the time to make it.
      let pass: BeamPass | undefined;
      const see = (beam: Beam): BeamView => {
        pass ??= passOf(density, options);
        return viewOfBeam(beam, density, { points }, options, pass);
      };
      const viewOf = ({ id, beam }: { readonly id: number; readonly beam: Beam }): BeamView => {
        const view = views.get(id) ?? see(beam);
        // The one used last is last; those beyond the bound are traced anew when they come again.
        views.delete(id);
        views.set(id, view);
        const largest = Math.max(1, Math.floor(viewBytes / bytesOf(view.points)));
        for (const old of views.keys()) if (views.size > largest) views.delete(old);
        return view;
      };
      if ('see' in command) {
        const { see: beams, at } = command;
        const sets = beams.filter((own) => own.thread === thread).map((own) => placeSeen(own, viewOf(own).points, at));
        return { ...nothingBeyond, sets };
      }
      if ('sum' in command) {
        const { sum, out } = command;
        const [from, to] = rangeOfThread(thread, threads, out.length);
        for (const column of sum) for (let p = from; p < to; p++) out[p]! += column[p]!;
        return nothingBeyond;
      }
      const { fields, at } = command;
      const seen: PointsBeyond[] = [];
      for (const field of fields) {
        if (field.thread !== thread) continue;
        const view = viewOf(field);
        const seeing = at === undefined ? view : { ...view, points: selectPoints(view.points, at) };
        addFieldDose(seeing, field.fluence, field.column.fill(0), step);
        const { beyondRange, beyondDensity } = view.points;
        seen.push({ beyondRange, beyondDensity });
      }
      return worst(seen);
    };
  },
};

/** Puts what a beam sees of some points where all threads see it. */
function placeSeen({ id, out }: SeenBeam, points: PointSet, at: Int32Array): SeenSet {
  const { u, v, depths, distances, densities, factors, extent, domain, beyondRange, beyondDensity } = selectPoints(
    points,
    at,
  );
  const planes = new Float32Array(out.buffer, out.byteOffset, SEEN_PLANES * at.length);
  [u, v, depths, distances, densities?.electron, densities?.scatter, factors].forEach((plane, q) => {
    if (plane !== undefined) planes.set(plane, q * at.length);
  });
  return {
    id,
    extent,
    domain,
    beyondRange,
    beyondDensity,
    isScaled: densities !== undefined,
    hasFactors: factors !== undefined,
  };
}

export class ForwardDose {
  private readonly executor: Executor;
  private group: JobGroup<ThreadCommand, ThreadAnswer> | undefined;
  /** Columns that the threads write, reused from batch to batch. */
  private scratch: Float64Array[] = [];
  /** Beams seen so far; a beam's place is its id. */
  private beams: { readonly machine: Machine; readonly pose: string }[] = [];

  /**
   * @param density relative electron density, zero outside the body; must not change afterwards
   * @param points  x, y, z triples in LPS, mm; must not change afterwards
   */
  constructor(
    private readonly density: Volume<'density'>,
    private readonly points: Float64Array | LatePoints,
    private readonly options: ForwardDoseOptions = {},
  ) {
    this.executor = options.executor ?? serialExecutor;
  }

  /**
   * Dose of each field by itself at every point, Gy.
   *
   * @throws {UnsupportedError} if a beam's central ray meets no tissue
   */
  columns(fields: readonly DoseField[]): Float64Array[] {
    const out: Float64Array[] = [];
    this.forBatches(fields, (_, columns) => out.push(...columns.map((column) => Float64Array.from(column))));
    return out;
  }

  /**
   * Dose of all fields together at every point, Gy, and how many points lie outside what is tested.
   *
   * @throws {UnsupportedError} if a beam's central ray meets no tissue
   */
  total(fields: readonly DoseField[]): PointsBeyond & { readonly dose: Float64Array } {
    const dose = this.executor.allocate(this.count);
    const beyond = this.forBatches(fields, (group, columns) => {
      group.run({ sum: columns, out: dose });
    });
    return { dose, ...beyond };
  }

  /**
   * Dose of all fields together at a few of the points, Gy: what `total` has there, to the last bit.
   *
   * @param at indices of points
   * @throws {UnsupportedError} if a beam's central ray meets no tissue
   */
  totalAt(fields: readonly DoseField[], at: Int32Array): Float64Array {
    const dose = new Float64Array(at.length);
    const sum = (_: unknown, columns: readonly Float64Array[]): void => {
      for (const column of columns) for (let q = 0; q < dose.length; q++) dose[q]! += column[q]!;
    };
    this.forBatches(fields, sum, at);
    return dose;
  }

  /**
   * Dose of each field by itself at a few of the points, Gy: what `columns` has there, to the last bit.
   *
   * @param at indices of points
   * @throws {UnsupportedError} if a beam's central ray meets no tissue
   */
  columnsAt(fields: readonly DoseField[], at: Int32Array): Float64Array[] {
    const order = this.spread(fields);
    const out = new Array<Float64Array>(fields.length);
    let next = 0;
    const keep = (_: unknown, columns: readonly Float64Array[]): void => {
      for (const column of columns) out[order[next++]!] = Float64Array.from(column);
    };
    this.forBatches(
      order.map((f) => fields[f]!),
      keep,
      at,
    );
    return out;
  }

  /** Fields in an order in which each batch has work for all threads: many of one beam would be one thread's alone. */
  private spread(fields: readonly DoseField[]): number[] {
    const own = Array.from({ length: this.executor.threads }, (): number[] => []);
    fields.forEach(({ beam }, f) => {
      own[this.threadOf(this.idOf(beam))]!.push(f);
    });
    const longest = own.reduce((length, some) => Math.max(length, some.length), 0);
    return Array.from({ length: longest }, (_, q) => own.flatMap((some) => some[q] ?? [])).flat();
  }

  /**
   * A few of the points as beams see them, for an operator: each beam is traced once, for this and for its doses.
   *
   * @param at indices of points
   * @throws {UnsupportedError} if a beam's central ray meets no tissue
   */
  pointsAt(beams: readonly Beam[], at: Int32Array): PointSet[] {
    const { executor } = this;
    this.group ??= this.start();
    const count = at.length;
    const asked = beams.map((beam): SeenBeam => {
      const id = this.idOf(beam);
      const out = executor.allocate(Math.ceil((SEEN_PLANES * count) / 2));
      return { id, thread: this.threadOf(id), beam, out };
    });
    const sets = this.group.run({ see: asked, at }).flatMap((answer) => answer.sets ?? []);
    return asked.map(({ id, out }): PointSet => {
      const { extent, domain, beyondRange, beyondDensity, isScaled, hasFactors } = sets.find((set) => set.id === id)!;
      const plane = (q: number): Float32Array => new Float32Array(out.buffer, out.byteOffset + 4 * q * count, count);
      const [u, v, depths, distances] = [plane(0), plane(1), plane(2), plane(3)];
      const densities = isScaled ? { densities: { electron: plane(4), scatter: plane(5) } } : {};
      const factors = hasFactors ? { factors: plane(6) } : {};
      return { count, u, v, depths, distances, ...densities, ...factors, extent, domain, beyondRange, beyondDensity };
    });
  }

  /** Doses in a column. */
  private get count(): number {
    const { points } = this;
    return 'make' in points ? points.count : points.length / 3;
  }

  /** Frees what the threads hold of the beams; the next dose traces them again. */
  close(): void {
    this.group?.close();
    this.group = undefined;
    this.scratch = [];
    this.beams = [];
  }

  /** Computes the columns of a few fields at a time; `use` must be done with them when it returns. */
  private forBatches(
    fields: readonly DoseField[],
    use: (group: JobGroup<ThreadCommand, ThreadAnswer>, columns: readonly Float64Array[]) => void,
    at?: Int32Array,
  ): PointsBeyond {
    this.group ??= this.start();
    const { group } = this;
    const scratch = at === undefined ? this.scratch : [];
    const count = at?.length ?? this.count;
    const largest = BATCH * this.executor.threads;
    let beyond = nothingBeyond;
    for (let first = 0; first < fields.length; first += largest) {
      const batch = fields.slice(first, first + largest);
      while (scratch.length < batch.length) scratch.push(this.executor.allocate(count));
      const asked = batch.map(({ beam, fluence }, f): ThreadField => {
        const id = this.idOf(beam);
        return { id, thread: this.threadOf(id), beam, fluence, column: scratch[f]! };
      });
      beyond = worst([beyond, ...group.run({ fields: asked, ...(at && { at }) })]);
      use(group, scratch.slice(0, batch.length));
    }
    return beyond;
  }

  /** Of a beam; from the last thread on: the first, the caller's own, gets the fewest. */
  private threadOf(id: number): number {
    const { threads } = this.executor;
    return threads - 1 - (id % threads);
  }

  private start(): JobGroup<ThreadCommand, ThreadAnswer> {
    const { executor } = this;
    const { step, executor: _, viewBytes = VIEW_BYTES, ...view } = this.options;
    const density = { ...this.density, data: executor.share(this.density.data) };
    const points = executor.share('make' in this.points ? this.points.make() : this.points);
    const { threads } = executor;
    const inputs = Array.from({ length: threads }, (_, thread) => ({
      thread,
      threads,
      density,
      points,
      view,
      step,
      viewBytes,
    }));
    return executor.start(forwardDoseJob, inputs);
  }

  /** Equal for beams of one machine and one pose. */
  private idOf({ machine, pose }: Beam): number {
    const key = { machine, pose: JSON.stringify(pose) };
    const known = this.beams.findIndex((beam) => beam.machine === machine && beam.pose === key.pose);
    return known >= 0 ? known : this.beams.push(key) - 1;
  }
}
