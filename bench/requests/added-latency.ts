import { median, pause } from '../support/numbers.ts';
import { ask } from './ask.ts';
import type { Server } from './servers.ts';
import type { Site } from './site.ts';
import { workloads } from './workloads.ts';

/** Medians, in milliseconds, of one job at a time on one connection. */
export interface Latency {
  readonly contender: string;
  readonly ms: number;
  /** What it takes beyond asking upstream for the same job. */
  readonly addedMs: number;
}

const asks = 300;
const restMs = 3;

/** Everyone is asked in turn, and upstream itself between them, at a rate that keeps nobody busy. */
export const addedLatency = async (
  servers: readonly Server[],
  upstreamUrl: string,
  site: Site,
): Promise<readonly Latency[]> => {
  const questions = workloads.find(({ name }) => name === 'one')?.questions(site) ?? [];
  const meant = servers.filter(({ contender }) => !contender.name.endsWith('-cached'));
  const times = new Map<string, number[]>([
    ['upstream', []],
    ...meant.map(({ contender }) => [contender.name, []] as [string, number[]]),
  ]);
  for (let n = 0; n < asks; n += 1) {
    const { body } = questions[n % questions.length] ?? { body: '' };
    const id = site.jobs[n % questions.length]?.id;
    const bare = await ask(`${upstreamUrl}/data-mover/v1/jobs/${id}`, {
      authorization: 'caller-0',
      method: 'GET',
    });
    times.get('upstream')?.push(bare.ms);
    await pause(restMs);
    for (const { url, contender } of meant) {
      const { ms } = await ask(url, { authorization: 'caller-0', body });
      times.get(contender.name)?.push(ms);
      await pause(restMs);
    }
  }
  const upstream = median(times.get('upstream') ?? []);
  return [...times].map(([contender, all]) => ({
    contender,
    ms: median(all),
    addedMs: median(all) - upstream,
  }));
};
