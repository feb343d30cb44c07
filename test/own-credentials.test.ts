import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { AppSettings, AuthScheme } from '../src/config/credential-settings.ts';
import { startSandbox } from '../src/sandbox/sandbox.ts';
import { createHastyClock } from './support/fake-clock.ts';
import { type Ask, openGateway, type TestOptions } from './support/gateway.ts';
import { transports } from './support/live-client.ts';
import { openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { guid, jobRow, jobRows, jobsPage, lookup } from './support/rows.ts';
import { type Reply, startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';

const canary = (name: string) => `CANARY-${name}`;
const apiKey = {
  mode: 'api-key',
  scheme: 'bare',
  apiKey: `IST.${canary('key')}.e30_-==`,
  siteId: 'site-1',
} as const;
const app = {
  mode: 'app',
  scheme: 'bare',
  appId: 'app-1',
  appSecret: canary('secret'),
  instanceId: 'instance-1',
} as const;

const list = (first = 10) => `{ jobs(first: ${first}) { nodes { id } } }`;
const submit =
  'mutation { submitJob(input: { source: { wixDataCollection: { collectionId: "a" } }, destination: { file: { format: CSV } } }) { job { id } userErrors { code } } }';

const refused: Reply = { status: 401, json: {} };

const sentBy = ({ headers }: UpstreamCall) => ({
  authorization: headers.authorization,
  site: headers['wix-site-id'],
  account: headers['wix-account-id'],
});

/** Whatever clients may send of their own. */
const presented: readonly Ask[] = [
  { authorization: null },
  { authorization: 'their own' },
  { authorization: 'Bearer theirs', headers: { 'wix-site-id': 'their site' } },
  { authorization: 'café', headers: { 'wix-account-id': 'their account' } },
];

/** Answers a token request with the n-th token. */
type Grant = (n: number) => Reply | Promise<Reply>;
const granting =
  (expiresIn = 14_400): Grant =>
  (n) => ({
    json: { access_token: `${canary('token')}-${n}`, token_type: 'Bearer', expires_in: expiresIn },
  });
const token = (n: number) => `${canary('token')}-${n}`;

interface AppUpstream {
  grant: Grant;
  /** Answers every other call, where its token is accepted. */
  answer: (call: UpstreamCall) => Reply | Promise<Reply>;
  /** Tokens that are answered 401. */
  readonly revoked: Set<string | undefined>;
}

const startAppUpstream = async (options: Partial<AppUpstream> = {}) => {
  const script: AppUpstream = {
    grant: granting(),
    answer: () => jobsPage([]),
    revoked: new Set(),
    ...options,
  };
  const upstream = await startScriptedUpstream((call) => {
    if (call.operation === 'CreateAccessToken') return script.grant(upstream.count('CreateAccessToken'));
    return script.revoked.has(call.headers.authorization) ? refused : script.answer(call);
  });
  return {
    script,
    upstream,
    renewals: () => upstream.count('CreateAccessToken'),
    tokensSent: () =>
      upstream.calls
        .filter(({ operation }) => operation !== 'CreateAccessToken')
        .map(({ headers }) => headers.authorization),
  };
};

const openAppGateway = async (options: Partial<AppUpstream> = {}, more: TestOptions = {}) => {
  const started = await startAppUpstream(options);
  return { ...started, gateway: openGateway(started.upstream.url, { credentials: app, ...more }) };
};

/** A clock on which every wait is over in the next turn. */
describe('with an API key of its own', () => {
  it.each<[AuthScheme, string]>([
    ['bare', apiKey.apiKey],
    ['bearer', `Bearer ${apiKey.apiKey}`],
  ])(
    'the gateway sends it %s with its site, byte for byte, whatever its callers send',
    async (scheme, sent) => {
      const upstream = await startScriptedUpstream(() => jobsPage([]));
      const gateway = openGateway(upstream.url, { credentials: { ...apiKey, scheme } });
      for (const options of presented) {
        expect((await gateway.ask(list(), options)).data).toEqual({ jobs: { nodes: [] } });
      }
      expect(upstream.calls.map(sentBy)).toEqual(
        presented.map(() => ({ authorization: sent, site: 'site-1', account: undefined })),
      );
    },
  );

  it('all who call are one caller, with one allowance and cursors for each other', async () => {
    const upstream = await startScriptedUpstream(({ body }) =>
      jobsPage(jobRows(2), body?.query?.cursorPaging?.cursor ? null : 'more'),
    );
    const gateway = openGateway(upstream.url, { credentials: apiKey });
    const [one, other] = [{ authorization: 'one' }, { authorization: 'other' }];
    const { data } = await gateway.ask('{ jobs(first: 2) { pageInfo { endCursor } } }', one);
    const { errors } = await gateway.ask(
      `{ jobs(first: 2, after: "${data.jobs.pageInfo.endCursor}") { nodes { id } } }`,
      other,
    );
    expect(errors).toBeUndefined();
    const left = await gateway.ask('{ upstream { rateLimit { remaining } } }', other);
    expect(left.data.upstream.rateLimit.remaining).toBe(198);
  });

  it('that is not accepted, callers hear whose matter it is, and the operator does too', async () => {
    const upstream = await startScriptedUpstream(() => refused);
    const { log, events, lines } = memoryLog();
    const gateway = openGateway(upstream.url, { credentials: apiKey, log });
    const answer = await gateway.ask(list());
    expect(answer.errors).toMatchObject([
      { extensions: { code: 'UNAUTHENTICATED', upstream: { status: 401, requestId: 'request-1' } } },
    ]);
    expect(answer.errors?.[0]?.message).toContain('WIX_API_KEY and WIX_SITE_ID');
    expect(events(40)).toMatchObject([{ level: 40, msg: expect.stringContaining('WIX_API_KEY') }]);
    expect(upstream.count()).toBe(1);
    expect(JSON.stringify(answer) + lines.join()).not.toContain('CANARY');
  });
});

describe('as an app', () => {
  it.each<[AuthScheme, string]>([
    ['bare', token(1)],
    ['bearer', `Bearer ${token(1)}`],
  ])('the gateway asks for one token and sends it %s, whatever its callers send', async (scheme, sent) => {
    const { upstream, gateway } = await openAppGateway({}, { credentials: { ...app, scheme } });
    for (const options of presented) {
      expect((await gateway.ask(list(), options)).data).toEqual({ jobs: { nodes: [] } });
    }
    const [request, ...calls] = upstream.calls;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/oauth2/token',
      headers: { 'content-type': 'application/json' },
      body: {
        grant_type: 'client_credentials',
        client_id: 'app-1',
        client_secret: app.appSecret,
        instance_id: 'instance-1',
      },
    });
    expect(request && sentBy(request)).toEqual({});
    expect(calls.map(sentBy)).toEqual(
      presented.map(() => ({ authorization: sent, site: undefined, account: undefined })),
    );
  });

  it('asks for no token before somebody asks for something', async () => {
    const { upstream, gateway } = await openAppGateway();
    await gateway.ask('{ upstream { rateLimit { remaining } } }');
    expect(upstream.count()).toBe(0);
  });

  it('asks for one token when many come at once', async () => {
    const all = Array.from({ length: 50 }, (_, n) => n + 1);
    const { gateway, renewals, tokensSent } = await openAppGateway();
    const answers = await Promise.all(all.map((n) => gateway.ask(list(n))));
    expect(answers.filter(({ errors }) => errors)).toEqual([]);
    expect(renewals()).toBe(1);
    expect(tokensSent()).toEqual(all.map(() => token(1)));
  });

  it.each([
    ['a read', list(), 'QueryJobs'],
    ['a write', submit, 'SubmitJob'],
  ])('renews a token that is refused, and sends %s once more', async (_what, document, operation) => {
    const { gateway, script, upstream, renewals, tokensSent } = await openAppGateway({
      answer: (call) => (call.operation === 'SubmitJob' ? { json: { job: jobRow(0) } } : jobsPage([])),
    });
    await gateway.ask(list());
    script.revoked.add(token(1));
    expect((await gateway.ask(document)).errors).toBeUndefined();
    expect(tokensSent()).toEqual([token(1), token(1), token(2)]);
    expect(upstream.calls.slice(-1)[0]?.operation).toBe(operation);
    expect(renewals()).toBe(2);
  });

  it.each([
    ['a read', list()],
    ['a write', submit],
  ])('gives %s up after the second refusal', async (_what, document) => {
    const { gateway, script, renewals, tokensSent } = await openAppGateway();
    script.revoked.add(token(1)).add(token(2));
    const { errors } = await gateway.ask(document);
    expect(errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED', upstream: { status: 401 } } }]);
    expect(errors?.[0]?.message).toContain('WIX_APP_ID, WIX_APP_SECRET and WIX_INSTANCE_ID');
    expect(tokensSent()).toEqual([token(1), token(2)]);
    expect(renewals()).toBe(2);
  });

  it('renews once for 50 calls that are refused at the same time', async () => {
    const all = Array.from({ length: 50 }, (_, n) => n + 1);
    const underWay = Promise.withResolvers<void>();
    const { gateway, renewals, tokensSent } = await openAppGateway({
      async answer({ headers }) {
        if (headers.authorization !== token(1)) return jobsPage([]);
        // all are on their way with the old token before the first is refused
        if (tokensSent().length === all.length) underWay.resolve();
        await underWay.promise;
        return refused;
      },
    });
    const answers = await Promise.all(all.map((n) => gateway.ask(list(n))));
    expect(answers.filter(({ errors }) => errors)).toEqual([]);
    expect(renewals()).toBe(2);
    expect(tokensSent()).toEqual([...all.map(() => token(1)), ...all.map(() => token(2))]);
  });

  it('does not renew again for a call that is refused late', async () => {
    const held = Promise.withResolvers<void>();
    const isHeld = Promise.withResolvers<void>();
    const { gateway, renewals, tokensSent } = await openAppGateway({
      async answer({ headers, body }) {
        if (headers.authorization !== token(1)) return jobsPage([]);
        if (body.query.cursorPaging.limit === 7) {
          isHeld.resolve();
          await held.promise;
        }
        return refused;
      },
    });
    const late = gateway.ask(list(7));
    await isHeld.promise;
    await gateway.ask(list(8));
    held.resolve();
    expect((await late).errors).toBeUndefined();
    expect(tokensSent()).toEqual([token(1), token(1), token(2), token(2)]);
    expect(renewals()).toBe(2);
  });

  it('renews a token that was given out twice in the same words', async () => {
    const { gateway, script, renewals } = await openAppGateway({
      grant: () => granting()(1),
    });
    let refusals = 0;
    script.answer = () => {
      refusals += 1;
      return refusals === 1 ? refused : jobsPage([]);
    };
    expect((await gateway.ask(list())).errors).toBeUndefined();
    expect(renewals()).toBe(2);
  });

  it('keeps the allowance when the token is renewed, and cursors past a restart', async () => {
    const { gateway, script, upstream, renewals } = await openAppGateway({
      answer: ({ body }) => jobsPage(jobRows(2), body?.query?.cursorPaging?.cursor ? null : 'more'),
    });
    const { data } = await gateway.ask('{ jobs(first: 2) { pageInfo { endCursor } } }');
    script.revoked.add(token(1));
    const goOn = `{ jobs(first: 2, after: "${data.jobs.pageInfo.endCursor}") { nodes { id } } }`;
    expect((await gateway.ask(goOn)).errors).toBeUndefined();
    expect(renewals()).toBe(2);
    const ask = (credentials: AppSettings) => openGateway(upstream.url, { credentials }).ask(goOn);
    expect((await ask(app)).errors).toBeUndefined();
    for (const other of [
      { ...app, instanceId: 'instance-2' },
      { ...app, appSecret: 'guessed' },
    ]) {
      expect((await ask(other)).errors?.[0]?.extensions.code).toBe('BAD_USER_INPUT');
    }
    const left = await gateway.ask('{ upstream { rateLimit { remaining } } }');
    // each attempt costs one, a token none
    expect(left.data.upstream.rateLimit.remaining).toBe(197);
  });
});

describe('the token of an app', () => {
  const start = Date.UTC(2026, 8, 14);
  const openTimed = async (grant: Grant) => {
    const time = { seconds: 0 };
    const opened = await openAppGateway({ grant }, { now: () => start + time.seconds * 1000 });
    const ask = async () => (await opened.gateway.ask(list())).errors?.[0]?.extensions.code ?? 'fine';
    return { ...opened, time, ask };
  };

  it('is renewed early, and nobody waits for that', async () => {
    const second = Promise.withResolvers<void>();
    const { ask, time, renewals, tokensSent } = await openTimed(async (n) => {
      if (n === 2) await second.promise;
      return granting(1000)(n);
    });
    await ask();
    time.seconds = 799;
    await ask();
    expect(renewals()).toBe(1);
    time.seconds = 800;
    // the endpoint does not answer yet
    await ask();
    await ask();
    await vi.waitFor(() => expect(renewals()).toBe(2));
    expect(tokensSent()).toEqual(Array.from({ length: 4 }, () => token(1)));
    second.resolve();
    await vi.waitFor(async () => {
      await ask();
      expect(tokensSent().at(-1)).toBe(token(2));
    });
    expect(renewals()).toBe(2);
  });

  it('is waited for once it has expired', async () => {
    const { ask, time, tokensSent } = await openTimed(granting(1000));
    await ask();
    time.seconds = 1000;
    expect(await ask()).toBe('fine');
    expect(tokensSent()).toEqual([token(1), token(2)]);
  });

  it('is used to its end while it cannot be renewed, and is got again when it can be', async () => {
    const grant = { fails: false };
    const { ask, time, renewals, tokensSent } = await openTimed((n) =>
      grant.fails ? { status: 503, text: '' } : granting(1000)(n),
    );
    await ask();
    grant.fails = true;
    time.seconds = 900;
    expect(await ask()).toBe('fine');
    await vi.waitFor(() => expect(renewals()).toBe(2));
    time.seconds = 1000;
    expect(await ask()).toBe('UPSTREAM_UNAVAILABLE');
    expect(renewals()).toBe(3);
    grant.fails = false;
    // the endpoint has peace for a second
    time.seconds = 1000.9;
    expect(await ask()).toBe('UPSTREAM_UNAVAILABLE');
    expect(renewals()).toBe(3);
    time.seconds = 1001;
    expect(await ask()).toBe('fine');
    expect(tokensSent()).toEqual([token(1), token(1), token(4)]);
  });

  it.each<[string, unknown, number]>([
    ['says nothing', undefined, 300],
    ['says it in digits', '1000', 1000],
    ['makes no sense', -1, 300],
  ])('whose life %s has one of so many seconds', async (_what, expiresIn, life) => {
    const { ask, time, renewals } = await openTimed((n) => ({
      json: { access_token: token(n), expires_in: expiresIn },
    }));
    await ask();
    time.seconds = life * 0.79;
    await ask();
    expect(renewals()).toBe(1);
    time.seconds = life;
    await ask();
    expect(renewals()).toBe(2);
  });
});

describe('a token endpoint that gives none', () => {
  const echo = {
    error: 'invalid_client',
    error_description: canary('secret'),
    message: canary('secret'),
    details: { applicationError: { code: 'CANARY_CODE', description: canary('secret') } },
  };

  it.each<[string, Reply, string]>([
    ['400', { status: 400, json: echo }, 'UNAUTHENTICATED'],
    ['401', { status: 401, json: echo }, 'UNAUTHENTICATED'],
    ['403', { status: 403, json: echo }, 'UNAUTHENTICATED'],
    ['404', { status: 404, text: '<html>CANARY' }, 'UPSTREAM_UNAVAILABLE'],
    ['429', { status: 429, json: echo }, 'UPSTREAM_UNAVAILABLE'],
    ['500', { status: 500, text: '' }, 'UPSTREAM_UNAVAILABLE'],
    ['503', { status: 503, text: '<html>CANARY' }, 'UPSTREAM_UNAVAILABLE'],
    ['an empty object', { json: {} }, 'UPSTREAM_UNAVAILABLE'],
    ['a page', { text: '<html>CANARY' }, 'UPSTREAM_UNAVAILABLE'],
    ['a token of two lines', { json: { access_token: 'CANARY\r\nx: y' } }, 'UPSTREAM_UNAVAILABLE'],
    ['an empty token', { json: { access_token: '' } }, 'UPSTREAM_UNAVAILABLE'],
    ['a number', { json: { access_token: 42 } }, 'UPSTREAM_UNAVAILABLE'],
    ['nothing, and hangs up', 'reset', 'UPSTREAM_UNAVAILABLE'],
    ['nothing in time', 'hang', 'UPSTREAM_UNAVAILABLE'],
  ])('but %s is a clear error, asked once, and repeats nothing', async (_what, reply, expected) => {
    const { log, events, lines } = memoryLog();
    const { gateway, upstream } = await openAppGateway(
      { grant: () => reply },
      { log, upstreamTimeoutMs: reply === 'hang' ? 300 : 10_000 },
    );
    const answers = await Promise.all([gateway.ask(list(1)), gateway.ask(list(2))]);
    for (const { data, errors } of answers) {
      expect(data).toEqual({ jobs: null });
      expect(errors).toMatchObject([{ extensions: { code: expected } }]);
      expect(errors?.[0]?.message).toMatch(/WIX_APP_ID, WIX_APP_SECRET (or|and) WIX_INSTANCE_ID/);
    }
    expect(upstream.calls.map(({ operation }) => operation)).toEqual(['CreateAccessToken']);
    expect(events(40).map(({ msg }) => msg)).toContain('no access token');
    expect(JSON.stringify(answers) + lines.join()).not.toContain('CANARY');
  });

  it('leaves no doubt about a submit: it was never sent', async () => {
    const { gateway, upstream } = await openAppGateway(
      { grant: () => ({ status: 500, text: '' }) },
      { clock: createHastyClock() },
    );
    const { errors } = await gateway.ask(submit);
    expect(errors?.[0]?.extensions.code).toBe('UPSTREAM_UNAVAILABLE');
    expect(upstream.count()).toBe(upstream.count('CreateAccessToken'));
  });

  it('for a moment only delays a submit, which is sent once', async () => {
    const { gateway, upstream } = await openAppGateway(
      {
        grant: (n) => (n === 1 ? { status: 500, text: '' } : granting()(n)),
        answer: () => ({ json: { job: jobRow(0) } }),
      },
      { clock: createHastyClock() },
    );
    const { data } = await gateway.ask(submit);
    expect(data.submitJob.job).toEqual({ id: guid(0) });
    expect(upstream.count('SubmitJob')).toBe(1);
  });
});

describe('secrets of the gateway', () => {
  it('are in no log line and no answer, at the most talkative level', async () => {
    for (const credentials of [apiKey, app]) {
      const { log, lines } = memoryLog();
      const { gateway, script } = await openAppGateway({}, { credentials, log, clock: createHastyClock() });
      const answers = [await gateway.ask(list())];
      script.revoked.add(token(1));
      for (const answer of [{ status: 500, text: '' }, 'reset', refused] as const) {
        script.answer = () => answer;
        answers.push(await gateway.ask(list()), await gateway.ask(submit, { headers: { cookie: 'x' } }));
      }
      expect(lines.length).toBeGreaterThan(5);
      expect(lines.join() + JSON.stringify(answers)).not.toContain('CANARY');
    }
  });
});

describe.each(Object.entries(transports))('over %s', (_name, watch) => {
  it('subscriptions need no credential of their callers, and live on when the token is renewed', async () => {
    const state = { status: 'IN_PROGRESS' };
    const { upstream, script, renewals, tokensSent } = await startAppUpstream({
      answer: (call) => lookup([jobRow(0, { status: state.status, finishedAt: null })])(call),
    });
    const { url } = await openServer(upstream.url, {
      WIX_AUTH: 'app',
      WIX_APP_ID: app.appId,
      WIX_APP_SECRET: app.appSecret,
      WIX_INSTANCE_ID: app.instanceId,
    });
    const query = `subscription { jobUpdated(id: "${guid(0)}") { kind job { status } } }`;
    const [one, other] = [
      await watch(url, query, { headers: {} }),
      await watch(url, query, { headers: { authorization: 'their own' } }),
    ];
    expect((await one.next()).data.jobUpdated.job.status).toBe('IN_PROGRESS');
    expect((await other.next()).data.jobUpdated.job.status).toBe('IN_PROGRESS');
    script.revoked.add(token(1));
    state.status = 'COMPLETED';
    for (const stream of [one, other]) {
      expect((await stream.next()).data.jobUpdated.job.status).toBe('COMPLETED');
      expect((await stream.next()).type).toBe('complete');
    }
    expect(renewals()).toBe(2);
    expect(new Set(tokensSent())).toEqual(new Set([token(1), token(2)]));
  });
});

describe('over the sandbox', () => {
  const demo = { ...app, appId: 'sandbox-app', appSecret: 'sandbox-secret' };

  it.each<[AuthScheme]>([['bare'], ['bearer']])(
    'the demo app works, past the end of its token, %s',
    async (scheme) => {
      const time = { now: Date.UTC(2026, 8, 14) };
      const sandbox = await startSandbox({ tokenSeconds: 2, now: () => time.now });
      onTestFinished(() => sandbox.close());
      const gateway = openGateway(sandbox.url, { credentials: { ...demo, scheme }, now: () => 0 });
      const ask = async () => (await gateway.ask(list(1), { authorization: null })).data.jobs?.nodes;
      expect(await ask()).toHaveLength(1);
      expect(await ask()).toHaveLength(1);
      expect(sandbox.calls.of('CreateAccessToken')).toBe(1);
      // only the sandbox notices
      time.now += 2000;
      expect(await ask()).toHaveLength(1);
      expect(sandbox.calls.toJSON().byOperation).toEqual({ CreateAccessToken: 2, QueryJobs: 4 });
    },
  );

  it('a wrong secret is told', async () => {
    const sandbox = await startSandbox();
    onTestFinished(() => sandbox.close());
    const gateway = openGateway(sandbox.url, { credentials: app });
    expect((await gateway.ask(list(1))).errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    expect(sandbox.calls.total).toBe(1);
  });
});
