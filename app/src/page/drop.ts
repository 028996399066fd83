/** Files that were dropped, folders opened, with their paths; nothing is read. */
import type { GivenFile } from '../planning/messages.js';

/** Files of a list, as an input gives them: with their paths where a folder was chosen. */
export const filesOfList = (list: FileList): GivenFile[] =>
  Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));

export async function filesOfDrop(items: DataTransferItemList): Promise<GivenFile[]> {
  // Entries must be taken before anything is awaited: afterwards the list is empty.
  const entries = Array.from(items, (item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  const out: GivenFile[] = [];
  for (const entry of entries) await collect(entry, out);
  return out;
}

async function collect(entry: FileSystemEntry, out: GivenFile[]): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    out.push({ path: entry.fullPath.replace(/^\//, ''), file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // Some hundred at a time, until none is left.
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return;
    for (const one of some) await collect(one, out);
  }
}

/** Saves a file where the browser puts them. */
export function save(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // Not at once: the browser begins to save after this.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
