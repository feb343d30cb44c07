import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measureCallers } from './growth/callers.ts';
import { measureDocuments } from './growth/documents.ts';
import { measurePages } from './growth/pages.ts';
import { plotOf, sectionOf, sentenceOf, verdictsOf } from './growth/report.ts';
import type { Series } from './growth/series.ts';
import { measureSubscribers } from './growth/subscribers.ts';
import { measureWatched } from './growth/watched.ts';
import { circumstances, writeBetweenMarkers } from './support/markdown.ts';
import { namesOf } from './support/settings.ts';

/**
 * Whether cost grows as it should: by the size of upstream's pages and of documents, by callers, watched jobs and
 * subscribers. Ends with 1 where anything grows faster than linear. Linux with `taskset` only.
 */
const { values } = parseArgs({
  options: {
    /** Names of series, with commas between them; all by default. */
    only: { type: 'string' },
    /** Whether docs/performance.md and docs/growth/ are written. Only with all series, which are of one run then. */
    write: { type: 'boolean', default: false },
  },
});
const measures: Readonly<Record<string, () => Promise<Series>>> = {
  pages: measurePages,
  documents: measureDocuments,
  callers: measureCallers,
  watched: measureWatched,
  subscribers: measureSubscribers,
};
const chosen = namesOf('series', values.only, Object.keys(measures));
if (values.write && values.only !== undefined) throw new Error('--write takes no --only.');

const startedAt = performance.now();
const all: Series[] = [];
for (const name of chosen) {
  const series = await measures[name]?.();
  if (series === undefined) continue;
  all.push(series);
  console.log(`${sectionOf(series)}\n`);
}

const minutes = ((performance.now() - startedAt) / 60_000).toFixed(0);
const text = [
  `${circumstances()}. \`npm run bench:growth -- --write\`, ${minutes} minutes. The gateway ran with what \`npm start\` sets. Dashed is the straight line that fits best.`,
  ...all.map(sectionOf),
].join('\n\n');
const write = async (folder: URL) => {
  await mkdir(folder, { recursive: true });
  for (const series of all) await writeFile(new URL(`${series.name}.svg`, folder), plotOf(series));
};
await write(new URL('results/growth/', import.meta.url));
await writeFile(new URL('results/growth.json', import.meta.url), JSON.stringify(all, null, 1));
if (values.write) {
  await write(new URL('../docs/growth/', import.meta.url));
  await writeBetweenMarkers(new URL('../docs/performance.md', import.meta.url), 'growth', text);
}

const faster = all.flatMap(verdictsOf).filter(({ isFaster }) => isFaster);
for (const verdict of faster) console.log(`! ${sentenceOf(verdict)}`);
process.exitCode = faster.length > 0 ? 1 : 0;
