/** Figures as PNG, drawn by the browser with its own fonts. */
import { zipSync } from 'fflate';
import type { SavedFile } from '../planning/messages.js';

/** Pixels per SVG unit. */
const SCALE = 2;

/**
 * Figures in one .zip.
 *
 * @param svgs at least one, named FOLDER/FIGURE.svg; the folder names the .zip
 */
export async function picturesOf(svgs: readonly SavedFile[]): Promise<SavedFile> {
  const entries: Record<string, Uint8Array> = {};
  for (const { name, bytes } of svgs) {
    const png = await pngOf(bytes);
    entries[name.replace(/^.*\//, '').replace(/\.svg$/, '.png')] = new Uint8Array(await png.arrayBuffer());
  }
  const name = svgs[0]!.name.replace(/\/.*$/, '.zip');
  // What is packed already is not squeezed.
  const bytes = zipSync(entries, { level: 0, mtime: new Date('2000-01-01') }) as Uint8Array<ArrayBuffer>;
  return { name, bytes, type: 'application/zip' };
}

async function pngOf(svg: Uint8Array<ArrayBuffer>): Promise<Blob> {
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const canvas = document.createElement('canvas');
    canvas.width = SCALE * image.naturalWidth;
    canvas.height = SCALE * image.naturalHeight;
    canvas.getContext('2d')!.drawImage(image, 0, 0, canvas.width, canvas.height);
    return await new Promise<Blob>((resolve, reject) =>
      canvas.toBlob((blob) => (blob === null ? reject(new Error('no picture')) : resolve(blob)), 'image/png'),
    );
  } finally {
    URL.revokeObjectURL(url);
  }
}
