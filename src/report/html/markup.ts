/**
 * Markup that is safe to stand in a page: whatever is put between the tags of a template is escaped, unless it is markup itself.
 */
import { escapeXml } from '../../render/figure.js';
import { shownBound } from '../numbers.js';

/** Text that is markup. */
export class Markup {
  constructor(readonly text: string) {}
}

/** What may stand between tags; nothing where it is undefined or false. */
export type Content = Markup | string | number | undefined | false | null | readonly Content[];

/** A template of markup: `` html`<p>${name}</p>` ``. */
export function html(strings: TemplateStringsArray, ...contents: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, string, i) => text + textOf(contents[i - 1]) + string));
}

/** Markup that others have made: figures in SVG, whose text is escaped already. */
export const raw = (text: string): Markup => new Markup(text);

function textOf(content: Content): string {
  if (content === undefined || content === false || content === null) return '';
  if (content instanceof Markup) return content.text;
  return typeof content === 'object' ? content.map(textOf).join('') : escapeXml(String(content));
}

/** JSON that may stand inside a script element: nothing in it ends the element or opens a comment. */
export const scriptJson = (value: unknown): Markup => raw(JSON.stringify(value).replaceAll('<', '\\u003c'));

export interface Table {
  readonly caption: string;
  readonly head: readonly Content[];
  /** The first cell of each names the row. */
  readonly rows: readonly (readonly Content[])[];
}

/** A table with a caption, whose columns and rows are named for who hears it; it scrolls where the page is narrow. */
export function table({ caption, head, rows }: Table): Markup {
  return html`<div class="wide" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${head.map((cell) => html`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>${rows.map(
    ([first, ...cells]) => html`<tr><th scope="row">${first}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`,
  )}</tbody></table></div>
`;
}

/** A list of sentences; nothing where there are none. */
export const list = (sentences: readonly Content[]): Markup | undefined =>
  sentences.length === 0
    ? undefined
    : html`<ul>${sentences.map((sentence) => html`<li>${sentence}</li>`)}</ul>
`;

/** A part of the page under its heading. */
export const section = (id: string, title: string, ...contents: readonly Content[]): Markup =>
  html`<section id="${id}" aria-labelledby="${id}-title"><h2 id="${id}-title">${title}</h2>
${contents}</section>
`;

/** A verdict in words, with a colour that only repeats them. */
export function verdictMark(result: string): Markup {
  const [kind, word] = {
    pass: ['good', 'pass'],
    variation: ['fair', 'variation'],
    fail: ['bad', 'FAIL'],
    'not evaluable': ['bad', 'not evaluable'],
  }[result] ?? ['fair', result];
  return html`<span class="mark ${kind}">${word}</span>`;
}

/** A number as it is in plan.json, shown with so many decimals; a dash where there is none. */
export function figure(value: number | null | undefined, digits: number, unit = ''): Markup {
  if (value === null || value === undefined) return html`–`;
  return html`<data value="${value}">${value.toFixed(digits)}</data>${unit === '' ? '' : ` ${unit}`}`;
}

/** The same with how far off it may be to either side. */
export const bounded = (value: number, bound: number | null | undefined, digits: number, unit: string): Markup =>
  bound === undefined
    ? figure(value, digits, unit)
    : html`<span class="whole"><data value="${value}">${value.toFixed(digits)}</data> ±${bound === null ? '?' : shownBound(bound)}</span> ${unit}`;
