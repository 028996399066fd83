/**
 * What begins in the plans of workers, as their submitter hears it: a word a second for each plan at most, as the progress of its job.
 *
 * A word that is lost hurts no plan: it stands beside the job's data, touches neither its lock nor its state, and nobody waits for it. Of a plan one word at a
 * time is under way, so that a Redis that is away finds no heap of them; a job that is gone is not made again by it.
 */
import type { Job, Queue } from 'bullmq';
import type { Redis } from 'ioredis';

/** ms between two words of a plan, and before the first: a plan that is over sooner says none. */
export const SELDOM = 1000;
/** Of a stage, from whomever: characters that steer no terminal. */
const STAGE = /^\P{C}{1,100}$/u;

/** Tells the stages of one plan, until it is ended. */
export class StageWords {
  private stage: string | undefined;
  private told: string | undefined;
  private isUnderWay = false;
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly job: Pick<Job, 'updateProgress'>) {
    this.timer = setInterval(() => void this.say(), SELDOM);
  }

  readonly onStage = (stage: string): void => {
    this.stage = stage;
  };

  private async say(): Promise<void> {
    const { stage } = this;
    if (stage === undefined || stage === this.told || this.isUnderWay) return;
    this.isUnderWay = true;
    try {
      await this.job.updateProgress(stage);
      this.told = stage;
    } catch {
      // The job is another's by now, or Redis takes nothing: its row tells more.
    } finally {
      this.isUnderWay = false;
    }
  }

  end(): void {
    clearInterval(this.timer);
  }
}

/** A plan that a worker is at. */
export interface PlanInWork {
  readonly id: string;
  /** As last told. */
  readonly stage: string | undefined;
}

/** Those of some jobs that workers are at. */
export async function plansInWork(
  queue: Queue,
  redis: Redis,
  ofThese: { has(id: string): boolean },
): Promise<PlanInWork[]> {
  const ids = (await queue.getRanges(['active'], 0, -1)).filter((id) => ofThese.has(id));
  const words = await Promise.all(ids.map((id) => redis.hget(queue.toKey(id), 'progress')));
  return ids.map((id, i) => ({ id, stage: stageOf(words[i]!) }));
}

/** A word as bullmq writes it, where it is a stage. */
function stageOf(word: string | null): string | undefined {
  try {
    const stage: unknown = JSON.parse(word ?? 'null');
    return typeof stage === 'string' && STAGE.test(stage) ? stage : undefined;
  } catch {
    return undefined;
  }
}
