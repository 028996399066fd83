/**
 * The peer's generic 6 MV machine as a machine file, which CASE.json takes as its `machine`.
 *
 *     npm run bench:peer-machine -- REFERENCE OUT.json [SSD]      REFERENCE: the reference folder; SSD of the kernel, mm, 880 unless given
 *
 * The peer chooses a kernel for each beam by its SSD; a machine file has one. Over the SSDs of the C-shape's nine beams (827 to 939 mm, mean
 * 882) fields differ by 0.9 % of their axis at most. Weights of the Gaussians are none below zero, as files have them, within 0.1 % of those of either
 * sign that `respine validate` takes.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Machine } from 'respine';

const internal = (path: string): Promise<any> => import(new URL(`../dist/${path}`, import.meta.url).href);
const { peerMachineFile } = (await internal('validate/peer.js')) as {
  peerMachineFile: (peer: object, ssd: number) => Machine;
};

const [reference, out, ssd = '880'] = process.argv.slice(2);
if (reference === undefined || out === undefined) throw new Error('peer-machine: give the reference folder and a file');
const peer = JSON.parse(readFileSync(`${reference}/matrad/generic_6mv_machine.json`, 'utf8')) as object;
writeFileSync(out, `${JSON.stringify(peerMachineFile(peer, Number(ssd)))}\n`);
