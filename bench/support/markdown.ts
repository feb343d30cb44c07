import { readFile, writeFile } from 'node:fs/promises';
import { cpus, release } from 'node:os';

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map((_, n) => (n === 0 ? '---' : '---:')), ...rows]
    .map((row) => `| ${row.join(' | ')} |`)
    .join('\n');

/** When and where something was measured. */
export const circumstances = (): string =>
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim()}, ${process.platform} ${release()}`;

/** Puts a text in the place that a page keeps for it, between two comments of this name. */
export const writeBetweenMarkers = async (page: URL, name: string, text: string): Promise<void> => {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const before = await readFile(page, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${page.pathname} has no place marked ${name}.`);
  await writeFile(page, `${before.slice(0, from + begin.length)}\n${text}\n${before.slice(to)}`);
};
