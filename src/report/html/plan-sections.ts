/** What a plan was made under, what is proven of it, how it is delivered, and what it rests on. */
import { toDecimals } from '../../core/rounding.js';
import type { StructureReport } from '../../plan/evaluation/evaluate-plan.js';
import { askedConstraints } from './asked-sections.js';
import { bounded, type Content, figure, html, list, type Markup, raw, section, table } from './markup.js';
import type { CertificateEntry, PlanEntry, PlanJson } from './plan-json.js';
import { labelOf, percentOf } from './verdict-section.js';

/** Volume and metrics of every structure in every plan. */
export function metricSection({ plans }: PlanJson): Markup {
  return section(
    'metrics',
    'Structures',
    plans.flatMap((plan) => [
      metricTable(plan, 'targets', ({ role }) => role === 'target'),
      metricTable(plan, 'organs and others', ({ role }) => role !== 'target'),
    ]),
  );
}

/** Targets and organs have other metrics. */
function metricTable(plan: PlanEntry, what: string, isOf: (own: StructureReport) => boolean): Markup | undefined {
  const structures = plan.structures.filter(isOf);
  if (structures.length === 0) return undefined;
  const keys = [...new Set(structures.flatMap(({ metrics }) => Object.keys(metrics)))];
  return table({
    caption: `${labelOf(plan)}: ${what}, as they are drawn`,
    head: ['Structure', 'Volume [cc]', ...keys.map((key) => key.replace('[', ' ['))],
    rows: structures.map(({ name, volumeCc, metrics, errorBounds, remarks = [] }) => [
      html`${name}${remarks.map((remark) => html`<br><small>${remark}</small>`)}`,
      figure(volumeCc, 2),
      ...keys.map((key) => (metrics[key] === undefined ? '' : bounded(metrics[key], errorBounds[key], 2, ''))),
    ]),
  });
}

/** Constraints with where they come from, and the certificate of each plan. */
export function proofSection({ plans }: PlanJson): Markup {
  const row = (name: string, of: (own: CertificateEntry) => Content): readonly Content[] => [
    name,
    ...plans.map(({ certificate }) => of(certificate)),
  ];
  const names = [...new Set(plans.flatMap(({ constraints }) => constraints.map(({ name }) => name)))];
  return section(
    'proof',
    'Constraints and certificate',
    names.length > 0 &&
      table({
        caption: 'Constraints, each in every voxel',
        head: ['Constraint', ...plans.map(labelOf), 'Set by'],
        rows: names.map((name) => {
          const own = plans.map(({ constraints }) => constraints.find((constraint) => constraint.name === name));
          const first = own.find((constraint) => constraint !== undefined)!;
          return [
            name,
            ...own.map((found) =>
              found
                ? html`${found.force}<br><small>strictest in ${found.strictest} of ${found.voxels} voxels</small>`
                : '–',
            ),
            html`<small>${first.field}, ${first.basis}</small>`,
          ];
        }),
      }),
    askedConstraints(plans),
    table({
      caption: 'Certificate: how far a plan may be from the best one',
      head: ['Certificate', ...plans.map(labelOf)],
      rows: [
        row('above the best possible, at most', ({ gap }) => percentOf(gap)),
        row('proven', ({ isProven }) => (isProven ? 'yes' : 'no')),
        row('objective', ({ value }) => figure(value, 3)),
        row('proven lower bound', ({ lowerBound }) => figure(lowerBound, 3)),
        row('of', ({ of, isConvex }) => `${of}${isConvex ? '' : ', without its terms that are not convex'}`),
        row('problem', ({ problem }) => problem),
        row('largest difference from the reported dose', (own) => figure(own.largestDifference, 6, 'Gy')),
        row('price of constraints', ({ shadowPrices }) => shadowPrices.map(priceOf)),
        row('objective in full', ({ objective }) => html`<small>${objective}</small>`),
      ],
    }),
  );
}

const priceOf = ({ limit, objectivePerGy, active }: CertificateEntry['shadowPrices'][number]): Markup =>
  html`<span class="line">${limit}: ${active.length} voxels hold; one Gy more buys up to ${figure(objectivePerGy, 2)} of the objective</span>`;

/** Monitor units, segments and time of all and of each field, then the beam's-eye views. */
export function deliverySection({ plans }: PlanJson, views: readonly (readonly [name: string, svg: string])[]): Markup {
  return section(
    'delivery',
    'Delivery',
    plans.map(deliverySentence),
    plans.map(fieldTable),
    html`<h3>Beam's-eye views</h3>
<div class="beams">${views.map(viewOf)}</div>
`,
  );
}

