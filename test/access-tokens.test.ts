import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { createClient } from 'graphql-ws';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, createTokenFile, entry, ownKey, ownRights, sha256, tokenOf } from './support/access.ts';
import { createFakeClock, within } from './support/fake-clock.ts';
import { openGateway } from './support/gateway.ts';
import { openSocket, transports, watchByEvents } from './support/live-client.ts';
import { openClockedServer, openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid, jobRow, jobsPage } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const list = '{ jobs { nodes { id } } }';
const watchAll = 'subscription { jobsUpdated { kind } }';
const watchOne = `subscription { jobUpdated(id: "${guid(0)}") { kind } }`;
const submit = (key: string) =>
  `mutation { submitJob(input: { idempotencyKey: "${key}", source: { wixDataCollection: { collectionId: "a" } }, destination: { file: { format: CSV } } }) { replayed job { id } userErrors { code } } }`;

const people = [
  entry('reader', ['jobs:read']),
  entry('writer'),
  entry('nobody', []),
  entry('wo', ['jobs:write']),
];

/** A gateway with tokens over an upstream that has no jobs and takes any. */
const openWithTokens = async (content: unknown = people, options = {}) => {
  const file = await createTokenFile(content);
  let submitted = 0;
  const upstream = await startScriptedUpstream(({ operation }) => {
    if (operation === 'SubmitJob') submitted += 1;
    return operation === 'QueryJobs' ? jobsPage([]) : { json: { job: jobRow(submitted) } };
  });
  const { log, lines } = memoryLog();
  const clock = createFakeClock();
  const gateway = openGateway(upstream.url, {
    playground: true,
    credentials: ownKey,
    access: file.settings(),
    log,
    clock,
    ...options,
  });
  const ask = (query: string, name: string) => gateway.ask(query, bearer(tokenOf(name)));
  return { file, upstream, lines, clock, gateway, ask };
};

