import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import { type ChaoticUpstream, progressAt, type Truth } from './chaotic-upstream.ts';

/** What the clients saw that must not be, and what they saw that may. */
export interface Findings {
  wrong(what: string): void;
  count(what: string): void;
}

export interface ClientOptions {
  readonly url: string;
  readonly owner: string;
  readonly upstream: ChaoticUpstream;
  readonly findings: Findings;
  readonly random: () => number;
  readonly isOver: () => boolean;
}

const jobFields = 'id name status observedAt progress { current }';

interface SeenJob {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly observedAt: string;
  readonly progress: { readonly current: number } | null;
}

/** The clocks are one: a job must have been so at some moment from when it was asked for until now. */
const check = (seen: SeenJob, owner: string, { upstream, findings }: ClientOptions) => {
  const truth = upstream.find(seen.id);
  if (truth === undefined) return findings.wrong(`a job that is nobody's: ${seen.id}`);
  if (truth.owner !== owner) return findings.wrong(`a job of another caller: ${seen.id}`);
  if (seen.name !== truth.name) findings.wrong(`the name of another job: ${seen.name}`);
  const observedAt = Date.parse(seen.observedAt);
  const current = seen.progress?.current ?? 0;
  if (seen.status === 'COMPLETED' && truth.endsAt > Date.now()) findings.wrong('an end before the end');
  if (seen.status === 'IN_PROGRESS' && truth.endsAt < observedAt)
    findings.wrong('a job that runs after its end');
  if (current > progressAt(truth, Date.now()) || current < progressAt(truth, observedAt)) {
    findings.wrong(
      `progress ${current}, not from ${progressAt(truth, observedAt)} to ${progressAt(truth, Date.now())}`,
    );
  }
};

const createAsk =
  ({ url, owner, findings }: ClientOptions) =>
  async (query: string, variables: object = {}) => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: owner },
      body: JSON.stringify({ query, variables }),
    });
    // biome-ignore lint/suspicious/noExplicitAny: whatever was asked for
    const answer: any = await response.json();
    for (const { extensions } of answer.errors ?? []) findings.count(`error ${extensions?.code}`);
    return {
      data: answer.data,
      codes: (answer.errors ?? []).map((each: { extensions?: { code: string } }) => each.extensions?.code),
    };
  };

const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Asks for jobs, one and many, and for lists. */
export const query = async (options: ClientOptions): Promise<void> => {
  const { owner, upstream, findings, random, isOver } = options;
  const ask = createAsk(options);
  while (!isOver()) {
    const known = upstream.jobsOf(owner);
    const some = known.filter(() => random() < 0.1).slice(0, 1 + random() * 30);
    const aliases = some.map(({ id }, n) => `j${n}: job(id: "${id}") { ${jobFields} }`).join(' ');
    const { data, codes } = await ask(
      some.length === 0 ? `{ jobs(first: 20) { nodes { ${jobFields} } } }` : `{ ${aliases} }`,
    );
    findings.count('queries');
    const jobs: (SeenJob | null)[] =
      some.length === 0 ? (data?.jobs?.nodes ?? []) : Object.values(data ?? {});
    for (const job of jobs) {
      if (job !== null) check(job, owner, options);
      else if (codes.length === 0) findings.wrong('null without an error for a job that is there');
    }
    await pause(random() * 600);
  }
};

const submitJob = `mutation ($input: SubmitJobInput!) {
  submitJob(input: $input) { job { ${jobFields} } replayed userErrors { code } }
}`;

/** Submits jobs, and asks again with the same key for as long as the outcome is unknown. */
export const submit = async (options: ClientOptions): Promise<void> => {
  const { owner, upstream, findings, random, isOver } = options;
  const ask = createAsk(options);
  for (let n = 0; !isOver(); n += 1) {
    const name = `${owner} ${n}`;
    const input = {
      name,
      idempotencyKey: name,
      source: { wixDataCollection: { collectionId: owner } },
      destination: { file: { format: 'CSV' } },
    };
    for (let attempt = 0; attempt < 4; attempt += 1) {
      const { data, codes } = await ask(submitJob, { input });
      const job: SeenJob | null = data?.submitJob?.job ?? null;
      findings.count(job === null ? `submit ${codes[0] ?? 'without a job'}` : 'submit done');
      if (job !== null) {
        check(job, owner, options);
        if (job.name !== name) findings.wrong(`submit ${name} was given ${job.name}`);
        break;
      }
      await pause(500);
    }
    if (upstream.jobsOf(owner).filter((job) => job.name === name).length > 1)
      findings.wrong(`${name} was submitted twice`);
    await pause(1000 + random() * 3000);
  }
};

/** Watches one job after the other to its end, over a socket that is broken now and then. */
export const watch = async (options: ClientOptions): Promise<void> => {
  const { url, owner, upstream, findings, random, isOver } = options;
  const sockets = new Set<WebSocket>();
  class Socket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols);
      sockets.add(this);
      this.once('close', () => sockets.delete(this));
    }
  }
  const client = createClient({
    url: url.replace(/^http/, 'ws'),
    webSocketImpl: Socket,
    connectionParams: { authorization: owner },
    retryAttempts: 1000,
    shouldRetry: () => true,
    retryWait: () => pause(random() * 500),
  });
  const breaking = setInterval(() => {
    if (random() < 0.2) for (const socket of sockets) socket.terminate();
  }, 2000);

  const toTheEnd = (job: Truth) =>
    new Promise<void>((resolve) => {
      let ends = 0;
      const subscribe = () =>
        client.subscribe<{ jobUpdated: { kind: string; job: SeenJob } }>(
          {
            query: `subscription ($id: ID!) { jobUpdated(id: $id) { kind job { ${jobFields} } } }`,
            variables: { id: job.id },
          },
          {
            next({ data }) {
              if (!data) return;
              const { kind, job: seen } = data.jobUpdated;
              check(seen, owner, options);
              findings.count(`event ${kind}`);
              if (seen.id !== job.id) findings.wrong('an event of another job');
              if (kind === 'DELETED') findings.wrong('a job that is there was told to be gone');
              if (seen.status === 'COMPLETED' && kind !== 'STALE') ends += 1;
            },
            error() {
              findings.count('subscription errors');
              setTimeout(subscribe, 500);
            },
            complete() {
              if (ends === 0 && !isOver()) findings.wrong('a watch that completed without an end');
              const late = Date.now() - job.endsAt;
              findings.count(late > 60_000 ? 'ends told more than a minute late' : 'ends told');
              resolve();
            },
          },
        );
      subscribe();
    });

  while (!isOver()) {
    const running = upstream.jobsOf(owner).filter(({ endsAt }) => endsAt > Date.now());
    const job = running[Math.floor(random() * running.length)];
    if (job) {
      const late = setTimeout(() => findings.wrong('an end that was not told for two minutes'), 150_000);
      await toTheEnd(job);
      clearTimeout(late);
    } else {
      await pause(500);
    }
  }
  clearInterval(breaking);
  await client.dispose();
};
