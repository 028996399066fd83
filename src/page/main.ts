/** The script of a report: planes to scroll through, DVHs to read. `npm run build` makes one file of it. */
import type { ViewData } from '../report/html/view-types.js';
import { startDvh } from './dvh-reading.js';
import { startViewer } from './viewer.js';
import { element } from './volumes.js';

const page = document.documentElement;
page.classList.add('scripted');
const data = JSON.parse(element('data').textContent!) as ViewData;
startDvh(data);
startViewer(data).then(
  () => page.classList.add('drawn'),
  (cause: unknown) => {
    element('place').textContent =
      `The planes cannot be drawn (${cause instanceof Error ? cause.message : String(cause)}). Open the report in a browser of 2023 or later.`;
  },
);