function deliverySentence(plan: PlanEntry): Markup {
  const { delivery: own } = plan;
  if (own === undefined) {
    return html`<p><strong>${labelOf(plan)}:</strong> planned as fluence, which no linac delivers as it stands; nothing is said of monitor units and time.</p>`;
  }
  const { doseRate, leafSpeed, gantrySpeed } = own.at;
  return html`<p><strong>${labelOf(plan)}</strong>, ${own.kind}: ${figure(own.segments, 0)} segments, ${figure(own.monitorUnitsPerFraction, 1)} MU a fraction (${figure(own.monitorUnitsPerGray, 1)} MU per Gy), ${figure(own.secondsPerFraction, 0)} s a fraction, ${figure(own.beamOnSeconds, 0)} s of it beam, at ${doseRate} MU/min, leaves ${leafSpeed} mm/s, gantry ${gantrySpeed} degrees/s; mean area ${figure(own.meanAreaCm2, 1)} cm², complexity score ${figure(own.complexity, 2)} (1: an open rectangle).</p>
`;
}

/** More fields than that, as of an arc, are folded away. */
const MOST_FIELDS = 30;

function fieldTable(plan: PlanEntry): Markup {
  const { length } = plan.fields;
  if (length <= MOST_FIELDS) return allFields(plan);
  return html`<p>${labelOf(plan)} has ${length} fields, which plan.json lists too.</p>
<details><summary>${labelOf(plan)}: all ${length} fields</summary>${allFields(plan)}</details>
`;
}

/** As it stands in plan.json, without the decimals that an angle between two may have. */
const angle = (degrees: number): Markup => html`<data value="${degrees}">${toDecimals(degrees, 1)}</data>`;

function allFields(plan: PlanEntry): Markup {
  const isDelivered = plan.fields.some(({ segments }) => segments !== undefined);
  const more = ['Segments', 'Mean area [cm²]', 'Complexity', 'Time of a fraction [s]'];
  return table({
    caption: `${labelOf(plan)}: fields`,
    head: ['Field', 'Gantry [°]', 'Collimator [°]', 'Couch [°]', 'MU of the course', ...(isDelivered ? more : [])],
    rows: plan.fields.map((own) => [
      own.name,
      angle(own.gantry),
      angle(own.collimator),
      angle(own.couch),
      figure(own.monitorUnits, 1),
      ...(isDelivered
        ? [
            figure(own.segments, 0),
            figure(own.meanAreaCm2, 1),
            figure(own.complexity, 2),
            figure(own.secondsPerFraction, 1),
          ]
        : []),
    ]),
  });
}

/** A picture of others' making, named for who hears it; nothing in it is reached by its own. */
function viewOf([name, svg]: readonly [string, string]): Markup {
  const [, technique = '', number = ''] = /^field_(\w+?)_0*(\d+)$/.exec(name) ?? [];
  const label = html`role="img" aria-label="Beam's-eye view, ${technique.toUpperCase()} field ${number}" `;
  return html`<figure>${raw(svg.replace('<svg ', () => `<svg ${label.text}`))}</figure>`;
}

/** What the plan rests on, and how it is made again. */
export function provenanceSection(plan: PlanJson): Markup {
  const { plans, inputs, software, isocenter, doseGrid, planningGrid } = plan;
  return section(
    'provenance',
    'Provenance',
    table({
      caption: 'SHA-256 of what the plan was made of, and of its doses',
      head: ['What', 'SHA-256'],
      rows: [
        ...Object.entries(inputs).map(([role, hash]) => [role, code(hash)]),
        ...plans.flatMap((own) =>
          own.dose === undefined
            ? []
            : [[`dose of ${labelOf(own)}, its values (Float32, x-fastest)`, code(own.dose.sha256)]],
        ),
        ...plans.flatMap((own) =>
          own.fluence === undefined
            ? []
            : [[`fields of ${labelOf(own)}, ${own.fluence.file}`, code(own.fluence.sha256)]],
        ),
      ],
    }),
    list([
      `Made by ${software}.`,
      `Isocentre, LPS: ${isocenter.map((mm) => mm.toFixed(1)).join(', ')} mm.`,
      `Dose grid: ${doseGrid}${planningGrid ? `; of target and cord ${planningGrid.grid}` : ''}.`,
    ]),
    html`<details><summary>The case, as it was planned</summary><pre tabindex="0">${JSON.stringify(plan.case, null, 2)}</pre></details>
`,
  );
}

const code = (text: string): Markup => html`<code>${text}</code>`;
