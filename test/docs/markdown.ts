/** What the documentation's tests read of a Markdown page. */

export interface CodeBlock {
  /** First line of the code, from 1. */
  readonly line: number;
  readonly language: string;
  /** Marked as one that is run: ```` ```ts run ````. */
  readonly isRun: boolean;
  readonly code: string;
}

const fence = /^ *```/;

export function codeBlocks(page: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { readonly line: number; readonly info: readonly string[]; readonly code: string[] } | undefined;
  for (const [n, text] of page.split('\n').entries()) {
    if (!fence.test(text)) open?.code.push(text);
    else if (open === undefined) open = { line: n + 2, info: text.trim().slice(3).split(' '), code: [] };
    else {
      const { line, info, code } = open;
      blocks.push({ line, language: info[0]!, isRun: info.includes('run'), code: `${code.join('\n')}\n` });
      open = undefined;
    }
  }
  if (open !== undefined) throw new Error(`the code that begins in line ${open.line} has no end`);
  return blocks;
}

/** The lines outside of code; empty ones take the place of the rest. */
function proseOf(page: string): string[] {
  let isCode = false;
  return page.split('\n').map((line) => {
    if (fence.test(line)) {
      isCode = !isCode;
      return '';
    }
    return isCode ? '' : line;
  });
}

/** Targets of links and pictures, without those that name a host. */
export function linksOf(page: string): string[] {
  const prose = proseOf(page)
    .join('\n')
    .replace(/`[^`\n]*`/g, '');
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** The anchors that a page's headings get where Markdown is shown: as GitHub makes them. */
export function headingAnchors(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of proseOf(page)) {
    const heading = /^#{1,6} (.*)$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const anchor = heading
      .trim()
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-');
    let unique = anchor;
    for (let n = 1; anchors.has(unique); n++) unique = `${anchor}-${n}`;
    anchors.add(unique);
  }
  return anchors;
}