describe('a request', () => {
  it.each<[string, string | null]>([
    ['no token', null],
    ['an empty authorization', ''],
    ['another scheme', `Basic ${tokenOf('reader')}`],
    ['a token alone', tokenOf('reader')],
    ['a scheme alone', 'Bearer '],
    ['a wrong token', 'Bearer CANARY-wrong'],
    ['a token and a letter', `Bearer ${tokenOf('reader')}x`],
    ['a token less a letter', `Bearer ${tokenOf('reader').slice(0, -1)}`],
    ['a digest instead of a token', `Bearer ${sha256(tokenOf('reader'))}`],
    ['a name', 'Bearer reader'],
    ['two tokens', `Bearer ${tokenOf('reader')} ${tokenOf('writer')}`],
    ['a very long token', `Bearer CANARY${'x'.repeat(100_000)}`],
    ['letters that are no ASCII', 'Bearer CANARY-caf\u00e9'],
  ])('with %s is refused before anything of it is read, and learns nothing', async (_what, authorization) => {
    const { gateway, upstream, lines } = await openWithTokens();
    for (const query of [list, '{ nope', '{ __schema { types { name } } }', submit('a')]) {
      const response = await gateway.fetch(
        new Request('http://gateway/graphql', {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            ...(authorization === null ? {} : { authorization }),
          },
          body: JSON.stringify({ query }),
        }),
      );
      expect([response.status, response.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
      const text = await response.text();
      expect(JSON.parse(text)).toEqual({
        errors: [{ message: expect.stringMatching(/[Ss]end /), extensions: { code: 'UNAUTHENTICATED' } }],
      });
      expect(text + lines.join()).not.toContain('CANARY');
    }
    expect(upstream.count()).toBe(0);
  });

  it('with a token is let in, and the token goes no further', async () => {
    const { gateway, upstream, lines } = await openWithTokens();
    for (const authorization of [`Bearer ${tokenOf('reader')}`, `bearer  ${tokenOf('reader')}`]) {
      const answer = await gateway.ask(list, { authorization, headers: { 'wix-site-id': 'theirs' } });
      expect(answer).toEqual({ status: 200, data: { jobs: { nodes: [] } } });
    }
    expect(upstream.calls.map(({ headers }) => [headers.authorization, headers['wix-site-id']])).toEqual([
      ['gateway-key', 'site-1'],
      ['gateway-key', 'site-1'],
    ]);
    expect(JSON.stringify(upstream.calls.map(({ headers }) => headers)) + lines.join()).not.toContain(
      'CANARY',
    );
  });

  it('takes every token of a list, wherever it stands', async () => {
    const names = Array.from({ length: 50 }, (_, n) => `caller-${n}`);
    const { ask } = await openWithTokens(names.map((name) => entry(name)));
    const answers = await Promise.all(names.map((name) => ask('{ __typename }', name)));
    expect(answers.map(({ status }) => status)).toEqual(names.map(() => 200));
  });
});

describe('looking a token up', () => {
  it('compares it with all that there are, found or not, first or last', async () => {
    const { ask } = await openWithTokens();
    const compare = crypto.timingSafeEqual;
    let compared = 0;
    crypto.timingSafeEqual = (one, other) => {
      compared += 1;
      return compare(one, other);
    };
    syncBuiltinESMExports();
    onTestFinished(() => {
      crypto.timingSafeEqual = compare;
      syncBuiltinESMExports();
    });
    for (const name of [...people.map((each) => each.name), 'stranger']) {
      compared = 0;
      await ask('{ __typename }', name);
      expect(compared).toBe(people.length);
    }
  });
});

describe('scopes', () => {
  const missing = (scope: string) => ({
    errors: [{ message: expect.stringContaining(scope), extensions: { code: 'FORBIDDEN' } }],
  });

  it('decide over reading and writing', async () => {
    const { ask, upstream } = await openWithTokens();
    expect((await ask(list, 'reader')).errors).toBeUndefined();
    expect(await ask(submit('a'), 'reader')).toEqual({ status: 403, ...missing('jobs:write') });
    expect((await ask(submit('a'), 'writer')).data.submitJob.job).toEqual({ id: guid(1) });
    for (const name of ['nobody', 'wo']) {
      for (const query of [list, '{ __typename }', '{ __schema { types { name } } }', submit('a')]) {
        expect(await ask(query, name)).toEqual({ status: 403, ...missing('jobs:read') });
      }
    }
    expect(upstream.calls.map(({ operation }) => operation)).toEqual(['QueryJobs', 'SubmitJob']);
  });

  it('cannot be dodged with another operation beside it', async () => {
    const { gateway, upstream } = await openWithTokens();
    const query = `query A { __typename } mutation B { submitJob(input: { source: { wixDataCollection: { collectionId: "a" } }, destination: { file: { format: CSV } } }) { job { id } } }`;
    const response = await gateway.fetch(
      new Request('http://gateway/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...bearer(tokenOf('reader')) },
        body: JSON.stringify({ query, operationName: 'B' }),
      }),
    );
    expect(await response.json()).toEqual(missing('jobs:write'));
    expect(upstream.count()).toBe(0);
  });

  describe.each(Object.entries(transports))('over %s', (_name, watch) => {
    it('hold as well', async () => {
      const file = await createTokenFile(people);
      const upstream = await startMovingJobs(1);
      const env = { ...ownRights, GATEWAY_AUTH: 'tokens', GATEWAY_TOKENS_FILE: file.path };
      const { url } = await openServer(upstream.url, env);
      const tell = async (query: string, name: string) =>
        (await watch(url, query, { headers: bearer(tokenOf(name)) })).next();
      expect(await tell(watchOne, 'reader')).toMatchObject({ data: { jobUpdated: { kind: 'SNAPSHOT' } } });
      for (const query of [watchAll, list, submit('a')]) {
        expect(await tell(query, 'nobody')).toMatchObject({ type: 'error', ...missing('jobs:read') });
      }
      expect(await tell(submit('a'), 'reader')).toMatchObject({ type: 'error', ...missing('jobs:write') });
      expect(upstream.count('SubmitJob')).toBe(0);
    });
  });
});

