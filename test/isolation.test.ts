import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { bearer, createTokenFile, entry, ownKey, tokenOf as tokenNamed } from './support/access.ts';
import { openSocket, type Watch, watchByEvents } from './support/live-client.ts';
import { type LiveServer, openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { ownPrefix, redisUrl, withoutRedis } from './support/redis.ts';
import { guid, jobsPage, lookup, type Row } from './support/rows.ts';
import {
  type Reply,
  type ScriptedUpstream,
  startScriptedUpstream,
  type UpstreamCall,
} from './support/scripted-upstream.ts';
import { keys, payloadOf, pemOf, tokenOf } from './support/webhooks.ts';

type Headers = Record<string, string>;

/** What differs in one of the three only is another caller. */
const callers: readonly Headers[] = ['key-a', 'key-b'].flatMap((authorization) =>
  [{}, { 'wix-site-id': 'site-1' }, { 'wix-site-id': 'site-2' }, { 'wix-account-id': 'site-1' }].map(
    (more) => ({
      authorization,
      ...more,
    }),
  ),
);

const ownerOf = (headers: Readonly<Record<string, unknown>>): string =>
  `<${['authorization', 'wix-site-id', 'wix-account-id'].map((name) => headers[name] ?? '').join('|')}>`;

const count = 6;

/** A job that only one of them has. */
const ownId = (owner: string) => guid(0, owner);

/** Everybody has jobs of the same ids and one that no other has, and each of them says whose it is. */
const rowsOf = (owner: string, moved: number): Row[] =>
  [...Array.from({ length: count }, (_, n) => guid(n)), ownId(owner)].map((id, n) => ({
    id,
    name: `${owner} job ${n}`,
    status: n % 2 === 0 ? 'COMPLETED' : 'IN_PROGRESS',
    startedAt: new Date(Date.UTC(2026, 8, 14, 6, n)).toISOString(),
    finishedAt: n % 2 === 0 ? new Date(Date.UTC(2026, 8, 14, 7, n)).toISOString() : null,
    progress: { current: String(moved), total: '1000000' },
    logsRecorded: 1,
    destination: { file: { format: 'CSV', url: `https://files.test/${owner}` } },
  }));

const answerTo = (call: UpstreamCall, moved: number): Reply => {
  const owner = ownerOf(call.headers);
  const rows = rowsOf(owner, moved);
  if (call.operation === 'ListMovementLogs') {
    return {
      json: { logs: [{ sourceItemId: owner }], pagingMetadata: { count: 1, cursors: {}, hasNext: false } },
    };
  }
  if (call.operation === 'ListSyncJobs')
    return { json: { syncJobs: [{ id: guid(0), name: owner, enabled: true }] } };
  if (call.operation === 'CreateFileUploadUrl')
    return { json: { uploadUrl: `https://files.test/${owner}`, fileId: 'file' } };
  if (call.operation === 'SubmitJob')
    return { json: { job: { ...rows[1], name: `${owner} ${call.body.job?.name}` } } };
  if (call.operation === 'TerminateJob') {
    return {
      status: 400,
      json: { details: { applicationError: { code: 'DENIED', description: `${owner} may not` } } },
    };
  }
  const { filter, cursorPaging } = call.body?.query ?? {};
  if (call.operation === 'QueryJobs' && cursorPaging?.cursor !== undefined) {
    // a cursor of somebody else must not come here
    return cursorPaging.cursor === owner ? jobsPage(rows.slice(3)) : { status: 500, json: {} };
  }
  if (call.operation !== 'QueryJobs' || filter?.id) return lookup(rows)(call);
  return jobsPage(rows.slice(0, 3), owner);
};

const list = (after: string | null) =>
  `{ jobs(first: 3${after === null ? '' : `, after: ${JSON.stringify(after)}`}) { edges { cursor node { name } } } }`;
const input = `name: "N", source: { file: { fileId: "f" } }, destination: { wixDataCollection: { collectionId: "c" } }`;
const submit = (more = '') =>
  `mutation { submitJob(input: { ${input}${more} }) { job { name } replayed userErrors { message } } }`;
const selected = '{ name destination { ... on FileDestination { url } } logs { nodes { sourceItemId } } }';
const oneQuery = (n: number) => `{ job(id: "${guid(n)}") ${selected} }`;
const queries: readonly string[] = [
  oneQuery(0),
  oneQuery(1),
  `{ nodes(ids: [${Array.from({ length: count }, (_, n) => `"${guid(n)}"`)}]) { ... on Job { name } } }`,
  list(null),
  '{ schedules { name } }',
  // the same key of everybody
  submit(', idempotencyKey: "K"'),
  'mutation { createFileUploadUrl(input: {}) { uploadUrl } }',
  `mutation { terminateJob(input: { id: "${guid(1)}" }) { userErrors { message } } }`,
];

/** Who is named in it, beside the one who may be. */
const othersIn = (text: string, owner: string) =>
  [...new Set(text.match(/<[^<>]*>/g))].filter((each) => each !== owner);

const openUpstream = async () => {
  const time = { moved: 0 };
  const upstream = await startScriptedUpstream((call) => {
    time.moved += 1;
    return answerTo(call, time.moved);
  });
  return upstream;
};

const watchAll = async (url: string, headers: Headers): Promise<Watch[]> => {
  const { operate } = await openSocket(url, { params: headers });
  const selection = `{ kind job ${selected} }`;
  return [
    operate(`subscription { jobUpdated(id: "${guid(1)}") ${selection} }`),
    operate(`subscription { jobsUpdated(since: "2026-09-14T00:00:00Z") ${selection} }`),
    watchByEvents(url, `subscription { jobUpdated(id: "${guid(1)}") ${selection} }`, { headers }),
  ];
};

const hear = async (watches: readonly Watch[], times: number): Promise<string> => {
  const told = await Promise.all(
    watches.map(async (watch) => {
      const events: unknown[] = [];
      for (let n = 0; n < times; n += 1) events.push(await watch.next());
      return events;
    }),
  );
  return JSON.stringify([told, watches.map(({ waiting }) => waiting)]);
};

/** An event of Wix, which concerns the watchers of its site and whoever watches its job. */
const announce = async (url: string, payload: Row) => {
  const seconds = Math.floor(Date.now() / 1000);
  const body = tokenOf({ ...payload, iat: seconds, exp: seconds + 300_000 });
  expect((await fetch(new URL('/webhooks/wix', url), { method: 'POST', body })).status).toBe(200);
};

const ask = async ({ ask }: LiveServer, query: string, headers: Headers): Promise<string> =>
  JSON.stringify(await ask(query, headers));

const step = fc.record({
  who: fc.nat({ max: callers.length - 1 }),
  // beside these: a place in a list, a job, and an event, of the one before
  what: fc.nat({ max: queries.length + 2 }),
  waits: fc.boolean(),
});

const settings = {
  POLL_MIN_MS: '150',
  POLL_MAX_MS: '150',
  WIX_WEBHOOK_PUBLIC_KEY: pemOf(keys.publicKey),
};

/** Lets everybody ask everything of these servers in turn. */
const expectIsolation = async (upstream: ScriptedUpstream, servers: readonly LiveServer[]) => {
  const [first] = servers;
  if (first === undefined) throw new Error('There is no server.');
  let turn = 0;
  const nextServer = (): LiveServer => {
    turn += 1;
    return servers[turn % servers.length] ?? first;
  };
  const streams = await Promise.all(
    callers.map(async (headers) =>
      (await Promise.all(servers.map(({ url }) => watchAll(url, headers)))).flat(),
    ),
  );
  const cursors = await Promise.all(
    callers.map(async (headers) => (await first.ask(list(null), headers)).data.jobs.edges.at(-1).cursor),
  );
  let seen = 0;
  const submitters = new Set<string>();

  const take = async (who: number, what: number, anyone: number) => {
    const headers = callers[who] ?? {};
    const owner = ownerOf(headers);
    const server = nextServer();
    if (what === queries.length + 1) {
      const other = ownerOf(callers[anyone] ?? {});
      const { data } = await server.ask(`{ job(id: "${ownId(other)}") { name } }`, headers);
      expect(data.job?.name ?? null).toEqual(who === anyone ? expect.stringContaining(owner) : null);
      return;
    }
    if (what === queries.length + 2) {
      const siteId = callers[anyone]?.['wix-site-id'] ?? null;
      await announce(server.url, payloadOf(who % count, { siteId }));
      return;
    }
    if (queries[what]?.includes('submitJob')) submitters.add(owner);
    const query = queries[what] ?? list(cursors[anyone]);
    const text = await ask(server, query, headers);
    expect(othersIn(text, owner)).toEqual([]);
    if (what < queries.length) {
      expect(text).toContain(owner);
      return;
    }
    // a place in one's own list, and nothing in another's
    if (who === anyone) expect(text).toContain(owner);
    else expect(text).toContain('BAD_USER_INPUT');
    seen += 1;
  };

  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
      const underWay: Promise<void>[] = [];
      for (const [n, { who, what, waits }] of steps.entries()) {
        underWay.push(take(who, what, (steps[n - 1] ?? steps[n])?.who ?? 0));
        if (waits) await Promise.all(underWay.splice(0));
      }
      await Promise.all(underWay);
    }),
    { numRuns: 25 },
  );
  expect(seen).toBeGreaterThan(10);
  // the same key is another of each caller, and their own is known again
  const submitted = upstream.calls.filter(({ operation }) => operation === 'SubmitJob');
  expect(submitted.map(({ headers }) => ownerOf(headers)).sort()).toEqual([...submitters].sort());
  for (const [who, watches] of streams.entries()) {
    const owner = ownerOf(callers[who] ?? {});
    const told = await hear(watches, 3);
    expect(told).toContain(owner);
    expect(othersIn(told, owner)).toEqual([]);
  }
};

