/**
 * How heavy a web page becomes that plans: minified and as gzip, by package.
 *
 *     npm run bench:page [-- "export { parseCase } from 'respine'" ...]
 */
import { weighPage } from './page/weigh.js';

const given = process.argv.slice(2);
const pages =
  given.length > 0
    ? given
    : [
        "export { runPlan, parseCase } from 'respine'",
        "export { parseCase } from 'respine'",
        "export { caseSchema } from 'respine'",
      ];

const kilobytes = (bytes: number): string => (bytes / 1000).toFixed(1);
console.log('| page | kB minified | kB gzip | by package, kB |\n|---|---|---|---|');
for (const source of pages) {
  const { bytes, gzipBytes, packages } = await weighPage(source);
  const shares = [...packages].map(([name, share]) => `${name} ${kilobytes(share)}`).join(', ');
  console.log(`| \`${source}\` | ${kilobytes(bytes)} | ${kilobytes(gzipBytes)} | ${shares} |`);
}
