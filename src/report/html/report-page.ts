/**
 * A plan as one HTML file that needs nothing else: no network, no other file, no script but its own.
 *
 * The Content-Security-Policy stands in the page and allows exactly one script and one style, by their hashes; so the page works from
 * a disk as from a server, and nothing that a name in it holds can run.
 */

import type { PlanningResult } from '../../plan/run-plan.js';
import { DISCLAIMER } from '../../render/figure.js';
import { fieldPictures } from '../field-figures.js';
import { planDetails } from '../plan-report.js';
import { gridSection, modelSection, prioritySection, robustSection, targetsSection } from './asked-sections.js';
import { dvhFrame, dvhSection } from './dvh-figure.js';
import { html, type Markup, raw, scriptJson } from './markup.js';
import type { PlanJson } from './plan-json.js';
import { deliverySection, metricSection, proofSection, provenanceSection } from './plan-sections.js';
import { retreatmentSection } from './retreatment-section.js';
import { comparisonSection, sentenceSection, verdictSection } from './verdict-section.js';
import { viewParts } from './view-data.js';
import { viewerSection } from './viewer-section.js';

/** A text with its SHA-256, base64, as a Content-Security-Policy names it. */
export interface HashedText {
  readonly text: string;
  readonly sha256: string;
}

/** What a report runs: its script and its style, which `npm run build` makes of `src/page`. */
export interface PageAssets {
  readonly script: HashedText;
  readonly style: HashedText;
}

/**
 * The report of a result, HTML.
 *
 * @param json what `planReport` makes of the same result: every figure in words and tables is one of it
 */
export function reportPage(result: PlanningResult, json: Record<string, unknown>, assets: PageAssets): string {
  const plan = json as unknown as PlanJson;
  const { data, packed, notes } = viewParts(result);
  const { dose, fractions, to } = plan.case.prescription;
  const lines = [
    { label: `prescribed ${dose} Gy`, dose },
    { label: `cap of ${plan.cord} ${result.case.cordCap} Gy`, dose: result.case.cordCap },
  ];
  const frame = dvhFrame(data.curves, lines);
  const title = `${plan.patient}: ${plan.plans.map(({ technique }) => technique.toUpperCase()).join(' and ')}`;
  const body = html`<body>
<a class="skip" href="#verdict">To the verdict</a>
<header>
<h1>${title}</h1>
<p>${dose} Gy in ${fractions} fractions, ${to === 'isocenter' ? 'at the isocentre' : `${to} of ${plan.target}`}. ${plan.software}.</p>
<p class="notice">${capital(DISCLAIMER)}.</p>
</header>
<main>
${verdictSection(plan)}${comparisonSection(plan)}${retreatmentSection(plan)}${viewerSection(data, notes)}${dvhSection(data.curves, lines, frame, data.doseUnits)}${metricSection(plan)}${targetsSection(plan)}${prioritySection(plan)}${robustSection(plan)}${modelSection(plan)}${gridSection(plan)}${proofSection(plan)}${deliverySection(plan, fieldPictures(result))}${sentenceSection('assumptions', 'Assumptions', plan.assumptions)}${sentenceSection('notes', 'Notes', plan.notes)}${provenanceSection(plan)}<section aria-labelledby="words-title" id="words"><h2 id="words-title">In words</h2>
<details><summary>All that the command line tells of these plans</summary><pre tabindex="0">${planDetails(result)}</pre></details></section>
</main>
<footer><p>${plan.software}. ${capital(DISCLAIMER)}.</p></footer>
<script type="application/json" id="data">${scriptJson({ ...data, frame })}</script>
${[...packed].map(
  ([id, text]) => html`<script type="application/octet-stream" id="${id}">${raw(text)}</script>
`,
)}<script>${raw(assets.script.text)}</script>
</body>
`;
  return `<!doctype html>\n<html lang="en">\n${head(title, assets).text}${body.text}</html>\n`;
}

function head(title: string, { script, style }: PageAssets): Markup {
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${script.sha256}'`,
    `style-src 'sha256-${style.sha256}'`,
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
  return html`<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${raw(style.text)}</style>
</head>
`;
}

const capital = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);
