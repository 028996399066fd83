/**
 * One sentence for what is wrong in a JSON file, and the schemas that its kinds share.
 */

import { z } from 'zod';
import { InvalidInputError, shownPath } from '../../core/errors.js';
import { describeIssue } from '../../core/json-issue.js';
import { checkTree } from '../../core/json-tree.js';
import { nearNames } from '../../evaluate/structure-name.js';
import { createLeafBank, type LeafBank, leafBank } from '../../machine/mlc.js';
import { knownKeys } from './known-keys.js';

/**
 * Checks a parsed file against its schema and fills in defaults.
 *
 * @param path   where it came from, for the message
 * @param remedy last sentence of the message
 * @throws {InvalidInputError} one sentence with the field, its value and the rule
 */
export function checkJson<S extends z.ZodType>(schema: S, json: unknown, path: string, remedy: string): z.output<S> {
  checkTree(json, path);
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const { issues } = result.error;
  // A misspelt field is said before the one that is missing for it.
  const unknown = issues.find(({ code }) => code === 'unrecognized_keys');
  const issue = withMeant(schema, deepest(unknown ?? issues[0]!));
  throw new InvalidInputError(`${shownPath(path)}: ${describeIssue(json, issue)}. ${remedy}`);
}

/** An unknown key with the one that was probably meant, or with those that there are. */
function withMeant(schema: z.ZodType, issue: Issue): Issue {
  const [, key] = /^Unrecognized keys?: "([^"]*)"/.exec(issue.message) ?? [];
  if (key === undefined) return issue;
  const known = knownKeys(schema, issue.path);
  const near = nearNames(key, known).map((name) => `"${name}"`);
  const meant = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${known.join(', ')}`;
  return { ...issue, message: known.length === 0 ? issue.message : `${issue.message} (${meant})` };
}

type Issue = { path: PropertyKey[]; message: string };

/** Within a union, the issue of the alternative that came furthest. */
function deepest(issue: z.core.$ZodIssue): Issue {
  if (issue.code !== 'invalid_union') return issue;
  // Where one alternative alone is of the right kind (a list, an object), and the union says nothing of its own, that one speaks.
  const ofKind = issue.errors.filter(
    (own) => !own.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  if (ofKind.length === 1 && issue.message === 'Invalid input') {
    const { path, message } = deepest(ofKind[0]![0]!);
    return { path: [...issue.path, ...path], message };
  }
  const inner = issue.errors
    .flat()
    .filter((candidate) => candidate.path.length > 0 && candidate.code !== 'unrecognized_keys');
  const missing = inner.filter((candidate) => candidate.code === 'invalid_type' && candidate.path.length === 1);
  const other = inner.find((candidate) => !missing.includes(candidate));
  return other ? { path: [...issue.path, ...other.path], message: other.message } : issue;
}

/** A leaf bank by name, or by its boundaries. */
export const leafBankSchema = z.union(
  [
    z.string(),
    z.strictObject({
      name: z.string().optional(),
      boundaries: z.array(z.number().min(-500).max(500)).min(2).max(1001),
      reach: z.number().positive().max(500).optional(),
      overtravel: z.number().min(-500).max(500).optional(),
      transmission: z.number().min(0).lt(1).optional(),
    }),
  ],
  {
    error:
      'must be the name of a leaf bank such as "millennium-120", or { "boundaries": [mm, ...], "reach", "overtravel", "transmission" }',
  },
);

/** Fractions of the open fluence; what is left out takes its default. */
export const transmissionSchema = z.strictObject({
  jaws: z.number().min(0).lt(1).optional(),
  leaves: z.number().min(0).lt(1).optional(),
});

/** How the dose engine treats matter that is not water, and what its dose is given to. */
export const doseModelSchema = z.strictObject({
  heterogeneity: z.enum(['density', 'depth']).default('density'),
  medium: z.enum(['engine', 'medium', 'water']).default('engine'),
});

/** @throws {InvalidInputError} for an unknown name or boundaries that cannot be leaves */
export function resolveLeafBank(input: z.output<typeof leafBankSchema>): LeafBank {
  if (typeof input === 'string') return leafBank(input);
  const { boundaries, ...options } = input;
  return createLeafBank(boundaries, options);
}
