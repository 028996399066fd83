/** Priorities in words and as JSON: how far each list was met, where the plan ran out of room, and what more would cost. */
import { toDigits } from '../core/rounding.js';
import type { PriorityGoal, PriorityOutcome } from '../plan/evaluation/priority-outcome.js';
import type { PlannedSolution } from '../plan/technique/technique-plan.js';

/** Of what gives way to a goal, so many are told in words. */
const TOLD = 2;
/** A list stands against the prescription that costs more than this fraction of what the dearest does. */
const PAID = 0.05;
/** What costs more Gy than this for one is no bargain. */
const DEAREST = 50;
/** Lists that leave the target this fraction of what it has without them take nothing from it: 0.5 % are theirs, and 0.2 % is what a report may miss. */
const AS_MUCH = 0.993;

/** The block `priorities` of a plan in plan.json. */
export const priorityReport = (priorities: readonly PriorityOutcome[]): Record<string, unknown>[] =>
  priorities.map(({ status, shortfall, lowerBound, gap, goals }, l) => ({
    list: l + 1,
    status,
    ...(shortfall !== undefined && {
      shortfall: toDigits(shortfall, 6),
      leastShortfall: lowerBound === null || lowerBound === undefined ? null : toDigits(Math.max(0, lowerBound), 6),
      gap: gap === null || gap === undefined ? null : toDigits(gap, 3),
    }),
    goals: goals.map(({ goal, reported, optimised }) => ({
      goal,
      reported: { ...reported, value: reported.value === null ? null : toDigits(reported.value, 6) },
      ...(optimised && { optimised: roundedGoal(optimised) }),
    })),
  }));

function roundedGoal({ trades, ...goal }: NonNullable<PriorityGoal['optimised']>): Record<string, unknown> {
  const rounded = Object.fromEntries(
    Object.entries(goal).map(([key, value]) => [key, typeof value === 'number' ? toDigits(value, 6) : value]),
  );
  return {
    ...rounded,
    trades: trades.map(({ of, gain, cost }) => ({ of, gain: toDigits(gain, 4), cost: toDigits(cost, 4) })),
  };
}

/**
 * One line per list and goal, where the plan ran out of room, and which lists leave the prescription none.
 *
 * @param reachedAlone what the objectives alone reach of the prescription, Gy, where they miss it too
 */
export function prioritySentences(
  priorities: readonly PriorityOutcome[],
  solution: Pick<PlannedSolution, 'status' | 'prescriptionDose' | 'certificate'>,
  reachedAlone?: number,
): string[] {
  const ended = priorities.findIndex(({ status }) => status === 'missed');
  return [
    ...priorities.flatMap(({ status, goals }, l) => [
      `priority ${l + 1}: ${PRIORITY_STATUS[status]}`,
      ...goals.map((goal) => `  ${told(goal)}`),
    ]),
    ...(ended < 0
      ? []
      : [`The plan ran out of room at priority ${ended + 1}: no plan that keeps what comes before reaches it.`]),
    ...prescriptionSentence(priorities, solution, reachedAlone),
  ];
}

/** Lists that stand against the prescription, the dearest first: those whose goals the last step pays for. */
export function listsAgainstPrescription(
  priorities: readonly PriorityOutcome[],
  { status, certificate }: Pick<PlannedSolution, 'status' | 'certificate'>,
): number[] {
  if (status !== 'prescription-missed') return [];
  const costs = priorities.map(({ goals }) => {
    const own = new Map(goals.map(({ goal, optimised }) => [goal, optimised?.scale ?? 0]));
    return certificate.prices.reduce((sum, { limit, price }) => sum + price * (own.get(limit) ?? 0), 0);
  });
  const largest = Math.max(0, ...costs);
  return costs
    .map((cost, l) => ({ cost, l }))
    .filter(({ cost }) => cost > PAID * largest)
    .sort((a, b) => b.cost - a.cost)
    .map(({ l }) => l);
}

function prescriptionSentence(
  priorities: readonly PriorityOutcome[],
  solution: Parameters<typeof prioritySentences>[1],
  reachedAlone?: number,
): string[] {
  const alone = reachedAlone?.toFixed(2);
  if (
    reachedAlone !== undefined &&
    solution.status === 'prescription-missed' &&
    solution.prescriptionDose >= AS_MUCH * reachedAlone
  ) {
    return [
      `The prescription is missed without the priorities too: under the constraints the objectives alone give the target ${alone} Gy. ` +
        'Loosen a constraint or the cap, or ask for another dose.',
    ];
  }
  const lists = listsAgainstPrescription(priorities, solution);
  if (lists.length === 0) return [];
  const names = lists.map((l) => `${l + 1} (${priorities[l]!.goals.map(({ goal }) => goal).join(', ')})`);
  const dose = solution.prescriptionDose.toFixed(2);
  return [
    `The priorities leave the prescription no room: the target has ${dose} Gy under ${names.length > 1 ? 'priorities' : 'priority'} ` +
      `${names.join(', ')}${alone === undefined ? '' : `, and ${alone} Gy without them, which is less than is prescribed too`}. Ask for less there, or for another dose.`,
  ];
}

/** How the turn of a list ended, in words. */
export const PRIORITY_STATUS: Readonly<Record<PriorityOutcome['status'], string>> = {
  met: 'met',
  missed: 'missed, proven to be out of reach',
  least: 'as low as it can be, proven',
  unproven: 'as far as was found, not proven to be as far as it goes',
  'time-limit': 'time was over',
  stopped: 'stopped',
  judged: 'judged alone, as the technique holds its prescription',
  'no turn': 'had no turn',
};

function told({ goal, reported: { value, unit, result }, optimised }: PriorityGoal): string {
  const got = value === null ? 'not evaluable' : `${value.toFixed(2)} ${unit}${result === 'fail' ? ', missed' : ''}`;
  if (optimised === undefined) return `${goal}: ${got}`;
  const { leastShortfall, trades } = optimised;
  const proof =
    leastShortfall !== null && leastShortfall > 0
      ? [`no plan misses it by less than ${toDigits(leastShortfall, 3)} Gy`]
      : [];
  const costs = trades
    .filter(({ cost }) => cost < DEAREST)
    .slice(0, TOLD)
    .map(({ of, cost }) => `one Gy of it costs ${toDigits(cost, 3)} Gy of ${of === 'cord' ? "the cord's cap" : of}`);
  return `${goal}: ${[got, ...proof, ...costs].join('; ')}`;
}
