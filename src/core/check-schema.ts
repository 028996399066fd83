/** A parsed JSON file against its schema: what it says, or one sentence of what is wrong with it. */
import type { $ZodIssue, $ZodIssueUnrecognizedKeys, $ZodType, output } from 'zod/v4/core';
import { safeParse } from 'zod/v4/core';
import english from 'zod/v4/locales/en.js';
import { describeIssue, type JsonIssue, valueAt } from './json-issue.js';
import { checkTree } from './json-tree.js';
import { knownKeys } from './known-keys.js';
import { nearNames } from './near-names.js';

/** Given with every parse: what else in a program uses zod keeps its own. */
const words = { error: english().localeError };

/**
 * Checks a parsed file and fills in defaults.
 *
 * @param path where it came from, for the message of what no schema looks at
 * @returns what the file says with its defaults, or what is wrong: the field, its value and the rule, without a full stop
 * @throws {InvalidInputError} as {@link checkTree} does
 */
export function checkSchema<S extends $ZodType>(
  schema: S,
  json: unknown,
  path: string,
): { readonly data: output<S> } | { readonly wrong: string } {
  checkTree(json, path);
  const result = safeParse(schema, json, words);
  if (result.success) return { data: result.data };
  return { wrong: describeIssue(json, said(schema, json, result.error.issues)) };
}

/** Of several issues the one that is said: a misspelt field comes before the one that is missing for it. */
function said(schema: $ZodType, json: unknown, issues: readonly $ZodIssue[]): JsonIssue {
  const issue = deepest(issues.find(isUnknown) ?? issues[0]!, { schema, json });
  return isUnknown(issue) ? withMeant(issue, { schema, json }) : issue;
}

interface File {
  readonly schema: $ZodType;
  readonly json: unknown;
}

const isUnknown = (issue: JsonIssue): issue is $ZodIssueUnrecognizedKeys =>
  'code' in issue && issue.code === 'unrecognized_keys';

const sentenceOf = (issue: $ZodIssueUnrecognizedKeys, keys: string[]): string =>
  words.error({ ...issue, input: undefined, keys }) as string;

/** The first unknown key with the one that was probably meant, or with those that there are. */
function withMeant({ path, message, keys }: $ZodIssueUnrecognizedKeys, { schema, json }: File): JsonIssue {
  const known = knownKeys(schema, path, { json, unknown: keys[0] });
  const near = nearNames(keys[0]!, known).map((name) => `"${name}"`);
  const meant = near.length > 0 ? `did you mean ${near.join(' or ')}?` : `there are ${known.join(', ')}`;
  return { path, message: known.length === 0 ? message : `${message} (${meant})` };
}

/** Within alternatives, the issue of the one that came furthest. */
function deepest(issue: $ZodIssue, file: File): $ZodIssue | JsonIssue {
  if (issue.code !== 'invalid_union') return issue;
  const alternatives = issue.errors.map((own) => own.map((inner) => withPath(inner, [...issue.path, ...inner.path])));
  const value = issue.path.reduce<any>((own, key) => own?.[key], file.json);
  const atRoot = (own: $ZodIssue): boolean =>
    own.path.length === issue.path.length &&
    (own.code === 'invalid_type' ||
      (own.code === 'invalid_value' && own.values.every((one) => typeof one !== typeof value)));
  // Of the right kind: a list, an object.
  const ofKind = alternatives.filter((own) => !own.some(atRoot));
  const unknown = unknownIn(ofKind, issue.path, file);
  if (unknown !== undefined) return unknown;
  // Where one alternative alone is, and the union says nothing of its own, that one speaks.
  if (ofKind.length === 1 && issue.message === 'Invalid input') return deepest(ofKind[0]![0]!, file);
  const inner = alternatives.flat().filter((own) => own.path.length > issue.path.length && !isUnknown(own));
  const missing = inner.filter(
    ({ code, path }) =>
      path.length === issue.path.length + 1 &&
      (code === 'invalid_type' || code === 'invalid_union') &&
      valueAt(file.json, path) === undefined,
  );
  return inner.find((own) => !missing.includes(own)) ?? issue;
}

const withPath = (issue: $ZodIssue, path: PropertyKey[]): $ZodIssue => ({ ...issue, path });

/**
 * A misspelt field of the alternative that knows most of the keys, and is thereby the one that was meant. Where several know as
 * many, of a key that is near to one of theirs.
 */
function unknownIn(
  alternatives: readonly (readonly $ZodIssue[])[],
  path: readonly PropertyKey[],
  { schema, json }: File,
): $ZodIssue | undefined {
  const atRoot = (own: readonly $ZodIssue[]): readonly string[] =>
    own.filter(isUnknown).find((issue) => issue.path.length === path.length)?.keys ?? [];
  const counts = alternatives.map((own) => atRoot(own).length);
  const fewest = Math.min(...counts);
  const [first, ...others] = alternatives.filter((_, i) => counts[i] === fewest);
  const issue = first?.find(isUnknown);
  if (issue === undefined || others.length === 0) return issue;
  const known = knownKeys(schema, path, { json });
  const keys = atRoot(first!).filter(
    (key) => nearNames(key, known).length > 0 && others.every((own) => atRoot(own).includes(key)),
  );
  return keys.length === 0 ? undefined : { ...issue, path: [...path], keys, message: sentenceOf(issue, keys) };
}