describe('a WebSocket', () => {
  const openTokenServer = async () => {
    const file = await createTokenFile(people);
    const jobs = await startMovingJobs(1);
    const clock = createFakeClock();
    const { log, lines } = memoryLog();
    const server = await openClockedServer(jobs.url, clock, {
      credentials: ownKey,
      access: file.settings(),
      log,
    });
    return { file, jobs, clock, lines, ...server };
  };

  it.each(['authorization', 'Authorization', 'AUTHORIZATION'])('is let in by %s', async (name) => {
    const { url } = await openTokenServer();
    const params = { [name]: `Bearer ${tokenOf('reader')}` };
    const { operate } = await openSocket(url, { params });
    expect((await operate(list).next()).data.jobs.nodes).toHaveLength(1);
  });

  it.each<[string, Record<string, unknown> | null]>([
    ['no parameters', null],
    ['a wrong token', { authorization: 'Bearer CANARY-wrong' }],
    ['a line break', { authorization: `Bearer ${tokenOf('reader')}\r\nwix-site-id: x` }],
    ['what is no text', { authorization: { token: 'CANARY' } }],
  ])('with %s is closed for good, and runs nothing', async (_what, params) => {
    const { url, jobs, lines } = await openTokenServer();
    const socket = await openSocket(url, { greet: false });
    socket.send({ type: 'connection_init', ...(params ? { payload: params } : {}) });
    socket.send({ type: 'subscribe', id: 'a', payload: { query: list } });
    expect(await socket.closed).toEqual({ code: 4401, reason: expect.not.stringContaining('CANARY') });
    expect([socket.frames.waiting, jobs.count()]).toEqual([[], 0]);
    expect(lines.join()).not.toContain('CANARY');
  });

  it('is closed with 4403 once its token is withdrawn, and nothing more is polled', async () => {
    const { url, file, clock, jobs, webSockets } = await openTokenServer();
    const [reader, writer] = [
      await openSocket(url, { params: bearer(tokenOf('reader')) }),
      await openSocket(url, { params: bearer(tokenOf('writer')) }),
    ];
    const watches = [reader.operate(watchOne), writer.operate(watchOne)];
    for (const watch of watches) expect((await within(clock, watch.next())).type).toBe('next');
    await file.replace([entry('writer')]);
    await clock.advance(5000);
    expect((await reader.closed).code).toBe(4403);
    expect(writer.socket.readyState).toBe(WebSocket.OPEN);
    await file.replace([]);
    await clock.advance(5000);
    expect((await writer.closed).code).toBe(4403);
    const asked = jobs.count();
    await clock.advance(60_000);
    expect([jobs.count(), webSockets.count]).toEqual([asked, 0]);
  });

  it('is closed when a scope of its token is taken away', async () => {
    const { url, file, clock } = await openTokenServer();
    const { closed } = await openSocket(url, { params: bearer(tokenOf('writer')) });
    await file.replace([entry('writer', ['jobs:read'])]);
    await clock.advance(5000);
    expect((await closed).code).toBe(4403);
  });

  it('that does not say goodbye has its operations ended all the same', async () => {
    const { url, file, clock, jobs } = await openTokenServer();
    const { operate, socket } = await openSocket(url, { params: bearer(tokenOf('reader')) });
    await within(clock, operate(watchOne).next());
    socket.pause();
    await file.replace([]);
    await clock.advance(5000);
    const asked = jobs.count();
    await clock.advance(60_000);
    expect(jobs.count()).toBe(asked);
  });

  it('comes back by itself where the client knows a newer token', async () => {
    const { url, file, clock } = await openTokenServer();
    let name = 'reader';
    const ended: unknown[] = [];
    const client = createClient({
      url: url.replace('http', 'ws'),
      webSocketImpl: WebSocket,
      connectionParams: () => bearer(tokenOf(name)),
      retryWait: async () => {},
      on: { closed: (event) => void ended.push(event) },
    });
    onTestFinished(() => void client.dispose());
    const watch = client.iterate({ query: watchOne });
    await within(clock, watch.next());
    await file.replace([entry('newer')]);
    name = 'newer';
    await clock.advance(5000);
    expect((await within(clock, watch.next())).value?.data).toEqual({ jobUpdated: { kind: 'SNAPSHOT' } });
    expect(ended).toMatchObject([{ code: 4403 }]);
    await watch.return?.();
  });
});

