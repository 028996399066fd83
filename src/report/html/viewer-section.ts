/** Three planes to scroll through: the places that the page's script draws into. */
import { gray } from '../../render/dose-legend.js';
import { levelColor } from '../../render/dose-wash.js';
import { check } from './dvh-figure.js';
import { html, list, type Markup, section } from './markup.js';
import { labelOf } from './verdict-section.js';
import type { ViewData } from './view-types.js';

const PLANES = ['axial', 'sagittal', 'coronal'] as const;

/** CT windows, level and width in HU; the first is that of the pictures. */
const WINDOWS = [
  ['spine', 100, 900],
  ['soft tissue', 40, 400],
  ['bone', 400, 1800],
  ['lung', -500, 1500],
] as const;

export function viewerSection(data: Omit<ViewData, 'frame'>, notes: readonly string[]): Markup {
  return section(
    'planes',
    'Planes',
    html`<noscript><p>Planes are drawn by the page's script, which is off here.</p></noscript>
<div class="script controls">
<fieldset><legend>Dose</legend>${data.doses.map(
      ({ technique }, t) =>
        html`<label><input type="radio" name="technique" value="${t}" id="technique-${t}"${t === data.doses.length - 1 ? html` checked` : ''}> ${labelOf({ technique })}</label>
`,
    )}${check('show-wash', 'Colour wash')}${check('show-isodoses', 'Isodose lines')}</fieldset>
<fieldset><legend>CT window</legend>${WINDOWS.map(
      ([name, level, width], w) =>
        html`<label><input type="radio" name="window" value="${level} ${width}"${w === 0 ? html` checked` : ''}> ${name} (${level}/${width})</label>
`,
    )}</fieldset>
<fieldset><legend>Structures</legend>${data.structures.map(({ name, color, dash }, s) => check(`show-structure-${s}`, name, color, dash))}<button type="button" id="show-all">all</button> <button type="button" id="show-none">none</button></fieldset>
</div>
<div class="views script">${PLANES.map(planeFigure)}</div>
<div class="script"><output id="place">&nbsp;</output><p class="small" id="pointed">Pointer: over no image.</p></div>
${isodoseKey(data)}
<p class="small">Scroll over an image, use its slider, or focus it: arrow keys move the cross, Page Up and Page Down the slice. Click to move the cross. Axial seen from the feet, sagittal from the patient's left, coronal from the front; LPS, mm. Doses read here are interpolated between voxels to ${data.doses.map(({ step }) => step.toFixed(2))[0]} Gy; the tables hold the metrics.</p>
${list(notes)}`,
  );
}

const planeFigure = (plane: string): Markup =>
  html`<figure class="${plane}"><figcaption>${plane[0]!.toUpperCase()}${plane.slice(1)} <span id="${plane}-at"></span></figcaption>
<canvas id="${plane}" width="600" height="400" role="application" tabindex="0" aria-label="${plane} plane: arrow keys move the cross, Page Up and Page Down the slice"></canvas>
<label>Slice <input type="range" id="${plane}-slice" min="0" max="1" value="0" step="1"></label></figure>
`;

function isodoseKey({ levels, prescription }: Omit<ViewData, 'frame'>): Markup {
  const sorted = [...levels].sort((a, b) => b - a);
  return html`<ul class="key" aria-label="Isodoses">${sorted.map(
    (percent) =>
      html`<li><svg class="swatch" width="18" height="10" aria-hidden="true"><rect width="18" height="10" fill="${levelColor(percent)}"/></svg> ${percent} % = ${gray((percent / 100) * prescription)} Gy</li>`,
  )}</ul>
`;
}
