/**
 * All mutants of a TypeScript source: one operator, constant or condition changed, found in its syntax tree.
 *
 * What is only said stays: types, and the text and numbers of what is thrown.
 */
import { parseAst } from 'vitest/node';

const BINARY = {
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
};
const ASSIGNMENT = { '+=': '-=', '-=': '+=', '*=': '/=', '/=': '*=' };
const LOGICAL = { '&&': '||', '||': '&&' };
const CALL = { min: 'max', max: 'min', floor: 'ceil', ceil: 'floor', sqrt: 'abs', exp: 'abs' };

/**
 * @param {string} source
 * @returns {{ start: number, end: number, line: number, from: string, to: string }[]} in the order of the source
 */
export function mutantsOf(source) {
  const found = [];
  const add = (start, end, to) => {
    const line = source.slice(0, start).split('\n').length;
    found.push({ start, end, line, from: source.slice(start, end), to });
  };
  /** The operator's own place, between its operands. */
  const replaceOperator = ({ left, right, operator }, to) => {
    const start = source.indexOf(operator, left.end);
    if (start >= 0 && start + operator.length <= right.start) add(start, start + operator.length, to);
  };
  const condition = (test) => {
    for (const value of ['true', 'false']) add(test.start, test.end, value);
  };
  const visit = (node, parent) => {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const child of node) visit(child, parent);
      return;
    }
    const { type } = node;
    if (typeof type !== 'string' || isOnlySaid(node, parent)) return;
    if (type === 'BinaryExpression' && !isText(node))
      for (const to of BINARY[node.operator] ?? []) replaceOperator(node, to);
    if (type === 'LogicalExpression' && node.operator in LOGICAL) replaceOperator(node, LOGICAL[node.operator]);
    if (type === 'AssignmentExpression' && node.operator in ASSIGNMENT)
      replaceOperator(node, ASSIGNMENT[node.operator]);
    if (type === 'IfStatement' || type === 'ConditionalExpression') condition(node.test);
    if (type === 'UnaryExpression' && (node.operator === '!' || node.operator === '-'))
      add(node.start, node.start + 1, '');
    if (type === 'CallExpression') {
      const { callee } = node;
      const isMath = callee.type === 'MemberExpression' && callee.object.name === 'Math' && !callee.computed;
      if (isMath && Object.hasOwn(CALL, callee.property.name))
        add(callee.property.start, callee.property.end, CALL[callee.property.name]);
    }
    if (type === 'Literal') {
      if (typeof node.value === 'number') add(node.start, node.end, otherNumber(node.value));
      if (typeof node.value === 'boolean') add(node.start, node.end, String(!node.value));
    }
    for (const key of Object.keys(node)) if (key !== 'type') visit(node[key], node);
  };
  visit(parseAst(source, { lang: 'ts' }).body, undefined);
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** Types, imports, thrown errors, texts, and the keys of objects. */
function isOnlySaid(node, parent) {
  const { type } = node;
  if (/^(Import|Export(All|Specifier)|ThrowStatement|TemplateLiteral|TSType|TSInterface)/.test(type)) return true;
  return parent?.type === 'Property' && node === parent.key && !parent.computed;
}

/** A sum of texts. */
const isText = ({ left, right }) =>
  [left, right].some((side) => side.type === 'TemplateLiteral' || typeof side.value === 'string');

/** Whole numbers one up, 1 to 0; others doubled. */
function otherNumber(value) {
  if (value === 1) return '0';
  return String(Number.isInteger(value) && Math.abs(value) < 1000 ? value + 1 : 2 * value);
}
