/** A small plan and its pictures, by the built package: the same in a page that forbids eval, in Node under the same ban, and without one. */
import * as respine from '../../dist/index.js';
import { createRasterizer } from '../../dist/render/rasterize.js';

/**
 * @param {{ phantom: unknown, wasm: Uint8Array, fonts: Uint8Array[] }} files
 * @returns the names of all pictures, one of them as PNG, and figures of the plan to all their digits
 */
export async function draw({ phantom, wasm, fonts }) {
  const spacing = [6, 6, 6];
  const parameters = { length: 90 };
  const asked = respine.parseCase({
    patient: { phantom: 'spine-t8', target: 'body', parameters },
    doseGrid: { spacing, planning: 6 },
    fcrt: { beams: 'posterior-3' },
  });
  const patient = respine.buildPhantom(respine.parsePhantom(phantom), { target: 'body', spacing, parameters });
  const job = respine.createJob({ case: asked, patient, machine: respine.artiste6mv });
  const result = respine.runPlan(job, { techniques: ['fcrt'] });
  const pictures = respine.planPictures(result);
  const rasterizer = await createRasterizer({ wasm, fonts });
  const png = respine.encodePng(rasterizer.rasterize(pictures.get('axial_fcrt')));
  const { certificate } = result.plans[0].plan.solution;
  return { names: [...pictures.keys()], png, figures: [certificate.value, certificate.lowerBound] };
}

/** Whether code may be compiled from a text here: what the ban must forbid, or the test proves nothing. */
export function isEvalAllowed() {
  try {
    return new Function('return true')();
  } catch {
    return false;
  }
}
