/** The measured parts of docs/validation.md: one table for each title of a `validation.md`, and first what is missed. */

/**
 * @param text of the `validation.md` that `respine validate --out DIR` writes
 * @param date of that run
 * @returns parts by name: `missed`, and `measured-TITLE` with the title in lower case and hyphens
 */
export function validationParts(text: string, date: Date): ReadonlyMap<string, string> {
  const parts = new Map<string, string>();
  for (const section of text.split(/^## /m).slice(1)) {
    const [title, ...rest] = section.split('\n');
    parts.set(`measured-${slug(title!)}`, rest.join('\n').trim());
  }
  const missed = text.split('\n').filter((line) => line.includes('**missed**'));
  const day = date.toISOString().slice(0, 10);
  const lines = missed.map((line) => {
    const [quantity, , deviation, allowed, , , where] = line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return `- ${quantity}: ${deviation}, allowed ${allowed} (${where})`;
  });
  const head = `The sections below are what \`respine validate\` wrote on ${day}, with the reference folder.`;
  parts.set('missed', lines.length === 0 ? `${head} No line is missed.` : `${head} **Missed**:\n\n${lines.join('\n')}`);
  return parts;
}

const slug = (title: string): string => title.toLowerCase().replace(/[^a-z0-9]+/g, '-');
