/**
 * How far a job is, and how long it will still take: what its stages cost against one another is known before, how fast this machine is
 * shows on the way.
 *
 *     fraction f = cost of the stages that are over, and of the part of the one that runs, by the cost of all
 *     seconds left = (1 - f) / f x seconds so far
 *
 * The fraction never falls: a stage that comes again, or one that nobody knew of, holds it where it is. A stage that takes longer than its cost says lets
 * the seconds left grow, as they do.
 */

/** A stage of a job by its name, and what it costs against the others. */
export interface Stage {
  readonly name: string;
  /** > 0, of any unit that the stages have in common. */
  readonly cost: number;
}

/** What a job says of itself. What is not known is null. */
export interface ProgressEvent {
  /** A stage begins; something of it is done; the job is over. */
  readonly event: 'stage' | 'step' | 'end';
  readonly stage: string;
  /** Of the whole job, 0 to 1; never falls. Null where nothing tells how much there is. */
  readonly fraction: number | null;
  /** Counted in this stage, of how many, and of what: `plans`, `pictures`, `steps`. */
  readonly done: number | null;
  readonly total: number | null;
  readonly unit: string | null;
  /** Counted per second since the stage began. */
  readonly rate: number | null;
  /** Until the end of the job, >= 0. */
  readonly secondsLeft: number | null;
  /** Since its start. */
  readonly seconds: number;
  /** What is worked on, where there are several: a plan of a study, a technique, a cap. */
  readonly case: string | null;
  /** In words, what else is to be told. */
  readonly note: string | null;
}

/** What is done of a stage. */
export interface Step {
  readonly done: number;
  /** @default not known */
  readonly total?: number | undefined;
  readonly unit: string;
  /** Fraction of the stage's cost that is spent. @default done / total, where that is known */
  readonly part?: number | undefined;
  readonly case?: string | undefined;
  readonly note?: string | undefined;
}

/** Of seconds, in the unit that fits. */
export function timeText(seconds: number): string {
  const minutes = seconds / 60;
  if (minutes < 1.5) return `${Math.ceil(seconds)} s`;
  return minutes < 90 ? `${Math.round(minutes)} min` : `${(minutes / 60).toFixed(1)} h`;
}

/** The time left in words; none where it is not known or over. */
export const timeLeft = ({ event, secondsLeft }: Pick<ProgressEvent, 'event' | 'secondsLeft'>): string =>
  secondsLeft === null || event === 'end' ? '' : `about ${timeText(secondsLeft)} left`;

export type ProgressEventListener = (event: ProgressEvent) => void;

/** Seconds and fraction from which on the time left is told: before, both are noise. */
const EARLY = { seconds: 1, fraction: 0.02 };

export class JobProgress {
  private stages: readonly Stage[] = [];
  private whole = 0;
  /** Index of the stage that runs; of one that nobody knew of, that of the one before; -1 before all. */
  private at = -1;
  private name = '';
  private readonly start: number;
  private begun: number;
  private reached = 0;
  private last: Omit<Step, 'part'> | undefined;

  /** @param clock seconds, from any origin; the job begins now */
  constructor(
    private readonly tell: ProgressEventListener,
    private readonly clock: () => number,
  ) {
    this.start = this.begun = clock();
  }

  /** What the job will do, in its order; the stage that runs may be one of them. Without it nothing is told of the end. */
  expect(stages: readonly Stage[]): void {
    this.stages = stages;
    this.whole = stages.reduce((sum, { cost }) => sum + cost, 0);
    this.at = stages.findIndex(({ name }) => name === this.name);
  }

  /** A stage begins, whatever came before it is over. */
  stage(name: string, of?: Pick<Step, 'case' | 'note'>): void {
    const index = this.stages.findIndex((own, i) => i >= this.at && own.name === name);
    if (index >= 0) this.at = index;
    this.name = name;
    this.begun = this.clock();
    this.last = undefined;
    this.rise(0, index >= 0);
    this.say('stage', of);
  }

  /** Something of the stage is done. */
  step(step: Step): void {
    const { done, total, part = total === undefined || total === 0 ? 0 : done / total, ...rest } = step;
    this.last = { done, total, ...rest };
    this.rise(Math.min(1, part), this.stages[this.at]?.name === this.name);
    this.say('step', step);
  }

  /** The job is over. */
  end(): void {
    if (this.whole > 0) this.reached = 1;
    this.say('end');
  }

  private say(event: ProgressEvent['event'], of: Pick<Step, 'case' | 'note'> = {}): void {
    const now = this.clock();
    const { done, total, unit } = this.last ?? {};
    const seconds = now - this.start;
    this.tell({
      event,
      stage: this.name,
      fraction: this.whole > 0 ? this.reached : null,
      done: done ?? null,
      total: total ?? null,
      unit: unit ?? null,
      rate: done !== undefined && done > 0 && now > this.begun ? done / (now - this.begun) : null,
      secondsLeft: event === 'end' ? 0 : this.secondsLeft(seconds),
      seconds,
      case: of.case ?? null,
      note: of.note ?? null,
    });
  }

  private secondsLeft(seconds: number): number | null {
    const f = this.reached;
    return f >= EARLY.fraction && seconds >= EARLY.seconds ? ((1 - f) / f) * seconds : null;
  }

  private rise(part: number, isKnown: boolean): void {
    if (!isKnown) return;
    let spent = part * this.stages[this.at]!.cost;
    for (let s = 0; s < this.at; s++) spent += this.stages[s]!.cost;
    this.reached = Math.min(1, Math.max(this.reached, spent / this.whole));
  }
}
