/** What is asked of every public name, as rules that return what breaks them. */
import type { DeclaredCall, DeclaredName, DeclaredPart, PublicNames } from '../../bench/docs/declarations.js';

const allOf = (names: PublicNames): readonly DeclaredName[] => [
  ...new Map([...names.values()].flat().map((name) => [name.id, name])).values(),
];

/** A sentence says more than the name: two words at least, and ends. */
const isSentence = (text: string): boolean => text.split(' ').length >= 2 && /[.:;!?]$/.test(text);

/** Names, and methods of public classes, whose docstring does not open with a sentence. A constructor's is that of its class. */
export function withoutSummary(names: PublicNames): readonly string[] {
  const methods = (name: DeclaredName): readonly DeclaredCall[] =>
    name.kind === 'class' ? name.calls.filter((call) => !call.name.startsWith('new ')) : [];
  return allOf(names)
    .flatMap((name) => [name, ...methods(name)])
    .filter(({ summary }) => !isSentence(summary))
    .map(({ name }) => name);
}

/** Numbers and what is made of numbers: each has a unit, a range or a frame that its type does not tell. */
const isNumeric = (type: string): boolean =>
  /^(readonly )?(number|Vec3|DoseVolume|Volume\b.*|(Float32|Float64|Int32|Uint8|Uint32|Uint16)Array.*|ArrayLike<number>)(\[\])?$/.test(
    type.split(' | ').filter((part) => part !== 'undefined')[0]!,
  );

/**
 * Parameters of numbers without a `@param`, and fields of numbers without a docstring in the interfaces that are taken.
 * An object that is written in place has a `@param` for itself or its members.
 */
export function withoutUnits(names: PublicNames): readonly string[] {
  const all = allOf(names);
  const parameters = all.flatMap(({ calls }) =>
    calls.flatMap(({ name, parameters: own }) => own.map((part) => ({ ...part, of: name }))),
  );
  const isTold = ({ type, text }: DeclaredPart): boolean => text !== '' || !(isNumeric(type) || type.startsWith('{'));
  const taken = parameters.map(({ type }) => type).join(' ');
  const options = all.filter(({ name, kind }) => kind === 'interface' && new RegExp(`\\b${name}\\b`).test(taken));
  return [
    ...parameters.filter((part) => !isTold(part)).map(({ of, name }) => `${of}(${name})`),
    ...options.flatMap(({ name, fields }) =>
      fields.filter((part) => !isTold(part)).map((part) => `${name}.${part.name}`),
    ),
  ];
}

/** Types in signatures that no entry lets out, with who needs them. */
export function withoutImport(names: PublicNames): readonly string[] {
  const all = allOf(names);
  const known = new Set(all.map(({ id }) => id));
  return all.flatMap(({ name, needs }) =>
    needs.filter((id) => !known.has(id)).map((id) => `${id.split('#')[1]} of ${name}`),
  );
}

/** Names that none of the texts uses, and that no signature of another name needs. */
export function withoutUse(names: PublicNames, used: ReadonlySet<string>): readonly string[] {
  const all = allOf(names);
  const needed = new Set(all.flatMap(({ id, needs }) => needs.filter((need) => need !== id)));
  return all.filter(({ name, id }) => !used.has(name) && !needed.has(id)).map(({ name }) => name);
}

/** Words of the code in a page: its blocks of TypeScript and JavaScript, and what stands between back quotes. */
export function wordsOfPage(text: string): readonly string[] {
  const code = [...text.matchAll(/```(?:ts|js)\b[\s\S]*?```|`[^`\n]+`/g)].map(([found]) => found).join('\n');
  return code.match(/[A-Za-z_]\w*/g) ?? [];
}

/** Names that a program imports. */
export function importsOfProgram(text: string): readonly string[] {
  return [...text.matchAll(/import (?:type )?\{([^}]*)\} from/g)].flatMap(
    ([, list]) => list!.match(/[A-Za-z_]\w*/g) ?? [],
  );
}
