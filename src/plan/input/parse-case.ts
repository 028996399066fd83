/** A case as it is read: the schema, then the names that must be there. */
import { checkCaseNames } from './case-names.js';
import { checkJson } from './check-json.js';
import { type PlanCase, type PlanCaseInput, schema } from './plan-case.js';

/**
 * Checks a case, looks up every name that is built in, and fills in its defaults.
 *
 * @param json parsed CASE.json
 * @param path where it came from, for the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule
 */
export function parseCase(json: unknown, path = 'case'): PlanCase {
  const plan = checkJson(schema, json, path, 'The fields are described in docs/case.md under CASE.json.');
  checkCaseNames(plan, path);
  return plan;
}

/** A case as it would be written: what it was not given, but is by default, and the parser must not take for given, is left out. */
export function caseInput({ cordCap, cordCapOrigin, ...given }: PlanCase): PlanCaseInput {
  return cordCapOrigin === 'default' ? given : { ...given, cordCap };
}
