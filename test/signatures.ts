/** Every function of a source file, with its parameters as they are written. */
import { type ParserOptions, parse } from '@babel/parser';

export interface Signature {
  /** Of the function, of what it is assigned to, or of the class and method. */
  readonly name: string;
  readonly line: number;
  /** Source text of each parameter. */
  readonly parameters: readonly string[];
}

type Tree = any;

const options: ParserOptions = { sourceType: 'module', plugins: ['typescript'] };

/** Functions, methods, constructors and arrow functions, whatever they are nested in; types of functions count too. */
export function signaturesIn(source: string): Signature[] {
  const found: Signature[] = [];
  const visit = (node: Tree, name: string): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const each of node) visit(each, name);
      return;
    }
    const own = node.id?.name ?? node.key?.name ?? name;
    const parameters: Tree[] | undefined = parametersOf(node);
    if (parameters !== undefined) {
      found.push({
        name: own,
        line: node.loc.start.line,
        parameters: parameters.map(({ start, end }) => source.slice(start, end)),
      });
    }
    for (const [key, value] of Object.entries(node)) if (!['loc', 'id', 'key'].includes(key)) visit(value, own);
  };
  visit(parse(source, options).program, '(file)');
  return found;
}

function parametersOf(node: Tree): Tree[] | undefined {
  return /Function|Method/.test(node.type) ? (node.params ?? node.parameters) : undefined;
}