it.each(['0', '60000'])(
  'no caller ever sees what is of another, with READ_CACHE_MS=%s',
  async (READ_CACHE_MS) => {
    const upstream = await openUpstream();
    await expectIsolation(upstream, [await openServer(upstream.url, { ...settings, READ_CACHE_MS })]);
  },
);

/** Two that share a Redis, once they know of each other. */
const openReplicas = async ({ url }: ScriptedUpstream, env: Record<string, string> = {}) => {
  const shared = { REDIS_URL: redisUrl?.href ?? '', REDIS_PREFIX: ownPrefix() };
  const open = async () => {
    const { log, logged } = memoryLog();
    const server = await openServer(url, { ...shared, ...env }, log);
    await logged('Redis is there: working together with the other replicas');
    return server;
  };
  return [await open(), await open()] as const;
};

/** The same server twice, or two that act as one. */
const fleets = [
  [
    'one gateway',
    async ({ url }: ScriptedUpstream, env: Record<string, string> = {}) => {
      const server = await openServer(url, env);
      return [server, server] as const;
    },
  ],
  ...(withoutRedis ? [] : [['two replicas', openReplicas] as const]),
] as const;

it.skipIf(withoutRedis)('nor at replicas that share a Redis', async () => {
  const upstream = await openUpstream();
  await expectIsolation(upstream, await openReplicas(upstream, settings));
});

