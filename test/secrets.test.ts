import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  audience,
  bearer,
  createKey,
  createTokenFile,
  entry,
  issuerName,
  sign,
  startIssuer,
  tokenOf,
} from './support/access.ts';
import {
  answers,
  downloadUrl,
  expectKeptNothing,
  expectToldNothing,
  type Fault,
  outages,
  own,
  reason,
  secret,
  silences,
  throttled,
  uploadUrl,
} from './support/canaries.ts';
import { createPulse, type Ear, type Headers, openEar } from './support/ear.ts';
import { openGateway } from './support/gateway.ts';
import { start, urlOf } from './support/gateway-process.ts';
import { memoryLog } from './support/memory-log.ts';
import { guid, jobRow, jobsPage, lookup, scheduleRow } from './support/rows.ts';
import { type Reply, startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';
import { keys, newKeys, payloadOf, pemOf, tokenOf as webhookToken } from './support/webhooks.ts';

const apiKey = secret('api-key');
const appSecret = secret('app-secret');
const appToken = (n: number) => `${secret('app-token')}-${n}`;

const job = jobRow(0, { destination: { file: { format: 'CSV', url: downloadUrl } } });
const running = (moved: number) => ({
  ...jobRow(1, { destination: job.destination }),
  status: 'IN_PROGRESS',
  finishedAt: null,
  progress: { current: `${moved}`, total: '1000000' },
});

const wellAnswered = (call: UpstreamCall, count: number): Reply => {
  const rows = [job, running(count)];
  switch (call.operation) {
    case 'CreateAccessToken':
      return { json: { access_token: appToken(count), token_type: 'Bearer', expires_in: 14_400 } };
    case 'CreateFileUploadUrl':
      return { json: { uploadUrl, fileId: 'file' } };
    case 'SubmitJob':
    case 'TerminateJob':
      return { json: { job } };
    case 'ListMovementLogs':
      return { json: { movementLogs: [], pagingMetadata: { count: 0, cursors: {}, hasNext: false } } };
    case 'ListSyncJobs':
      return { json: { syncJobs: [] } };
    case 'GetSyncJob':
      return { json: { syncJob: scheduleRow(0) } };
    default:
      return call.operation === 'QueryJobs' && call.body.query.filter?.id === undefined
        ? jobsPage(rows)
        : lookup(rows)(call);
  }
};

/** Upstream goes well, but for what is struck by a fault; which of that has really been asked for is counted. */
const openUpstream = async () => {
  const pulse = createPulse();
  let struck = new Map<string, number>();
  let faultOf: (n: number) => Fault | undefined = () => undefined;
  const upstream = await startScriptedUpstream((call) => {
    const n = struck.get(call.operation);
    const fault = n === undefined ? undefined : faultOf(n);
    if (n !== undefined && fault) struck.set(call.operation, n + 1);
    pulse.beat();
    return fault?.(call) ?? wellAnswered(call, upstream.count());
  });
  return {
    ...upstream,
    pulse,
    /** The n-th call of each operation from now on, from 0, is answered by `fault(n)`, if there is one. */
    strike(operations: readonly string[], fault: (n: number) => Fault | undefined) {
      struck = new Map(operations.map((operation) => [operation, 0]));
      faultOf = fault;
    },
    struck: (operation: string) => struck.get(operation) ?? 0,
    calm() {
      struck = new Map();
    },
  };
};
type Upstream = Awaited<ReturnType<typeof openUpstream>>;

const siteHeaders = { 'wix-site-id': secret('site'), 'wix-account-id': secret('account') };

interface Mode {
  readonly env: Record<string, string>;
  readonly good: Headers;
  readonly bad: readonly Headers[];
  /** A token that is good at first, and how it ends. */
  readonly passing?: () => Promise<{ readonly sent: Headers; end(): Promise<void> }>;
}

const passthrough = async (): Promise<Mode> => ({
  env: {},
  good: { authorization: `Bearer ${secret('authorization')}`, ...siteHeaders },
  bad: [{}, { authorization: `${secret('authorization')}\r\nx: y` }],
});
const tokens = async (): Promise<Mode> => {
  const file = await createTokenFile([entry('one'), entry('passing')]);
  return {
    env: {
      WIX_AUTH: 'api-key',
      WIX_API_KEY: apiKey,
      WIX_SITE_ID: 'site-1',
      GATEWAY_AUTH: 'tokens',
      GATEWAY_TOKENS_FILE: file.path,
    },
    good: { ...bearer(tokenOf('one')), ...siteHeaders },
    bad: [{}, bearer(secret('wrong')), { authorization: secret('malformed') }],
    passing: async () => ({
      sent: bearer(tokenOf('passing')),
      end: () => file.replace([entry('one')]),
    }),
  };
};
const app = { WIX_AUTH: 'app', WIX_APP_ID: 'app', WIX_APP_SECRET: appSecret, WIX_INSTANCE_ID: 'here' };
const jwt = async (): Promise<Mode> => {
  const [key, other] = [await createKey('k'), await createKey('k')];
  const { env } = await startIssuer(key);
  const now = Date.now();
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = `${part({ alg: 'none' })}.${part({ sub: secret('sub') })}.`;
  return {
    env: { ...app, ...env },
    good: bearer(await sign(key, now, { exp: 4_000_000_000 })),
    bad: [
      {},
      bearer(secret('wrong')),
      bearer(unsigned),
      bearer(await sign(other, now)),
      bearer(await sign(key, now, { iss: secret('issuer') })),
      bearer(await sign(key, now - 3_600_000)),
      bearer(await sign(key, now, { scope: secret('scope') })),
    ],
    passing: async () => ({
      sent: bearer(await sign(key, Date.now(), { exp: Math.floor(Date.now() / 1000) + 3 })),
      end: async () => undefined,
    }),
  };
};

const modes: [string, () => Promise<Mode>][] = [
  ['each caller', passthrough],
  ['the gateway, for callers with tokens', tokens],
  ['an app, for callers with JWTs', jwt],
];

/** The program as it is started, where it says most, with all that it may say something to. */
const open = async (mode: Mode, env: Record<string, string> = {}) => {
  const upstream = await openUpstream();
  // who is sent spans refuses half of them, and says why
  const collector = await startScriptedUpstream(() =>
    collector.count() % 2 === 0 ? { json: {} } : { status: 400, json: { message: secret('collector') } },
  );
  const program = start({
    env: {
      PORT: '0',
      WIX_API_URL: upstream.url.href,
      LOG_LEVEL: 'trace',
      NODE_ENV: 'development',
      FINISHED_JOB_TTL_MS: '0',
      UPSTREAM_REQUESTS_PER_MINUTE: '1000000',
      POLL_MIN_MS: '20',
      POLL_MAX_MS: '20',
      POLL_SHARE: '1',
      DRAIN_MS: '100',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url.origin,
      OTEL_EXPORTER_OTLP_HEADERS: `x-key=${secret('collector-key')}`,
      ...mode.env,
      ...env,
    },
  });
  const url = await urlOf(program);
  // reading and writing are heard apart: reasons are for who writes
  const [ear, pen] = [openEar(url, upstream.pulse), openEar(url, upstream.pulse)];
  /** What callers say to prove who they are. */
  const spoken = [mode.good, ...mode.bad].flatMap(({ authorization }) => authorization ?? []);
  return {
    ...mode,
    spoken,
    program,
    upstream,
    url,
    ear,
    pen,
    async stop() {
      const metrics = await (await fetch(new URL('/metrics', url), { headers: mode.good })).text();
      program.kill('SIGTERM');
      const { code, out, err } = await program.closed;
      expect([code, err]).toEqual([0, '']);
      const spans = JSON.stringify(collector.calls.map(({ body }) => body));
      expect(metrics).toContain('gateway_operations_total');
      expect(spans).toContain('upstream GetJob');
      expect(collector.calls[0]?.headers['x-key']).toBe(secret('collector-key'));
      expectKeptNothing([out, metrics, spans].join('\n'), spoken);
      expectToldNothing([...ear.heard, ...pen.heard], spoken);
      expect(ear.heard.filter((text) => text.includes(reason))).toEqual([]);
      // where upstream sent us, nobody went
      expect(upstream.count('unknown')).toBe(0);
      return out;
    },
  };
};

/** What asks upstream for what. */
const readJob = `{ job(id: "${guid(0)}") { destination { ... on FileDestination { url } } } }`;
const reads: Readonly<Record<string, string>> = {
  GetJob: readJob,
  QueryJobs: `{ jobs(filter: { name: { eq: "${own}" } }) { nodes { id } } }`,
  ListMovementLogs: `{ job(id: "${guid(0)}") { logs { nodes { details } } } }`,
  ListSyncJobs: '{ schedules { id } }',
  GetSyncJob: `{ schedule(id: "${guid(0)}") { id } }`,
};
const submit = () =>
  `mutation { submitJob(input: { idempotencyKey: "${secret('idempotency')}-${randomUUID()}", name: "${own}",
    source: { file: { fileId: "prices.csv" } }, destination: { wixDataCollection: { collectionId: "products" } }
  }) { job { id } userErrors { path message } } }`;
const writes: Readonly<Record<string, () => string>> = {
  SubmitJob: submit,
  TerminateJob: () =>
    `mutation { terminateJob(input: { id: "${guid(1)}" }) { job { id } userErrors { message } } }`,
  CreateFileUploadUrl: () =>
    'mutation { createFileUploadUrl(input: {}) { uploadUrl userErrors { message } } }',
};
const mistakes = [
  `{ ${own} `,
  `{ ${own} }`,
  `{ jobs(after: "${own}") { nodes { id } } }`,
  `{ job(id: "${own}") { id } }`,
];
const shown = '{ kind job { destination { ... on FileDestination { url } } logs { nodes { details } } } }';
const subscriptions = [
  `subscription { jobUpdated(id: "${guid(1)}") ${shown} }`,
  `subscription { jobsUpdated(filter: { name: { ne: "${own}" } }) ${shown} }`,
];

/** All that goes wrong before upstream is asked. */
const blunder = async ({ post, dial, everyWay }: Ear, good: Headers, bad: readonly Headers[]) => {
  for (const query of mistakes) await everyWay(query, good);
  const variables = { ids: { [own]: own } };
  await post('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', good, { variables });
  for (const wrong of bad) {
    await dial(readJob, wrong).over;
    if (!wrong['authorization']?.includes('\n')) await everyWay(readJob, wrong);
  }
  for (const frame of [own, { type: own }, { type: 'subscribe', id: own }, { type: 'connection_init' }]) {
    await dial([frame], good).over;
  }
};

type Opened = Awaited<ReturnType<typeof open>>;

/** One good answer, so that failures of before are not in a row with the next. */
const recover = async ({ upstream, ear, good }: Opened) => {
  upstream.calm();
  while ((await ear.post(readJob, good)).errors);
};

/** Every write under every fault, once. Comes back with the submits, whose jobs are still looked for. */
const writeUnder = async (opened: Opened, faults: readonly Fault[]): Promise<Promise<unknown>[]> => {
  const { upstream, pen, good } = opened;
  const under = (operation: string, query: () => string) => {
    upstream.strike([operation], (n) => faults[n]);
    return faults.map((_, n) => (n % 2 === 0 ? pen.post(query(), good) : pen.dial(query(), good).over));
  };
  for (const [operation, query] of Object.entries(writes)) {
    if (operation === 'SubmitJob') continue;
    await Promise.all(under(operation, query));
    expect([operation, upstream.struck(operation)]).toEqual([operation, faults.length]);
    await recover(opened);
  }
  const submits = under('SubmitJob', submit);
  await upstream.pulse.until(() => upstream.struck('SubmitJob') === faults.length);
  await recover(opened);
  return submits;
};

const allTold = async ({ pulse }: Upstream, { told }: { readonly told: readonly number[] }, more: number) => {
  const before = [...told];
  await pulse.until(() => told.every((count, n) => count >= (before[n] ?? 0) + more));
};

describe.each(modes)('what is secret stays inside, with credentials of %s', (_whose, prepare) => {
  it('when all goes well, and when callers make mistakes', async () => {
    const { ear, pen, good, bad, url, stop } = await open(await prepare());
    for (const query of Object.values(reads)) {
      await ear.everyWay(query, good);
      await ear.get(query, good);
    }
    for (const query of Object.values(writes)) await pen.everyWay(query(), good);
    expect(ear.heard.join()).toContain(downloadUrl);
    expect(pen.heard.join()).toContain(uploadUrl);
    await blunder(ear, good, bad);
    for (const path of ['/metrics', '/ready', '/health', '/elsewhere']) {
      for (const sent of bad.slice(0, 2)) {
        if (sent['authorization']?.includes('\n')) continue;
        ear.heard.push(await (await fetch(new URL(path, url), { headers: sent })).text());
      }
    }
    expect((await stop()).split('\n').length).toBeGreaterThan(50);
  });

  it('when upstream refuses, or says something strange', async () => {
    const opened = await open(await prepare());
    const { upstream, ear, pen, good, stop } = opened;
    for (const [name, fault] of Object.entries(answers)) {
      for (const [operation, query] of Object.entries(reads)) {
        upstream.strike([operation], () => fault);
        await ear.everyWay(query, good);
        expect([name, operation, upstream.struck(operation) > 0]).toEqual([name, operation, true]);
      }
      await recover(opened);
    }
    await Promise.all(await writeUnder(opened, Object.values(answers)));
    expect(pen.heard.join()).toContain(reason);
    await stop();
  });

  it('when upstream is out', async () => {
    const opened = await open(await prepare());
    const { upstream, ear, good, stop } = opened;
    for (const [name, fault] of Object.entries(outages)) {
      upstream.strike(['GetJob'], () => fault);
      await ear.everyWay(readJob, good);
      expect([name, upstream.struck('GetJob') > 0]).toEqual([name, true]);
      await recover(opened);
    }
    const faults = Object.values(outages);
    const submits: Promise<unknown>[] = [];
    // with a fifth in a row upstream would be left alone
    for (let from = 0; from < faults.length; from += 4)
      submits.push(...(await writeUnder(opened, faults.slice(from, from + 4))));
    await Promise.all(submits);
    await stop();
  });

  it('when upstream is silent, or asks to be left alone', async () => {
    const opened = await open(await prepare(), { UPSTREAM_TIMEOUT_MS: '500' });
    const { upstream, ear, pen, good, stop } = opened;
    await recover(opened);
    const submits: Promise<unknown>[] = [];
    for (const [name, fault] of Object.entries(silences)) {
      upstream.strike(['GetJob'], () => fault);
      await ear.everyWay(readJob, good);
      expect([name, upstream.struck('GetJob') > 0]).toEqual([name, true]);
      await recover(opened);
      submits.push(...(await writeUnder(opened, [fault])));
    }
    await Promise.all(submits);
    upstream.strike(['SubmitJob'], () => throttled);
    await pen.post(submit(), good);
    expect(upstream.struck('SubmitJob')).toBe(1);
    await stop();
  });

  it('while jobs are watched, until that ends', async () => {
    const opened = await open(await prepare());
    const { upstream, ear, good, stop, passing } = opened;
    const { pulse, strike, struck } = upstream;
    const looks = ['GetJob', 'QueryJobs'];
    for (const fault of Object.values({ ...answers, ...outages })) {
      // at the begin
      strike(looks, (n) => (n < 2 ? fault : undefined));
      const begun = ear.watch(subscriptions, good);
      await pulse.until(() => struck('QueryJobs') > 0);
      await allTold(upstream, begun, 1);
      begun.leave();
      await recover(opened);
      // and later
      const streams = ear.watch(subscriptions, good);
      await allTold(upstream, streams, 1);
      strike([...looks, 'ListMovementLogs'], (n) => (n < 1 ? fault : undefined));
      await pulse.until(() => struck('QueryJobs') > 0);
      await allTold(upstream, streams, 2);
      streams.leave();
      await recover(opened);
    }
    if (passing) {
      const { sent, end } = await passing();
      const streams = ear.watch(subscriptions, sent);
      await allTold(upstream, streams, 1);
      await end();
      await allTold(upstream, streams, Number.POSITIVE_INFINITY);
      expect(ear.heard.join()).toContain('closed with 4403');
    }
    expect(ear.heard.join()).toContain('PROGRESSED');
    await stop();
  });
});

/** Asks until somebody else was asked for its sake: what has failed is let be for a second. */
const askUntil = async ({ ear, good }: Opened, wasAsked: () => boolean) => {
  while (!wasAsked()) {
    await ear.everyWay(readJob, good);
    await setTimeout(100);
  }
};

/** One of each kind. */
const some: readonly Fault[] = [
  answers[301],
  answers['with the credential'],
  answers['no JSON'],
  answers['another shape'],
  outages[500],
  outages['no HTTP'],
  outages['a body that breaks off'],
  outages['a connection that breaks'],
].filter((fault) => fault !== undefined);

describe('what is secret stays inside', () => {
  it('when the app is given no token', async () => {
    const opened = await open({ ...(await jwt()), env: app, good: {}, bad: [] });
    const { upstream, ear, good, stop } = opened;
    for (const fault of some) {
      upstream.strike(['CreateAccessToken'], () => fault);
      await askUntil(opened, () => upstream.struck('CreateAccessToken') > 0);
    }
    await recover(opened);
    // one that was good, and cannot be replaced
    upstream.strike(['GetJob', 'CreateAccessToken'], () => answers[401]);
    await ear.everyWay(readJob, good);
    expect(upstream.struck('CreateAccessToken')).toBe(1);
    expect((await stop()).match(/"no access token"/g)).toHaveLength(some.length + 1);
  });

  it('when there are no keys of the issuer', async () => {
    const key = await createKey('k');
    let answer: Fault = () => ({ json: { keys: [] } });
    const issuer = await startScriptedUpstream((call) => answer(call));
    const good = bearer(await sign(key, Date.now(), { exp: 4_000_000_000 }));
    const opened = await open({
      env: {
        ...app,
        GATEWAY_AUTH: 'jwt',
        GATEWAY_JWKS_URL: new URL(`/jwks?key=${secret('jwks')}`, issuer.url).href,
        GATEWAY_JWT_ISSUER: issuerName,
        GATEWAY_JWT_AUDIENCE: audience,
      },
      good,
      bad: [],
    });
    for (const fault of some) {
      const before = issuer.count();
      answer = fault;
      await askUntil(opened, () => issuer.count() > before);
    }
    answer = () => ({ json: { keys: [key.jwk] } });
    await recover(opened);
    await opened.stop();
  });

  it('when webhooks come, good ones and others', async () => {
    const { ear, good, spoken, stop, url, upstream, program } = await open(await passthrough(), {
      WIX_WEBHOOK_PUBLIC_KEY: pemOf(keys.publicKey),
      POLL_MIN_MS: '3600000',
      POLL_MAX_MS: '3600000',
    });
    const streams = ear.watch(subscriptions.slice(0, 1), good);
    await allTold(upstream, streams, 1);
    const seconds = Math.floor(Date.now() / 1000);
    const event = { ...payloadOf(1), iat: seconds, exp: seconds + 300_000 };
    const bodies = {
      [webhookToken(event)]: 200,
      [webhookToken({ ...event, exp: seconds - 300_000 })]: 401,
      [webhookToken(event, { key: newKeys().privateKey })]: 401,
      [webhookToken(event, { alg: 'none' })]: 401,
      [webhookToken({ data: secret('event'), iat: seconds, exp: seconds + 300 })]: 400,
      [secret('body')]: 400,
      [JSON.stringify({ [secret('key')]: secret('value') })]: 400,
      [secret('long').repeat(20_000)]: 400,
    };
    for (const [body, status] of Object.entries(bodies)) {
      spoken.push(body);
      const address = new URL(`/webhooks/wix?key=${secret('query')}`, url);
      const response = await fetch(address, { method: 'POST', body });
      expect(response.status).toBe(status);
      ear.heard.push(await response.text(), JSON.stringify([...response.headers]));
    }
    await upstream.pulse.until(() => streams.told.every((count) => count >= 2));
    streams.leave();
    await program.logged(/webhooks are refused/);
    await stop();
  });

  it('when Redis does not accept the password', async () => {
    const asked: string[] = [];
    const redis = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        asked.push(String(chunk));
        socket.write('-WRONGPASS invalid username-password pair or user is disabled.\r\n');
      });
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void redis.close());
    await once(redis, 'listening');
    const address = redis.address() as { readonly port: number };
    const opened = await open(await passthrough(), {
      REDIS_URL: `redis://user:${secret('redis')}@127.0.0.1:${address.port}`,
    });
    await recover(opened);
    await opened.program.logged(/Redis cannot be reached/);
    await opened.program.logged(/Redis is away/);
    expect(asked.join()).toContain(secret('redis'));
    await opened.stop();
  });
});

