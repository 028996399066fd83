/** Which structures the objectives and constraints of a case name. */
import { parseConstraint } from './asked-constraint.js';
import { type ObjectivesInput, SPINE_DEFAULT, TISSUE } from './asked-objective.js';
import { parsePriority } from './asked-priority.js';
import { TARGETS } from './asked-target.js';

/** Fields of CASE.json that ask something of structures by name. */
export interface AskedFields {
  readonly constraints: readonly string[];
  readonly objectives: ObjectivesInput;
  readonly priorities: readonly (readonly string[])[];
  readonly overlap?: readonly string[] | undefined;
}

/** The same with structures that objectives of the caller's own are on. */
export interface AskedRows extends AskedFields {
  readonly further?: readonly string[];
}

/** Every structure with the field that names it, each as often as it is named; the tissue outside the targets, and all targets together, are none. */
export function structuresNamed({
  constraints,
  objectives,
  priorities,
  overlap = [],
}: AskedFields): [field: string, name: string][] {
  const listed = typeof objectives === 'string' ? [] : objectives;
  return [
    ...constraints.map((text): [string, string] => ['constraints', parseConstraint(text).structure]),
    ...listed.flatMap((one): [string, string][] =>
      one === SPINE_DEFAULT || one.structure === undefined || [TISSUE, TARGETS].includes(one.structure)
        ? []
        : [['objectives', one.structure]],
    ),
    ...priorities.flat().map((text): [string, string] => ['priorities', parsePriority(text).asked.structure]),
    ...overlap.map((name): [string, string] => ['overlap', name]),
  ];
}

/** The same, each once. */
export const namedStructures = (asked: AskedRows): string[] => [
  ...new Set([...structuresNamed(asked).map(([, name]) => name), ...(asked.further ?? [])]),
];
