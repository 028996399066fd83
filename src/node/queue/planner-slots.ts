/** Places of a worker at which plans are made side by side, each on a thread of its own; a thread keeps the patient that it read last. */

import { sha256 } from '../sha256.js';
import { sharedBy } from '../study-planner.js';
import { type Planner, ThreadPlanner } from '../study-threads.js';
import type { AskedRow } from './row-job.js';

/** Starts whoever plans the rows of one study. */
export type PlannerFactory = (asked: Pick<AskedRow, 'study' | 'timeLimit'>) => Planner;

/** On a thread and one core, which ends with this process however that ends. */
export const threadPlanner: PlannerFactory = ({ study, timeLimit }) =>
  new ThreadPlanner({ study, timeLimit, threads: 1 });

interface Slot {
  planner: Planner;
  /** Of what its thread was started for: columns, time, contents of files. */
  ofStudy: string;
  /** Of what it holds in memory. */
  shared: string;
}

/** As many planners as there were plans at a time, at most. */
export class PlannerSlots {
  private readonly idle: Slot[] = [];
  private readonly started = new Set<Planner>();

  constructor(private readonly start: PlannerFactory = threadPlanner) {}

  /**
   * The planner for a row, best one that has its patient; it is to be released when the row is there.
   */
  async take(asked: AskedRow): Promise<{ readonly planner: Planner; release(isGood: boolean): Promise<void> }> {
    const { idle } = this;
    const { base: _, ...study } = asked.study;
    const ofStudy = sha256(JSON.stringify([study, asked.timeLimit, asked.files]));
    const shared = sharedBy(asked.run);
    const ofThis = (slot: Slot): boolean => slot.ofStudy === ofStudy;
    const found = idle.find((slot) => ofThis(slot) && slot.shared === shared) ?? idle.find(ofThis) ?? idle[0];
    if (found !== undefined) idle.splice(idle.indexOf(found), 1);
    const isFit = found !== undefined && ofThis(found);
    // A file may have other contents now under the same name.
    if (found !== undefined && !isFit) await this.end(found.planner);
    const planner = isFit ? found.planner : this.start(asked);
    this.started.add(planner);
    return {
      planner,
      release: async (isGood) => {
        if (isGood) idle.push({ planner, ofStudy, shared });
        else await this.end(planner);
      },
    };
  }

  private async end(planner: Planner): Promise<void> {
    this.started.delete(planner);
    await planner.close();
  }

  /** Ends those that are at a plan too. */
  async close(): Promise<void> {
    await Promise.all([...this.started].map((planner) => this.end(planner)));
  }
}
