import { createRequire } from 'node:module';
import { reportReady } from '../support/child.ts';
import { wrongWith } from './ask.ts';
import { createSite } from './site.ts';
import { type Question, workloads } from './workloads.ts';

/** The load, in a process of its own: autocannon, which looks into a part of the answers. */
export interface Burst {
  readonly url: string;
  readonly workload: string;
  readonly seconds: number;
  readonly connections: number;
  /** How many credentials they share. */
  readonly callers: number;
}

export interface BurstResult {
  readonly requests: number;
  /** With those that were under way at the end. */
  readonly begun: number;
  readonly seconds: number;
  readonly p50: number;
  readonly p99: number;
  /** Answers that were compared with REST's rows. */
  readonly compared: number;
  /** Null when every answer was 200 and every compared one right. */
  readonly wrong: string | null;
}

/** One question in so many is compared. */
const compareEvery = 16;

const autocannon = createRequire(new URL('../peers/package.json', import.meta.url))('autocannon');
const site = createSite();
const questions = new Map(workloads.map((workload) => [workload.name, workload.questions(site)]));

const run = async ({ url, workload, seconds, connections, callers }: Burst): Promise<BurstResult> => {
  let wrong: string | null = null;
  let compared = 0;
  const known = questions.get(workload) ?? [];
  const all: Question[] = Array.from({ length: Math.max(compareEvery, known.length) }, (_, n) => ({
    ...(known[n % known.length] as Question),
  }));
  let opened = 0;
  const requestsOf = (connection: number) =>
    all.map((_, n) => {
      // everybody begins elsewhere
      const question = all[(n + connection * 5) % all.length] as Question;
      const compare = (status: number, body: string) => {
        compared += 1;
        if (status !== 200) wrong ??= `status ${status}: ${body.slice(0, 300)}`;
        else wrong ??= wrongWith(body, question);
      };
      return {
        method: 'POST',
        path: new URL(url).pathname,
        headers: { 'content-type': 'application/json', authorization: `caller-${connection % callers}` },
        body: question.body,
        ...((n + connection) % compareEvery === 0 ? { onResponse: compare } : {}),
      };
    });
  const result = await autocannon({
    ...{ url, connections, duration: seconds, method: 'POST' },
    setupClient(client: { setRequests(requests: readonly object[]): void }) {
      client.setRequests(requestsOf(opened));
      opened += 1;
    },
  });
  const { non2xx, errors, timeouts } = result;
  if (non2xx + errors + timeouts > 0) wrong ??= `${non2xx} bad, ${errors} broken, ${timeouts} late answers`;
  return {
    requests: result['2xx'],
    begun: result['2xx'] + connections,
    seconds: result.duration,
    p50: result.latency.p50,
    p99: result.latency.p99,
    compared,
    wrong,
  };
};

process.on('message', async (message: { burst?: Burst }) => {
  if (message.burst) process.send?.({ type: 'done', ...(await run(message.burst)) });
});
reportReady();