it('equal reads of several callers at the same time are not one', async () => {
  const upstream = await startScriptedUpstream(async (call) => {
    // long enough for all to be under way together
    await setTimeout(100);
    return answerTo(call, 0);
  });
  const server = await openServer(upstream.url);
  const texts = await Promise.all(callers.map((headers) => ask(server, list(null), headers)));
  for (const [who, text] of texts.entries()) {
    const owner = ownerOf(callers[who] ?? {});
    expect(text).toContain(owner);
    expect(othersIn(text, owner)).toEqual([]);
  }
});

it.each(fleets)('what one caller ends goes on for the others, at %s', async (_where, openFleet) => {
  const [first, second] = callers;
  const time = { moved: 0, isOver: false };
  const upstream = await startScriptedUpstream((call) => {
    time.moved += 1;
    const owner = ownerOf(call.headers);
    if (call.operation !== 'TerminateJob') {
      return time.isOver && owner === ownerOf(first ?? {}) ? lookup([])(call) : answerTo(call, time.moved);
    }
    time.isOver = true;
    return { json: { job: rowsOf(owner, time.moved)[1] } };
  });
  const [server, neighbour] = await openFleet(upstream);
  const watch = async ({ url }: LiveServer, headers: Headers = {}) => {
    const { operate } = await openSocket(url, { params: headers });
    const one = operate(`subscription { jobUpdated(id: "${guid(1)}") { kind } }`);
    return { kind: async () => (await one.next()).data?.jobUpdated.kind };
  };
  const [ended, other] = [await watch(server, first), await watch(neighbour, second)];
  expect([await ended.kind(), await other.kind()]).toEqual(['SNAPSHOT', 'SNAPSHOT']);
  await server.ask(`mutation { terminateJob(input: { id: "${guid(1)}" }) { job { id } } }`, first);
  while ((await ended.kind()) !== 'DELETED');
  for (let n = 0; n < 5; n += 1) expect(await other.kind()).toBe('PROGRESSED');
});

