/** What a schema found wrong, in our words: the field, its value and the rule. */

/** As zod tells it. */
export interface JsonIssue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** `imrt.beamlet: is 0.1, but must be >= 1`. */
export function describeIssue(json: unknown, { path, message }: JsonIssue): string {
  const field = path.map(String).join('.');
  const shown = field.length > 100 ? `${field.slice(0, 50)} ... ${field.slice(-40)}` : field;
  return `${shown === '' ? '' : `${shown}: `}${withValue(message, valueAt(json, path))}`;
}

/** A schema's own words say the rule alone. */
function withValue(message: string, value: unknown): string {
  const range = /^Too (?:small|big): expected (\w+) to (be|have) (.*)$/.exec(message);
  if (range !== null) {
    const [, kind, verb, rule] = range as unknown as [string, string, string, string];
    const bound = rule.replace(/^([<>]=?)(?=\S)/, '$1 ');
    if (verb === 'be') return `is ${textOf(value)}, but must be ${bound}`;
    const length = (value as { length?: number } | undefined)?.length;
    return `is a ${kind === 'string' ? 'text' : 'list'} of ${length ?? 'unknown length'}, but must have ${bound}`;
  }
  const kind = /^Invalid input: expected (.*), received (.*)$/.exec(message);
  if (kind !== null && kind[2] !== 'undefined')
    return `is ${textOf(value)}, but must be ${articleOf(kind[1]!)} ${kind[1]}`;
  if (kind !== null) return `is missing, but must be ${articleOf(kind[1]!)} ${kind[1]}`;
  // Of a record, whose keys have a rule of their own.
  if (message === 'Invalid key in record') return 'is no name that may stand here. Give a shorter one, not empty';
  return message;
}

const articleOf = (kind: string): string => (/^[aio]/.test(kind) ? 'an' : 'a');

/** What stands at a path; undefined where nothing does. */
export function valueAt(json: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => {
    const isHeld = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    return isHeld ? (value as Record<PropertyKey, unknown>)[key] : undefined;
  }, json);
}

function textOf(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > 60 ? `${text.slice(0, 40)}... (${text.length} characters)` : text;
}
