/**
 * How large a study is, told before one of its plans is made or held: how many plans, what they cost, what their table takes.
 *
 * Seconds are those of the stages that a plan has on one core, as progress knows them: of eight plans of T8 (fluence at 3, 4 and 6 mm, segments at 2 and 4 mm,
 * sliding windows, FCRT and a robust plan at 4 mm) the CPU used was 0.7 to 1.3 of them.
 */
import { getHeapStatistics } from 'node:v8';
import { checkInteger } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { toDigits } from '../core/rounding.js';
import { countRuns, type ExpandOptions, type Study, someRuns } from '../plan/input/study-file.js';
import { planStages } from '../report/plan-progress.js';
import { rowBytes } from '../report/study-table.js';

export interface StudySize {
  readonly plans: number;
  /** Seconds of one core that a plan takes, in the mean of some of them. */
  readonly seconds: number;
  /** Bytes of the table. */
  readonly table: number;
}

/** More plans than this are asked for. */
const MANY = 10_000;
/** Cases whose cost stands for all. */
const LOOKED_AT = 50;
/** Bytes that a run, with its row, takes in memory, and its key where another shard makes it. */
const HELD = { own: 2600, other: 220 };
/** Of the memory that JavaScript may take, what they leave for plans. */
const FREE = 0.2;

/**
 * Counts the plans of a study and looks at some of them; its patients are known.
 *
 * @throws {InvalidInputError} for more than 10,000,000 plans, or one looked at that is no case
 */
export function sizeOfStudy(study: Study, options: ExpandOptions): StudySize {
  const plans = countRuns(study);
  const some = someRuns(study, LOOKED_AT, options);
  const mean = (of: (run: (typeof some)[number]) => number): number =>
    some.reduce((sum, run) => sum + of(run), 0) / some.length;
  return {
    plans,
    seconds: mean((run) =>
      planStages({ case: run.case, techniques: [run.technique] }).reduce((sum, { cost }) => sum + cost, 0),
    ),
    table: Math.round(plans * mean((run) => rowBytes(study, run))),
  };
}

export interface Meant {
  /** How many plans it is said to be; Infinity for however many. @default not said */
  readonly plans?: number | undefined;
  /** Asks whoever is there. @returns whether they are meant */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
  /** Parts that the study is made in. @default 1 */
  readonly shards?: number | undefined;
}

/**
 * Asks for what is many, before it is held.
 *
 * @throws {InvalidInputError} where a study of more than 10,000 plans is not said to be meant, is not as many as was said, or more than memory holds
 */
export async function checkMeant(study: Study, options: ExpandOptions, meant: Meant): Promise<void> {
  const { plans: stated = 0, confirm, shards = 1 } = meant;
  if (Number.isFinite(stated)) checkInteger('study: plans', stated, 0);
  const count = countRuns(study);
  if (stated > 0 && Number.isFinite(stated) && stated !== count) {
    throw new InvalidInputError(
      `${study.path}: these are ${count} plans, not ${stated}. Mend the study, or say --plans ${count}.`,
    );
  }
  if (count <= MANY) return;
  checkMemory(study, count, shards);
  if (stated > 0) return;
  const question = `${study.path}: ${sizeText(sizeOfStudy(study, options))}.`;
  if (confirm === undefined) {
    throw new InvalidInputError(`${question} Where that is meant, say --yes, or --plans ${count}.`);
  }
  if (!(await confirm(question))) throw new InvalidInputError(`${study.path}: nothing was planned, as you said.`);
}

/** `these are 24000 plans, about 160 h of one core (23 s each), and 5.5 MB of disk for their table` */
export function sizeText({ plans, seconds, table }: StudySize): string {
  const hours = (plans * seconds) / 3600;
  const space = table < 1e9 ? `${toDigits(table / 1e6, 2)} MB` : `${toDigits(table / 1e9, 2)} GB`;
  return `these are ${plans} plans, about ${toDigits(hours, 2)} h of one core (${toDigits(seconds, 2)} s each), and ${space} of disk for their table`;
}

function checkMemory({ path }: Study, count: number, shards: number): void {
  const room = (1 - FREE) * getHeapStatistics().heap_size_limit;
  const bytesOf = (parts: number): number => (HELD.own / parts + HELD.other) * count;
  if (bytesOf(shards) <= room) return;
  const gb = (bytesOf(shards) / 1e9).toFixed(1);
  const enough = room / count - HELD.other;
  const remedy =
    enough > 0
      ? `Make it in parts, --shard 1/${Math.ceil(HELD.own / enough)} and so on, or give more memory, NODE_OPTIONS=--max-old-space-size=${Math.ceil(bytesOf(shards) / (1 - FREE) / 1e6)}.`
      : 'Divide it into several studies.';
  throw new InvalidInputError(
    `${path}: these are ${count} plans, whose list takes about ${gb} GB of the ${(room / 1e9).toFixed(1)} GB of memory there are for it. ${remedy}`,
  );
}