describe('an event stream', () => {
  it('ends with an error once its token is withdrawn, also while nothing happens', async () => {
    const file = await createTokenFile(people);
    const jobs = await startMovingJobs(1);
    const clock = createFakeClock();
    const { url } = await openClockedServer(jobs.url, clock, {
      credentials: ownKey,
      access: file.settings(),
    });
    const stream = watchByEvents(url, watchOne, { headers: bearer(tokenOf('reader')) });
    expect((await within(clock, stream.next())).type).toBe('next');
    await file.replace([entry('writer')]);
    await clock.advance(5000);
    expect(await stream.next()).toMatchObject({
      type: 'error',
      errors: [
        { message: expect.stringContaining('no longer accepted'), extensions: { code: 'UNAUTHENTICATED' } },
      ],
    });
    expect((await stream.next()).type).toBe('complete');
    const asked = jobs.count();
    await clock.advance(60_000);
    expect(jobs.count()).toBe(asked);
  });
});

describe('the token file', () => {
  it.each(['replace', 'write'] as const)(
    'may change (%s): who is new comes in, who is out is out',
    async (how) => {
      const { file, clock, ask } = await openWithTokens([entry('old'), entry('kept')]);
      expect((await ask(list, 'new')).status).toBe(401);
      await file[how]([entry('kept'), entry('new')]);
      await clock.advance(5000);
      const statuses = await Promise.all(
        ['old', 'kept', 'new'].map(async (name) => (await ask(list, name)).status),
      );
      expect(statuses).toEqual([401, 200, 200]);
    },
  );

  it.each([
    ['nonsense', '[{ "name": "CANARY'],
    ['nothing', ''],
    ['another shape', [{ ...entry('a'), token: 'CANARY' }]],
    ['twice the same token', [entry('a'), { ...entry('a'), name: 'b' }]],
  ])('that has become %s is told once, and the tokens of before stay', async (_what, content) => {
    const { file, clock, ask, lines } = await openWithTokens([entry('old')]);
    await file.replace(content);
    await clock.advance(60_000);
    expect((await ask(list, 'old')).status).toBe(200);
    const told = lines.filter((line) => JSON.parse(line).level === 50);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain('GATEWAY_TOKENS_FILE');
    expect(lines.join()).not.toContain('CANARY');
    await file.replace([entry('new')]);
    await clock.advance(5000);
    expect([(await ask(list, 'old')).status, (await ask(list, 'new')).status]).toEqual([401, 200]);
  });
});

describe('callers who share the rights of the gateway', () => {
  it('have idempotency keys of their own, and keep them with a new token of the same name', async () => {
    const rotated = { ...entry('one'), sha256: sha256('CANARY-second-token-of-one') };
    const { ask, gateway, upstream } = await openWithTokens([entry('one'), entry('other'), rotated]);
    const first = await ask(submit('same key'), 'one');
    const second = await ask(submit('same key'), 'other');
    expect([first.data.submitJob.job.id, second.data.submitJob.job.id]).toEqual([guid(1), guid(2)]);
    expect(second.data.submitJob.replayed).toBe(false);
    const again = await gateway.ask(submit('same key'), bearer('CANARY-second-token-of-one'));
    expect(again.data.submitJob.replayed).toBe(true);
    expect(upstream.count('SubmitJob')).toBe(2);
  });

  it('share watchers: two of them cost one look', async () => {
    const file = await createTokenFile(people);
    const jobs = await startMovingJobs(1);
    const clock = createFakeClock();
    const { url } = await openClockedServer(jobs.url, clock, {
      credentials: ownKey,
      access: file.settings(),
    });
    for (const name of ['reader', 'writer']) {
      const { operate } = await openSocket(url, { params: bearer(tokenOf(name)) });
      await within(clock, operate(watchOne).next());
    }
    const asked = jobs.next();
    const before = jobs.count();
    await within(clock, asked);
    expect(jobs.count()).toBe(before + 1);
  });
});
