import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** A job as it really is. */
export interface Truth {
  readonly id: string;
  readonly name: string;
  readonly owner: string;
  readonly startedAt: number;
  readonly endsAt: number;
}

export type Mood = 'calm' | 'flaky' | 'outage' | 'stalling' | 'throttling' | 'lying';
const moods: readonly Mood[] = ['flaky', 'calm', 'lying', 'throttling', 'calm', 'outage', 'stalling'];
const moodMs = 8_000;

export interface ChaoticUpstream {
  readonly url: string;
  jobsOf(owner: string): readonly Truth[];
  find(id: string): Truth | undefined;
  begin(owner: string, name: string): Truth;
  /** The most requests of one caller within any 60 seconds. */
  readonly mostInAMinute: number;
  readonly calls: number;
  /** From now on everything works. */
  calmDown(): void;
  close(): void;
}

const limitPerMinute = 200;

export const progressAt = ({ startedAt, endsAt }: Truth, now: number): number =>
  Math.min(1000, Math.max(0, Math.floor((1000 * (now - startedAt)) / (endsAt - startedAt))));

const rowOf = (job: Truth, now: number) => ({
  id: job.id,
  name: job.name,
  status: now >= job.endsAt ? 'COMPLETED' : 'IN_PROGRESS',
  startedAt: new Date(job.startedAt).toISOString(),
  ...(now >= job.endsAt ? { finishedAt: new Date(job.endsAt).toISOString() } : {}),
  source: { wixDataCollection: { collectionId: job.owner } },
  destination: { file: { format: 'CSV' } },
  progress: {
    current: progressAt(job, now),
    total: 1000,
    itemsSuccessful: progressAt(job, now),
    itemsRejected: 0,
  },
  logsRecorded: 0,
});

