/**
 * What can be known of cases before their patients are voxelised: names of structures, hashes of inputs.
 *
 * Of many cases, as a study has them, what several share is read once, each by itself: patients, machines, doses of prior courses.
 */
import { dirname, resolve } from 'node:path';
import { phantomStructures } from '../phantom/build.js';
import type { PhantomSpec } from '../phantom/spec.js';
import type { PlanCase } from '../plan/input/plan-case.js';
import { checkDrawn } from '../plan/patient/plan-job.js';
import { loadPatient, loadPriors } from './load-job.js';
import { readMachine } from './machines.js';
import { readPhantom } from './phantoms.js';
import { sha256 } from './sha256.js';

/** What is known of a case. */
export interface KnownJob {
  /** What its patient is called in messages. */
  readonly name: string;
  /** Of its structures. */
  readonly names: readonly string[];
  /** Why others of its file cannot be used, by name. */
  readonly unfit?: Readonly<Record<string, string>> | undefined;
  /** SHA-256 by role, as in {@link LoadedJob}, but for that of the case. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** A patient without a voxel. */
interface KnownPatient extends KnownJob {
  readonly frameOfReferenceUid?: string | undefined;
}

/** Of each kind so many are kept: draws give every case a phantom of its own. */
const KEPT = 200;

export class JobLookUp {
  private readonly machines = new Kept<string>();
  private readonly specs = new Kept<{ readonly spec: PhantomSpec; readonly hash: string }>();
  private readonly patients = new Kept<KnownPatient>();
  private readonly priors = new Kept<Readonly<Record<string, string>>>();

  /** @param path of the file that names in the cases are relative to */
  constructor(private readonly path: string) {}

  /**
   * Looks up everything that a case points to. Of a phantom nothing is voxelised, a CT is read.
   *
   * @throws {InvalidInputError | FormatError | UnsupportedError} as {@link jobOf}
   */
  async of(planCase: Pick<PlanCase, 'patient' | 'doseGrid' | 'machine' | 'prior'>): Promise<KnownJob> {
    const machine = await this.machines.get(planCase.machine, async () =>
      sha256(JSON.stringify(await readMachine(this.from(planCase.machine)))),
    );
    const { frameOfReferenceUid: uid, inputs, ...known } = await this.patientOf(planCase);
    const prior = await this.priors.get(JSON.stringify([planCase.prior, uid]), async () => {
      const hashes: Record<string, string> = {};
      await loadPriors(planCase, (name) => resolve(dirname(this.path), name), uid, hashes);
      return hashes;
    });
    return { ...known, inputs: { machine, ...inputs, ...prior } };
  }

  private async patientOf(planCase: Pick<PlanCase, 'patient' | 'doseGrid'>): Promise<KnownPatient> {
    const { patient: source } = planCase;
    if ('phantom' in source) {
      const { phantom, ...options } = source;
      const { spec, hash } = await this.specs.get(phantom, async () => {
        const read = await readPhantom(this.from(phantom));
        return { spec: read, hash: sha256(JSON.stringify(read)) };
      });
      return this.patients.get(JSON.stringify(source), async () => {
        const names = phantomStructures(spec, options).map(({ name }) => name);
        return { name: phantom, names, inputs: { phantom: hash } };
      });
    }
    return this.patients.get(JSON.stringify(source), async () => {
      const inputs: Record<string, string> = {};
      const { name, structures, unfit, frameOfReferenceUid } = await loadPatient(
        planCase,
        (name) => resolve(dirname(this.path), name),
        inputs,
      );
      const names = structures.map(({ name }) => name);
      checkDrawn(source, names);
      return { name, names, unfit, inputs, frameOfReferenceUid };
    });
  }

  /** A name that is built in, or a path. */
  private from(name: string): string {
    return name.endsWith('.json') ? resolve(dirname(this.path), name) : name;
  }
}

/** What was found last, by key. */
class Kept<T> {
  private readonly found = new Map<string, T>();

  async get(key: string, find: () => Promise<T>): Promise<T> {
    const known = this.found.get(key);
    if (known !== undefined) return known;
    const value = await find();
    if (this.found.size >= KEPT) this.found.delete(this.found.keys().next().value!);
    this.found.set(key, value);
    return value;
  }
}
