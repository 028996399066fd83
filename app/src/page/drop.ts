/** Folders and files that were dropped or chosen; nothing is read, and of a folder nothing is listed where a worker can do it. */
import type { Given, GivenFile } from '../planning/messages.js';

/** What not every browser has. */
declare global {
  interface DataTransferItem {
    getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
  }
  interface Window {
    showDirectoryPicker?(options?: { readonly id?: string }): Promise<FileSystemDirectoryHandle>;
  }
}

/** Files of a list, as an input gives them: with their paths where a folder was chosen. */
export const filesOfList = (list: FileList): GivenFile[] =>
  Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Handles, which whoever reads lists; where the browser gives none, the files below what was dropped, one after the other. */
export async function filesOfDrop(items: DataTransferItemList): Promise<readonly Given[]> {
  // Both must be taken before anything is awaited: afterwards the list is empty.
  const files = Array.from(items).filter(({ kind }) => kind === 'file');
  const entries = files.map((item) => item.webkitGetAsEntry()).filter((entry) => entry !== null);
  // Chromium has the function without TLS too, and ends the page that calls it then.
  const asked = files.map((item) => (isSecureContext ? (item.getAsFileSystemHandle?.() ?? null) : null));
  const handles: readonly (FileSystemHandle | null)[] = await Promise.all(asked).catch(() => []);
  const given = handles.filter((handle) => handle !== null);
  if (given.length > 0 && given.length === files.length) return given;
  const out: GivenFile[] = [];
  for (const entry of entries) await collect(entry, out);
  return out;
}

/** Can a folder be chosen without its files being listed in the page? That list takes a browser 0.2 to 0.4 s of 500 files. */
export const hasFolderDialog = (): boolean => window.showDirectoryPicker !== undefined;

/** @returns the folder; undefined where none was chosen */
export async function chooseFolder(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await window.showDirectoryPicker!({ id: 'ct' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
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