it.each(fleets)(
  'what one caller submits is not in the way of what another has lost, at %s',
  async (_where, openFleet) => {
    const [first, second, third] = callers;
    const held = Promise.withResolvers<void>();
    const arrived = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(async (call) => {
      const owner = ownerOf(call.headers);
      const startedAt = new Date(Date.now() + 60_000).toISOString();
      const destination = { wixDataCollection: { collectionId: 'c' } };
      const source = { file: { fileId: 'f' } };
      // of the same id for everybody
      const row = { ...rowsOf(owner, 0)[1], name: 'N', startedAt, source, destination };
      if (call.operation !== 'SubmitJob') return jobsPage([row]);
      if (owner !== ownerOf(first ?? {})) return { status: 500, json: { message: 'lost' } };
      arrived.resolve();
      await held.promise;
      return { json: { job: row } };
    });
    const [server, neighbour] = await openFleet(upstream);
    const unanswered = server.ask(submit(), first);
    await arrived.promise;
    const lost = [await neighbour.ask(submit(), second)];
    held.resolve();
    await unanswered;
    lost.push(await server.ask(submit(), third));
    for (const { data, errors } of lost) {
      expect(errors).toBeUndefined();
      expect(data.submitJob.job).toEqual({ name: 'N' });
    }
  },
);

it.each(fleets)(
  'callers who act with the rights of the gateway cannot put another owner in its place, at %s',
  async (_where, openFleet) => {
    const names = ['one', 'other'];
    const file = await createTokenFile(names.map((name) => entry(name)));
    const upstream = await openUpstream();
    const fleet = await openFleet(upstream, {
      WIX_AUTH: 'api-key',
      WIX_API_KEY: ownKey.apiKey,
      WIX_SITE_ID: ownKey.siteId,
      GATEWAY_AUTH: 'tokens',
      GATEWAY_TOKENS_FILE: file.path,
      READ_CACHE_MS: '60000',
    });
    const owner = ownerOf({ authorization: ownKey.apiKey, 'wix-site-id': ownKey.siteId });
    await Promise.all(
      names.flatMap((name, n) =>
        callers.flatMap(({ authorization: _, ...more }) =>
          queries.map(async (query) => {
            const server = n === 0 ? fleet[0] : fleet[1];
            const text = await ask(server, query, { ...bearer(tokenNamed(name)), ...more });
            expect(text).toContain(owner);
            expect(othersIn(text, owner)).toEqual([]);
          }),
        ),
      ),
    );
    // one submit for each principal: the same key is not the same of another
    expect(upstream.count('SubmitJob')).toBe(names.length);
  },
);
