/** What a web page loads for what it imports of respine: one minified bundle, its bytes by package. */
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

export interface PageWeight {
  /** Minified bytes of the whole. */
  readonly bytes: number;
  /** As a server sends it, gzip 9. */
  readonly gzipBytes: number;
  /** Minified bytes by package, the largest first; its own under `respine`. */
  readonly packages: ReadonlyMap<string, number>;
  /** Of every file that is left in the bundle. */
  readonly files: ReadonlyMap<string, number>;
}

/** From here, and from where this is built: what the package `respine` is found from. */
const root = fileURLToPath(new URL('../..', import.meta.url));

/** @param source of the page, such as `export { parseCase } from 'respine'`; of the built package */
export async function weighPage(source: string): Promise<PageWeight> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: source, resolveDir: root },
    absWorkingDir: root,
    ...{ bundle: true, minify: true, write: false, metafile: true },
    ...{ format: 'esm', platform: 'browser', target: 'es2022', logLevel: 'silent' },
  });
  const [output] = Object.values(metafile.outputs);
  const files = new Map(Object.entries(output!.inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput]));
  const packages = new Map<string, number>();
  for (const [path, bytes] of files) {
    const [, name = 'respine'] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
    packages.set(name, (packages.get(name) ?? 0) + bytes);
  }
  const { contents } = outputFiles[0]!;
  return {
    bytes: contents.length,
    gzipBytes: gzipSync(contents, { level: 9 }).length,
    packages: new Map([...packages].sort(([, a], [, b]) => b - a)),
    files,
  };
}