/** A Wix in changing moods, which keeps the truth to itself: resets, stalls, refusals, outages and lies. */
export const startChaoticUpstream = async (random: () => number): Promise<ChaoticUpstream> => {
  const jobs = new Map<string, Truth>();
  const spent = new Map<string, number[]>();
  const beganAt = Date.now();
  let made = 0;
  let mostInAMinute = 0;
  let calls = 0;
  let isCalm = false;

  const chance = (share: number) => random() < share;
  const mood = (): Mood =>
    isCalm ? 'calm' : (moods[Math.floor((Date.now() - beganAt) / moodMs) % moods.length] ?? 'calm');

  const begin = (owner: string, name: string): Truth => {
    made += 1;
    const hex = createHash('sha256').update(`chaos ${made}`).digest('hex');
    const id = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');
    const startedAt = Date.now();
    const job = { id, name, owner, startedAt, endsAt: startedAt + 3_000 + Math.floor(random() * 25_000) };
    jobs.set(id, job);
    return job;
  };

  /** True when this request is beyond what is allowed. */
  const spend = (owner: string): boolean => {
    const now = Date.now();
    const recent = (spent.get(owner) ?? []).filter((at) => at > now - 60_000);
    recent.push(now);
    spent.set(owner, recent);
    mostInAMinute = Math.max(mostInAMinute, recent.length);
    return recent.length > limitPerMinute;
  };

  const page = (found: readonly Truth[]) => {
    const now = Date.now();
    let rows: unknown[] = found.map((job) => rowOf(job, now));
    if (mood() === 'lying') {
      if (chance(0.3)) rows = rows.filter(() => chance(0.8));
      if (chance(0.3)) rows = rows.toSorted(() => random() - 0.5);
      if (chance(0.3)) rows = rows.flatMap((row) => (chance(0.2) ? [row, row] : [row]));
      if (chance(0.2)) rows = rows.map((row) => (chance(0.2) ? { ...(row as object), startedAt: {} } : row));
    }
    return { jobs: rows, pagingMetadata: { count: rows.length, hasNext: false, cursors: {} } };
  };

  interface Query {
    readonly filter?: Record<string, { readonly $in?: readonly string[]; readonly $gte?: string }>;
  }
  const holds = (job: Truth, filter: Query['filter'] = {}): boolean => {
    const { status, startedAt, name } = filter as Record<
      string,
      { $in?: string[]; $gte?: string; $eq?: string }
    >;
    const isDone = Date.now() >= job.endsAt;
    return (
      (filter['id']?.$in?.includes(job.id) ?? true) &&
      (status?.$in?.includes(isDone ? 'COMPLETED' : 'IN_PROGRESS') ?? true) &&
      (startedAt?.$gte === undefined || job.startedAt >= Date.parse(startedAt.$gte)) &&
      (name?.$eq === undefined || job.name === name.$eq)
    );
  };
  const matches = (job: Truth, filter: unknown): boolean => {
    const { $or, $and, ...rest } = (filter ?? {}) as Record<string, never> & {
      $or?: unknown[];
      $and?: unknown[];
    };
    return (
      ($or?.some((each) => matches(job, each)) ?? true) &&
      ($and?.every((each) => matches(job, each)) ?? true) &&
      holds(job, rest)
    );
  };

  const answer = (owner: string, method: string, path: string, body: { query?: Query; name?: string }) => {
    const own = [...jobs.values()].filter((job) => job.owner === owner);
    if (path.endsWith('/jobs/query')) {
      const found = own.filter((job) => matches(job, body.query?.filter));
      return page(found.toSorted((one, other) => other.startedAt - one.startedAt).slice(0, 100));
    }
    if (path.endsWith('/jobs') && method === 'POST') {
      return { job: rowOf(begin(owner, body.name ?? ''), Date.now()) };
    }
    const job = own.find(({ id }) => path.endsWith(id));
    return job === undefined ? undefined : { job: rowOf(job, Date.now()) };
  };

  const reply = (response: ServerResponse, status: number, body: string, headers = {}) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

  /** Breaks the request, before or after it is done; false lets it be. */
  const disturb = (request: IncomingMessage, response: ServerResponse, act: () => unknown): boolean => {
    const now = mood();
    const [isFlaky, isStalling] = [now === 'flaky' && chance(0.35), now === 'stalling' && chance(0.3)];
    if (now === 'outage') {
      if (chance(0.5)) reply(response, 503, '');
      else request.socket.destroy();
      return true;
    }
    if (now === 'throttling' && chance(0.2)) {
      reply(response, 429, '{}', { 'retry-after': '2' });
      return true;
    }
    if (isStalling) {
      if (chance(0.5)) act();
      return true;
    }
    if (now === 'lying' && chance(0.1)) {
      const json = JSON.stringify(act());
      reply(response, 200, chance(0.5) ? '<html>welcome</html>' : json.slice(0, json.length / 2));
      return true;
    }
    if (!isFlaky) return false;
    switch (Math.floor(random() * 6)) {
      case 0:
        request.socket.destroy();
        return true;
      case 1:
        act();
        request.socket.destroy();
        return true;
      case 2:
        act();
        reply(response, 500, '');
        return true;
      case 3:
        reply(response, 502, '<html>bad gateway</html>');
        return true;
      case 4: {
        const json = JSON.stringify(act() ?? {});
        response.writeHead(200, { 'content-length': json.length });
        response.write(json.slice(0, 10), () => response.destroy());
        return true;
      }
      default:
        setTimeout(() => reply(response, 200, JSON.stringify(act() ?? {})), 500 + random() * 1500);
        return true;
    }
  };

  const server = createServer(async (request, response) => {
    const owner = request.headers.authorization ?? '';
    const raw = await text(request).catch(() => '');
    calls += 1;
    if (spend(owner)) return reply(response, 429, '{}', { 'retry-after': '5' });
    const { method = 'GET', url = '/' } = request;
    const act = () =>
      answer(owner, method, new URL(url, 'http://upstream').pathname, raw === '' ? {} : JSON.parse(raw));
    if (disturb(request, response, act)) return;
    const body = act();
    return body === undefined ? reply(response, 404, '{}') : reply(response, 200, JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  server.on('clientError', (_error, socket) => socket.destroy());
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    jobsOf: (owner) => [...jobs.values()].filter((job) => job.owner === owner),
    find: (id) => jobs.get(id),
    begin,
    get mostInAMinute() {
      return mostInAMinute;
    },
    get calls() {
      return calls;
    },
    calmDown() {
      isCalm = true;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
};
