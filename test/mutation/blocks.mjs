/**
 * The blocks of a TypeScript source: what runs or does not run as one, so that a test is known to reach a mutant.
 *
 * A function's body, a branch, a loop's body, the second operand of && and ||, and a branch of a condition; block 0 is the
 * source itself, which runs when it is imported.
 */
import { parseAst } from 'vitest/node';

const STATEMENT = 'statement';
const EXPRESSION = 'expression';

/** @returns {{ start: number, end: number, kind: string }[]} an enclosing block before what it holds */
export function blocksOf(source) {
  const found = [{ start: 0, end: source.length, kind: 'source' }];
  const add = (node, kind) => {
    if (node) found.push({ start: node.start, end: node.end, kind });
  };
  const body = (node) => add(node, node?.type === 'BlockStatement' ? 'block' : STATEMENT);
  const visit = (node) => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const child of node) visit(child);
      return;
    }
    const { type } = node;
    if (typeof type === 'string') {
      if (/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(type) && node.body)
        add(node.body, node.body.type === 'BlockStatement' ? 'block' : EXPRESSION);
      if (type === 'IfStatement') {
        body(node.consequent);
        body(node.alternate);
      }
      if (/^(For|ForOf|ForIn|While|DoWhile)Statement$/.test(type)) body(node.body);
      if (type === 'ConditionalExpression') {
        add(node.consequent, EXPRESSION);
        add(node.alternate, EXPRESSION);
      }
      if (type === 'LogicalExpression') add(node.right, EXPRESSION);
      if (type === 'SwitchCase' && node.consequent.length > 0)
        found.push({ start: node.consequent[0].start, end: node.end, kind: 'case' });
    }
    for (const key of Object.keys(node)) if (key !== 'type') visit(node[key]);
  };
  visit(parseAst(source, { lang: 'ts' }).body);
  return found.sort((a, b) => a.start - b.start || b.end - a.end);
}

/** The number of the innermost block that holds a place. */
export function blockAt(blocks, place) {
  let inner = 0;
  for (let i = 1; i < blocks.length; i++) {
    const { start, end } = blocks[i];
    if (start <= place && place < end && end - start <= blocks[inner].end - blocks[inner].start) inner = i;
  }
  return inner;
}

/** The source with a mark in every block, on the lines that it had: block i sets globalThis.__seen[first + i]. */
export function markBlocks(source, first) {
  const marks = [];
  blocksOf(source).forEach(({ start, end, kind }, i) => {
    const mark = `__seen[${first + i}]=1`;
    if (kind === 'source') marks.push([0, 0, `const __seen=globalThis.__seen;${mark};`]);
    else if (kind === 'block') marks.push([start + 1, 1, `${mark};`]);
    else if (kind === 'case') marks.push([start, 1, `${mark};`]);
    else {
      const isStatement = kind === STATEMENT;
      marks.push([start, 1, isStatement ? `{${mark};` : `(${mark},`]);
      marks.push([end, -1, isStatement ? '}' : ')']);
    }
  });
  let marked = '';
  let from = 0;
  // What ends at a place is closed before anything opens there; sorting keeps the order of the rest.
  for (const [place, , text] of marks.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    marked += source.slice(from, place) + text;
    from = place;
  }
  return marked + source.slice(from);
}
