/** Every name that a source file declares: variables, parameters, fields, methods, functions, classes and types. */
import { type ParserOptions, parse } from '@babel/parser';

type Tree = any;

const options: ParserOptions = { sourceType: 'module', plugins: ['typescript'] };

export function namesIn(source: string): ReadonlySet<string> {
  const found = new Set<string>();
  const bind = (pattern: Tree): void => {
    if (pattern === null || pattern === undefined) return;
    if (pattern.type === 'Identifier') found.add(pattern.name);
    else if (pattern.type === 'ObjectPattern') for (const p of pattern.properties) bind(p.argument ?? p.value);
    else if (pattern.type === 'ArrayPattern') pattern.elements.forEach(bind);
    else if (pattern.type === 'AssignmentPattern') bind(pattern.left);
    else if (pattern.type === 'RestElement') bind(pattern.argument);
    else if (pattern.type === 'TSParameterProperty') bind(pattern.parameter);
  };
  const visit = (node: Tree): void => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      node.forEach(visit);
      return;
    }
    if (/^(Function|Class|TSInterface|TSTypeAlias|TSEnum)\w*Declaration$|^VariableDeclarator$/.test(node.type ?? '')) {
      bind(node.id);
    }
    if (/^(TSPropertySignature|TSMethodSignature|ClassProperty|ClassMethod)$/.test(node.type ?? '')) bind(node.key);
    for (const parameter of node.params ?? []) bind(parameter);
    for (const [key, value] of Object.entries(node)) if (key !== 'loc') visit(value);
  };
  visit(parse(source, options).program);
  return found;
}

/** `cordCapOrigin` is cord, cap, origin. */
export const wordsOf = (name: string): readonly string[] => name.split(/(?=[A-Z])|_/).map((word) => word.toLowerCase());
