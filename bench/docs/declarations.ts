/**
 * What the emitted declarations of the package say: every name that can be imported, its docstring, its parameters, and the
 * types that its signature needs.
 *
 * TypeScript 7 has no programming interface, so they are read with the compiler that ts-morph carries. No types are computed:
 * what stands in the declarations is what is told.
 */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ts } from 'ts-morph';

export type NameKind = 'function' | 'class' | 'interface' | 'type' | 'constant';

/** A parameter, or a field of an interface. */
export interface DeclaredPart {
  readonly name: string;
  /** As it stands in the declaration. */
  readonly type: string;
  readonly isOptional: boolean;
  /** What its `@param`, or the field's docstring, says. */
  readonly text: string;
}

/** A function, a constructor or a public method. */
export interface DeclaredCall {
  readonly name: string;
  /** First sentence of its docstring. */
  readonly summary: string;
  readonly parameters: readonly DeclaredPart[];
}

/** One name of an entry. */
export interface DeclaredName {
  readonly name: string;
  readonly kind: NameKind;
  /** `file#name`: the same by whichever entry it comes. */
  readonly id: string;
  readonly file: string;
  /** The docstring's first sentence; empty where there is none. */
  readonly summary: string;
  /** The docstring without its tags. */
  readonly text: string;
  /** `@returns`, `@throws`, `@see` and so on, in their order. */
  readonly tags: readonly { readonly tag: string; readonly text: string }[];
  /** The declaration without its docstring and without private members; the docstrings of its fields are in it. */
  readonly signature: string;
  /** The function itself and its overloads; constructor and public methods of a class. */
  readonly calls: readonly DeclaredCall[];
  /** Of an interface. */
  readonly fields: readonly DeclaredPart[];
  /** Ids of this package's types that the signature mentions. */
  readonly needs: readonly string[];
}

/** What each entry lets out, in the order of its file. */
export type PublicNames = ReadonlyMap<string, readonly DeclaredName[]>;

/**
 * Reads entries and all that they lead to.
 *
 * @param entries files by the name under which they are imported
 * @param read text of a file, undefined where there is none
 */
export function readDeclarations(
  entries: ReadonlyMap<string, string>,
  read: (path: string) => string | undefined = readText,
): PublicNames {
  const program = ts.createProgram([...entries.values()], { noLib: true, types: [] }, hostOf(read));
  const checker = program.getTypeChecker();
  return new Map(
    [...entries].map(([entry, path]) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(path)!);
      if (module === undefined) throw new Error(`${path} exports nothing`);
      return [entry, checker.getExportsOfModule(module).map((symbol) => nameOf(symbol, checker))];
    }),
  );
}

