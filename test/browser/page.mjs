/** The page of policy.test.ts: draws, shows the picture, and tells the server what came of it. */
import { draw, isEvalAllowed } from './draw.mjs';

const violations = [];
document.addEventListener('securitypolicyviolation', (event) => violations.push(event.blockedURI));

/** The picture as the browser shows it: its size, and how many pixels are neither white nor transparent. */
async function show(png) {
  const image = new Image();
  image.src = URL.createObjectURL(new Blob([png], { type: 'image/png' }));
  await image.decode();
  document.body.append(image);
  const { naturalWidth: width, naturalHeight: height } = image;
  const context = new OffscreenCanvas(width, height).getContext('2d');
  context.drawImage(image, 0, 0);
  const pixels = new Uint32Array(context.getImageData(0, 0, width, height).data.buffer);
  return { width, height, painted: pixels.filter((pixel) => pixel !== 0xffffffff && pixel !== 0).length };
}

const bytesOf = async (url) => new Uint8Array(await (await fetch(url)).arrayBuffer());
const tell = (path, body) => fetch(path, { method: 'POST', body });

try {
  const [wasm, ...fonts] = await Promise.all(['resvg.wasm', 'regular.ttf', 'bold.ttf'].map(bytesOf));
  const phantom = await (await fetch('phantom.json')).json();
  const { names, png, figures } = await draw({ phantom, wasm, fonts });
  const shown = await show(png);
  const before = [...violations];
  await tell('picture', png);
  await tell('done', JSON.stringify({ names, figures, shown, violations: before, isEvalAllowed: isEvalAllowed() }));
} catch (error) {
  await tell('done', JSON.stringify({ error: String(error?.stack ?? error), violations }));
}
