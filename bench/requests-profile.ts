import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { askLoad } from './requests/ask-load.ts';
import { gateway, start } from './requests/servers.ts';
import { createSite } from './requests/site.ts';
import { workloads, workloadsNamed } from './requests/workloads.ts';
import { startChild } from './support/child.ts';
import { type Hot, hottest } from './support/cpu-profile.ts';
import { circumstances, table } from './support/markdown.ts';
import { endWithoutPeers } from './support/peers.ts';
import { stayOnCore } from './support/pinned.ts';
import { countOf, environmentOf, words } from './support/settings.ts';

/** Where the gateway's time goes: a CPU profile of each workload in bench/results/, and its hottest parts in short. */
const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    top: { type: 'string', default: '12' },
    env: { type: 'string', multiple: true, default: [] },
    /** More for the gateway's Node, for example --max-semi-space-size=32. */
    flags: { type: 'string', default: '' },
  },
});
const chosen = workloadsNamed(values.only);
endWithoutPeers();
const seconds = countOf('seconds', values.seconds);
const top = countOf('top', values.top);
const env = environmentOf(values.env);
const results = new URL('results/', import.meta.url);
await mkdir(results, { recursive: true });
const first = workloads[0]?.questions(createSite())[0];
if (!first) throw new Error('There is no workload.');

stayOnCore(1);
const upstream = await startChild('requests/stub');
const load = await startChild('requests/load');
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const hottestTable = (what: string, all: readonly Hot[]) =>
  table(
    [what, 'Self', 'With what it calls'],
    all.slice(0, top).map(({ name, self, inclusive }) => [`\`${name}\``, percent(self), percent(inclusive)]),
  );

console.log(`${circumstances()}. Shares of the time without idling, while 64 connections ask.`);
for (const { name, title, finishedCache } of chosen) {
  const profile = new URL(`${name}.cpuprofile`, results);
  const nodeFlags = [
    ...words(values.flags),
    '--cpu-prof',
    `--cpu-prof-dir=${fileURLToPath(results)}`,
    `--cpu-prof-name=${name}.cpuprofile`,
  ];
  const server = await start(gateway({ finishedCache, nodeFlags, env }), {
    core: 0,
    upstreamUrl: upstream.ready.url,
    first,
  });
  const asked = { url: server.url, workload: name, connections: 64, callers: 64 };
  await askLoad(load, { ...asked, seconds: 9 });
  const { wrong } = await askLoad(load, { ...asked, seconds });
  if (wrong !== null) throw new Error(`${title}: ${wrong}`);
  await server.process.stop();
  const { places, functions, callers } = await hottest(profile, seconds * 1000);
  console.log(`\n### ${title}`);
  console.log(`\n${hottestTable('Package or file', places)}`);
  console.log(`\n${hottestTable('Function', functions)}`);
  console.log(`\n${hottestTable('Function', callers)}`);
}
await load.stop();
await upstream.stop();
