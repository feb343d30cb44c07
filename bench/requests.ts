import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { addedLatency } from './requests/added-latency.ts';
import { verify } from './requests/ask.ts';
import { askLoad } from './requests/ask-load.ts';
import { type Round, report } from './requests/report.ts';
import { gateway, gatewayIn, peerNames, peersNamed, type Server, start } from './requests/servers.ts';
import { createSite } from './requests/site.ts';
import { workloads, workloadsNamed } from './requests/workloads.ts';
import { startChild } from './support/child.ts';
import { writeBetweenMarkers } from './support/markdown.ts';
import { pause } from './support/numbers.ts';
import { endWithoutPeers } from './support/peers.ts';
import { stayOnCore } from './support/pinned.ts';
import { countOf, environmentOf, namesOf, words } from './support/settings.ts';

/**
 * Requests a second beside what a user would pick instead: the same questions and answers over the same stub, each
 * server alone on one core, load and stub on another. Rounds are interleaved, so that what else the machine does
 * meets all alike; ratios are taken within a round.
 */
const { values, tokens } = parseArgs({
  tokens: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    connections: { type: 'string', default: '64' },
    /** How many credentials the connections share: with 1 the gateway may share upstream calls between them. */
    callers: { type: 'string', default: '64' },
    only: { type: 'string' },
    peers: { type: 'string', default: 'mercurius,tailcall' },
    /** A folder with another working copy, whose gateway takes part too. */
    beside: { type: 'string' },
    /** NAME=value for the gateway, as often as needed. */
    env: { type: 'string', multiple: true, default: [] },
    /** More for the gateway's Node, for example --max-semi-space-size=32. */
    flags: { type: 'string', default: '' },
    /** Whether docs/performance.md is written: with all that is compared there, and as shipped. */
    write: { type: 'boolean', default: false },
  },
});
const forbiddenToWrite = ['only', 'peers', 'env', 'flags', 'connections', 'beside'];
const forbidden = tokens.flatMap((token) =>
  token.kind === 'option' && forbiddenToWrite.includes(token.name) ? [token.rawName] : [],
);
if (values.write && forbidden.length > 0) throw new Error(`--write takes no ${forbidden.join(', ')}.`);
const chosen = workloadsNamed(values.only);
const chosenPeers = values.peers === '' ? [] : namesOf('peer', values.peers, peerNames);

const [measuredCore, otherCore] = [0, 1];
endWithoutPeers();
const rounds = countOf('rounds', values.rounds);
const seconds = countOf('seconds', values.seconds);
const connections = countOf('connections', values.connections);
const callers = countOf('callers', values.callers);
const nodeFlags = words(values.flags);
const env = environmentOf(values.env);
const site = createSite();
const first = workloads[0]?.questions(site)[0];
if (first === undefined) throw new Error('There is nothing to ask.');

stayOnCore(otherCore);
const upstream = await startChild('requests/stub');
const load = await startChild('requests/load');
const { contenders: peers, missing } = peersNamed(chosenPeers);
for (const sentence of missing) console.log(`! ${sentence}`);

const gateways = [false, ...(chosen.some((workload) => workload.finishedCache) ? [true] : [])].flatMap(
  (finishedCache) => {
    const options = { finishedCache, nodeFlags, env };
    return [gateway(options), ...(values.beside === undefined ? [] : [gatewayIn(values.beside, options)])];
  },
);
const servers: Server[] = [];
for (const contender of [...gateways, ...peers]) {
  servers.push(await start(contender, { core: measuredCore, upstreamUrl: upstream.ready.url, first }));
}

const measure = async (
  server: Server,
  workload: string,
  forSeconds: number,
): Promise<Omit<Round, 'round'>> => {
  const { url, process, contender } = server;
  const [cpuMs, from] = [process.cpuMs(), performance.now()];
  const result = await askLoad(load, { url, workload, seconds: forSeconds, connections, callers });
  const elapsedMs = performance.now() - from;
  if (result.wrong !== null) throw new Error(`${contender.title}, ${workload}: ${result.wrong}`);
  const usedMs = process.cpuMs() - cpuMs;
  // what was under way at the end is half done on average
  const halfDone = (result.requests + result.begun) / 2;
  return {
    contender: contender.name,
    workload,
    perSecond: result.requests / result.seconds,
    cpuPerThousand: (usedMs / halfDone) * 1000,
    coreShare: usedMs / elapsedMs,
    residentBytes: process.residentBytes(),
    p50: result.p50,
    p99: result.p99,
    compared: result.compared,
  };
};

/** What a burst left behind is worked off before anybody else is measured. */
const quiet = async () => {
  for (let before = -1, calls = -2; before !== calls; ) {
    before = (await upstream.usage()).calls ?? 0;
    await pause(200);
    calls = (await upstream.usage()).calls ?? 0;
  }
};

/** Compilers and caches settle: by CPU had, as on a busy machine time says little. V8 takes some eight seconds. */
const warmUpCpuMs = 8000;
const mostBursts = 12;

const warmUp = async (server: Server, workload: string) => {
  const from = server.process.cpuMs();
  for (let bursts = 0; bursts < mostBursts && server.process.cpuMs() < from + warmUpCpuMs; bursts += 1) {
    await measure(server, workload, seconds);
  }
};

const measured: Round[] = [];
const callsPerRequest = new Map<string, number>();
for (const workload of chosen) {
  const meant = servers.filter(
    ({ contender: { name } }) =>
      !(workload.finishedCache ? ['gateway', 'other'] : ['gateway-cached', 'other-cached']).includes(name),
  );
  for (const server of meant) {
    const questions = workload.questions(site);
    await verify(server.url, questions);
    // what may be remembered is by now
    const before = (await upstream.usage()).calls ?? 0;
    await verify(server.url, questions);
    const calls = ((await upstream.usage()).calls ?? 0) - before;
    callsPerRequest.set(`${server.contender.name} ${workload.name}`, calls / questions.length);
    await warmUp(server, workload.name);
    await quiet();
  }
  // the first is not counted: who was warmed up first has rested since
  for (let round = -1; round < rounds; round += 1) {
    for (const place of meant.keys()) {
      const server = meant[(place + round + 1) % meant.length] as Server;
      const result = { round, ...(await measure(server, workload.name, seconds)) };
      await quiet();
      if (round < 0) continue;
      measured.push(result);
      console.log(
        `${workload.name} ${round + 1} ${server.contender.name}: ${result.perSecond.toFixed(0)}/s, ${result.cpuPerThousand.toFixed(0)} ms CPU per 1,000, core ${(result.coreShare * 100).toFixed(0)} %`,
      );
    }
  }
}

const latencies = await addedLatency(servers, upstream.ready.url, site);
const text = report({
  values,
  args: process.argv.slice(2),
  chosen,
  servers,
  rounds: measured,
  callsPerRequest,
  latencies,
  missing,
});
console.log(`\n${text}`);
const results = new URL('results/', import.meta.url);
await mkdir(results, { recursive: true });
await writeFile(new URL('requests.md', results), `${text}\n`);
await writeFile(new URL('requests.json', results), JSON.stringify({ rounds: measured, latencies }, null, 1));
if (values.write)
  await writeBetweenMarkers(new URL('../docs/performance.md', import.meta.url), 'requests', text);
for (const { process } of servers) await process.stop();
await load.stop();
await upstream.stop();