describe('the reason of a refusal', () => {
  const refuse = async (authorization: string, text: string) => {
    const upstream = await startScriptedUpstream(() => ({ status: 400, text }));
    const { ask } = openGateway(upstream.url);
    const { data } = await ask(submit(), { authorization });
    return data.submitJob.userErrors[0].message;
  };
  const saying = (description: string) => JSON.stringify({ details: { applicationError: { description } } });
  const key = 'key/of+the=site';

  it.each<[string, string, string]>([
    ['as it was sent', key, saying(`${key} may not`)],
    ['without its scheme', `Bearer ${key}`, saying(`${key} may not`)],
    ['in another place', key, saying('no').replace('{', `{"token":"${key}",`)],
    ['as the name of a field', key, saying('no').replace('{', `{"${key}":1,`)],
    ['with its slash escaped', key, saying(`${key} may not`).replace('/', '\\/')],
    ['in other letters', key, saying(`${key} may not`).replace('k', '\\u006b').replace('+', '\\u002B')],
    ['with quotes in it', 'key of "the" \\site', saying('key of "the" \\site may not')],
    ['beyond what is shown of it', key, saying(`${'x'.repeat(495)} ${key}`)],
  ])('is not told when it repeats the credential %s', async (_how, authorization, text) => {
    expect(await refuse(authorization, text)).toBe('Wix refused this.');
  });

  it('is told when it does not, or when the credential is a word that anybody may use', async () => {
    expect(await refuse(key, saying('name is taken'))).toBe('Wix refused this: name is taken');
    expect(await refuse('name', saying('name is taken'))).toBe('Wix refused this: name is taken');
  });
});

describe('the log', () => {
  it('leaves out what libraries hang on their errors, and what nobody should log', () => {
    const { log, lines } = memoryLog();
    const answer = Object.assign(new Error('no HTTP'), { code: 'HPE_INVALID', data: secret('bytes') });
    log.error({ err: new AggregateError([answer], 'all failed', { cause: answer }) });
    log.info({ authorization: secret('a'), request: { headers: { x: secret('b') }, body: secret('c') } });
    expect(lines.join()).toMatch(/no HTTP.*HPE_INVALID.*no HTTP/);
    expect(lines.join()).not.toContain('CANARY');
  });
});
