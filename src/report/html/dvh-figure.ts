/** The DVHs of a page: a static figure, whose curves the page's script finds by their order. */
import { cssColor } from '../../render/colour.js';
import { FAINT, svgDocument, text } from '../../render/figure.js';
import { chartFrame, lineChart } from '../../render/line-chart.js';
import { html, type Markup, raw, section } from './markup.js';
import { labelOf } from './verdict-section.js';
import type { DvhFrame, ViewedCurve } from './view-types.js';

const WIDTH = 920;
const HEIGHT = 520;
const MAX_PERCENT = 104;

/** A line marked over the whole height. */
export interface DvhLine {
  readonly label: string;
  /** Gy */
  readonly dose: number;
}

export function dvhFrame(curves: readonly ViewedCurve[], lines: readonly DvhLine[]): DvhFrame {
  const frame = chartFrame({ width: WIDTH, height: HEIGHT, top: 20, key: 0, bottom: 20 });
  const highest = [...curves.map(({ dose }) => dose.at(-1)!), ...lines.map(({ dose }) => dose), 1];
  return { ...frame, maxDose: 1.04 * Math.max(...highest), maxPercent: MAX_PERCENT };
}

/** Dashes of a technique that is not the last: the last is drawn solid. */
const DASH = '7 4';

/** Curves, a key that turns them on and off, and the place where the script tells what is under the pointer. */
export function dvhSection(
  curves: readonly ViewedCurve[],
  lines: readonly DvhLine[],
  frame: DvhFrame,
  doseUnits: string,
): Markup {
  const techniques = [...new Set(curves.map(({ technique }) => technique))];
  const structures = [...new Map(curves.map(({ structure, color }) => [structure, color]))];
  const chart = lineChart(
    frame,
    { min: 0, max: frame.maxDose, name: `Dose [${doseUnits}]`, ticks: 10 },
    { min: 0, max: MAX_PERCENT, name: 'Volume [%]', ticks: 10 },
  );
  const drawn = curves.map(({ technique, dose, percent, color }, c) => {
    const points = dose.map((gray, i) => [gray, percent[i]!] as const);
    const dash = technique === techniques.at(-1) ? '' : DASH;
    return `<g id="curve-${c}">${chart.curve(points, { stroke: cssColor(color), width: 2, dash })}</g>`;
  });
  const marked = lines.map(
    ({ label, dose }, l) =>
      chart.upright(dose, { stroke: FAINT, width: 1.2, dash: '2 3' }) +
      text(chart.x(dose) - 5, frame.top + 14 + 14 * l, label, {
        size: 11.5,
        anchor: 'end',
        fill: FAINT,
        halo: '#ffffff',
      }),
  );
  const svg = svgDocument(WIDTH, HEIGHT, chart.svg(drawn.join('') + marked.join('')) + '<g id="dvh-mark"/>');
  return section(
    'dvh',
    'Dose-volume histograms',
    html`<div id="dvh-plot" role="application" tabindex="0" aria-label="Dose-volume histograms: left and right move along a curve, up and down go to another" aria-describedby="dvh-help">${raw(
      svg.replace('<svg ', '<svg aria-hidden="true" '),
    )}</div>
<p class="small" id="dvh-help">${techniques.map((technique, t) => `${labelOf({ technique })} ${t < techniques.length - 1 ? 'dashed' : 'solid'}`).join(', ')}. Point at a curve, or focus the figure and press arrow keys, to read a row of dvh.csv.</p>
<output id="dvh-reading">&nbsp;</output>
<fieldset class="script"><legend>Curves</legend>${techniques.map((technique) =>
      check(`dvh-technique-${technique}`, labelOf({ technique })),
    )}${structures.map(([name, color], s) => check(`dvh-structure-${s}`, name, color))}</fieldset>
`,
  );
}

/** A box to tick, ticked, with the line of what it shows. @param dash as in SVG */
export const check = (id: string, label: string, color?: string, dash = ''): Markup =>
  html`<label><input type="checkbox" id="${id}" checked>${color && swatch(color, dash)} ${label}</label>
`;

const swatch = (color: string, dash: string): Markup =>
  html`<svg width="30" height="10" aria-hidden="true"><path d="M0 5H30" stroke="${color}" stroke-width="4" stroke-dasharray="${dash}"/></svg>`;