/** The entries of a package with types, by the name under which they are imported. */
export function entriesOf(root: string): ReadonlyMap<string, string> {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    readonly name: string;
    readonly exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  return new Map(
    Object.entries(exports).flatMap(([path, target]) =>
      typeof target === 'string' ? [] : [[join(name, path), join(root, target.types)] as const],
    ),
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** A compiler that sees only what `read` gives, and follows only relative imports: other packages are not ours to judge. */
function hostOf(read: (path: string) => string | undefined): ts.CompilerHost {
  return {
    getSourceFile: (path, version) => {
      const text = read(path);
      return text === undefined ? undefined : ts.createSourceFile(path, text, version, true);
    },
    resolveModuleNameLiterals: (literals, from) =>
      literals.map(({ text }) => {
        if (!text.startsWith('.')) return { resolvedModule: undefined };
        const resolvedFileName = join(dirname(from), text.replace(/\.js$/, '.d.ts'));
        return { resolvedModule: { resolvedFileName, extension: '.d.ts', isExternalLibraryImport: false } };
      }),
    fileExists: (path) => read(path) !== undefined,
    readFile: read,
    getDefaultLibFileName: () => 'lib.d.ts',
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (path) => path,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    writeFile: () => undefined,
  };
}

const resolved = (symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

const idOf = (symbol: ts.Symbol): string => `${symbol.declarations![0]!.getSourceFile().fileName}#${symbol.name}`;

function nameOf(exported: ts.Symbol, checker: ts.TypeChecker): DeclaredName {
  const symbol = resolved(exported, checker);
  const nodes = symbol.declarations ?? [];
  const node = nodes[0];
  if (node === undefined) throw new Error(`${exported.name} is exported, and declared nowhere`);
  return {
    name: exported.name,
    kind: kindOf(node),
    id: idOf(symbol),
    file: node.getSourceFile().fileName,
    ...docOf(node),
    signature: nodes.map(signatureOf).join('\n'),
    calls: nodes.flatMap((declaration) => callsOf(declaration, exported.name)),
    fields: nodes.flatMap(fieldsOf),
    needs: [...new Set(nodes.flatMap((declaration) => neededBy(declaration, checker)))],
  };
}

function kindOf(node: ts.Node): NameKind {
  if (ts.isFunctionDeclaration(node)) return 'function';
  if (ts.isClassDeclaration(node)) return 'class';
  if (ts.isInterfaceDeclaration(node)) return 'interface';
  return ts.isTypeAliasDeclaration(node) ? 'type' : 'constant';
}

const isPrivate = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword);

/** The docstring stands before the statement, not before the variable in it. */
const statementOf = (node: ts.Node): ts.Node => (ts.isVariableDeclaration(node) ? node.parent.parent : node);

const flat = (text: string): string => text.replace(/\s+/g, ' ').trim();

function docOf(node: ts.Node): Pick<DeclaredName, 'summary' | 'text' | 'tags'> {
  const doc = ts.getJSDocCommentsAndTags(statementOf(node)).filter(ts.isJSDoc).at(-1);
  const text = ts.getTextOfJSDocComment(doc?.comment)?.trim() ?? '';
  const tags = (doc?.tags ?? [])
    .filter((tag) => !ts.isJSDocParameterTag(tag))
    .map((tag) => ({ tag: tag.tagName.text, text: textOfTag(tag) }));
  return { text, summary: firstSentence(text), tags };
}

/** A `@throws {Kind} why` keeps its kind. */
function textOfTag(tag: ts.JSDocTag): string {
  const kind = ts.isJSDocThrowsTag(tag) ? tag.typeExpression?.type.getText() : undefined;
  return flat(`${kind === undefined ? '' : `\`${kind}\` `}${ts.getTextOfJSDocComment(tag.comment) ?? ''}`);
}

/** Up to the first full stop with a gap behind it; the whole first paragraph where there is none. */
export function firstSentence(text: string): string {
  const paragraph = flat(text.split(/\n\s*\n/)[0]!);
  return /^.*?[.!?](?=\s|$)/.exec(paragraph)?.[0] ?? paragraph;
}

/** Without what a class keeps to itself. */
function signatureOf(node: ts.Node): string {
  const statement = statementOf(node);
  const from = statement.getStart();
  const privates = ts.isClassDeclaration(node) ? node.members.filter(isPrivate) : [];
  let text = statement.getText();
  for (const { pos, end } of [...privates].reverse()) text = text.slice(0, pos - from) + text.slice(end - from);
  return text.replace(/^export (declare )?/, '');
}

type CallNode = ts.FunctionDeclaration | ts.ConstructorDeclaration | ts.MethodDeclaration;

function callsOf(node: ts.Node, name: string): readonly DeclaredCall[] {
  if (ts.isFunctionDeclaration(node)) return [callOf(node, name)];
  if (!ts.isClassDeclaration(node)) return [];
  return node.members.flatMap((member) => {
    if (isPrivate(member)) return [];
    if (ts.isConstructorDeclaration(member)) return [callOf(member, `new ${name}`)];
    return ts.isMethodDeclaration(member) ? [callOf(member, `${name}.${member.name.getText()}`)] : [];
  });
}

function callOf(node: CallNode, name: string): DeclaredCall {
  const parameters = node.parameters.map((parameter) => ({
    name: parameter.name.getText(),
    type: parameter.type?.getText() ?? 'any',
    isOptional: parameter.questionToken !== undefined,
    text: textsOfParameter(node, parameter),
  }));
  return { name, summary: docOf(node).summary, parameters };
}

/** Its `@param`, and those of its members: `@param options.reach`. */
function textsOfParameter(node: CallNode, parameter: ts.ParameterDeclaration): string {
  const name = parameter.name.getText();
  const tags = ts.getJSDocTags(node).filter(ts.isJSDocParameterTag);
  const own = tags.filter((tag) => tag.name.getText() === name);
  const members = tags.filter((tag) => tag.name.getText().startsWith(`${name}.`));
  const textOf = (tag: ts.JSDocParameterTag): string => flat(ts.getTextOfJSDocComment(tag.comment) ?? '');
  return [...own.map(textOf), ...members.map((tag) => `\`${tag.name.getText()}\` ${textOf(tag)}`)].join('; ');
}

function fieldsOf(node: ts.Node): readonly DeclaredPart[] {
  if (!ts.isInterfaceDeclaration(node)) return [];
  return node.members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(),
    type: member.type?.getText() ?? 'any',
    isOptional: member.questionToken !== undefined,
    text: flat([docOf(member).text, ...docOf(member).tags.map(({ tag, text }) => `@${tag} ${text}`)].join(' ')),
  }));
}

/** Types of this package that a declaration mentions; what `typeof` makes a type of is not a type's name. */
function neededBy(declaration: ts.Node, checker: ts.TypeChecker): readonly string[] {
  const needs: string[] = [];
  const visit = (node: ts.Node): void => {
    if (isPrivate(node) || ts.isJSDoc(node) || ts.isTypeQueryNode(node)) return;
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : undefined;
    const symbol = name && checker.getSymbolAtLocation(name);
    const target = symbol && resolved(symbol, checker);
    const at = target?.declarations?.[0];
    if (at !== undefined && !ts.isTypeParameterDeclaration(at)) needs.push(idOf(target!));
    ts.forEachChild(node, visit);
  };
  ts.forEachChild(declaration, visit);
  return needs;
}
