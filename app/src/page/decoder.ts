/** Decoders of compressed CT: files beside the page, each of which is loaded where a CT needs it, by a script element, as from a folder nothing else is. */
import { urls } from 'virtual:decoders';
import type { DecoderFile, DecoderName } from '../planning/messages.js';

const loaded = new Map<DecoderName, DecoderFile>();

/** What the files call. */
Object.assign(globalThis, {
  respineDecoder: (name: DecoderName, script: string, wasm: string) => loaded.set(name, { script, wasm }),
});

/** @returns undefined where its file cannot be loaded */
export async function loadDecoder(name: DecoderName): Promise<DecoderFile | undefined> {
  if (!loaded.has(name)) {
    const element = document.createElement('script');
    element.src = urls[name];
    await new Promise((resolve) => {
      element.onload = resolve;
      element.onerror = resolve;
      document.head.append(element);
    });
    element.remove();
  }
  return loaded.get(name);
}
