import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { bearer, createKey, createTokenFile, entry, sign, startIssuer, tokenOf } from './support/access.ts';
import { start, urlOf } from './support/gateway-process.ts';
import { askForEvents } from './support/live-client.ts';
import { memoryLog } from './support/memory-log.ts';
import { guid, jobRow, jobsPage, lookup, type Row } from './support/rows.ts';
import { type Reply, startScriptedUpstream, type UpstreamCall } from './support/scripted-upstream.ts';

/** Must come out nowhere. */
const secret = (name: string) => `CANARY-${name}-0123456789`;
/** What a caller says: it may come back to that caller, but is nobody else's business. */
const own = 'PRIVATE';

/** Two addresses that are credentials, and belong into the fields that ask for them. */
const uploadUrl = `https://files.test/put?token=${secret('upload')}`;
const downloadUrl = `https://files.test/get?token=${secret('download')}`;

const apiKey = secret('api-key');
const appSecret = secret('app-secret');
const appToken = (n: number) => `${secret('app-token')}-${n}`;

const headers = {
  'set-cookie': `session=${secret('cookie')}`,
  'www-authenticate': `Bearer realm="${secret('realm')}"`,
  location: `https://elsewhere.test/${secret('location')}`,
  'retry-after': secret('retry'),
  server: secret('server'),
};

const errorBody = {
  message: secret('message'),
  details: {
    applicationError: {
      code: secret('code'),
      // a reason for a refusal is shown to who submits, but not one like these
      description: `not for ${apiKey} or ${appToken(1)} or ${secret('authorization')}`,
      data: { of: secret('data') },
    },
    [secret('key')]: true,
  },
};

/** Bytes that are no HTTP, and then some that are no JSON. */
const raw =
  (text: string): Reply =>
  ({ socket }) =>
    void socket?.end(text);

const faults: Readonly<Record<string, Reply>> = {
  ...Object.fromEntries(
    [400, 401, 403, 404, 409, 418, 429, 500, 501, 502, 503, 504, 301].map((status) => [
      status,
      { status, headers, json: errorBody } satisfies Reply,
    ]),
  ),
  'a page': { status: 500, headers, text: `<h1>${secret('page')}</h1>` },
  'no JSON': { headers, text: `{"job": ${secret('text')}` },
  'another shape': {
    headers,
    json: { [secret('field')]: secret('value'), job: { id: 7, name: [secret('name')] } },
  },
  'rows that cannot be read': {
    headers,
    json: {
      job: { ...jobRow(0), startedAt: secret('date'), logsRecorded: secret('count') },
      jobs: [
        { ...jobRow(0), startedAt: secret('date'), status: { [secret('status')]: 1 } },
        { ...jobRow(1), progress: { current: secret('current'), total: secret('total') } },
      ],
      pagingMetadata: { cursors: { next: 7 }, hasNext: secret('next') },
      syncJobs: [secret('schedule')],
      [secret('more')]: 1,
    },
  },
  'no HTTP': raw(`HTTP/1.1 200 OK\r\n${secret('header')}\r\n\r\n${secret('body')}`),
  'not even a status': raw(`${secret('first bytes')}\r\n\r\n`),
  'a body that breaks off': raw(`HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n{"job":"${secret('cut')}`),
  'a length that is wrong': raw(`HTTP/1.1 200 OK\r\nContent-Length: ${secret('length')}\r\n\r\n{}`),
};

const job = jobRow(0, { destination: { file: { format: 'CSV', url: downloadUrl } } });
const running = { ...jobRow(1), status: 'IN_PROGRESS', finishedAt: null };

const wellAnswered = (call: UpstreamCall): Reply => {
  switch (call.operation) {
    case 'CreateFileUploadUrl':
      return { json: { uploadUrl, fileId: 'file' } };
    case 'SubmitJob':
    case 'TerminateJob':
      return { json: { job } };
    case 'ListMovementLogs':
      return { json: { movementLogs: [], pagingMetadata: { count: 0, cursors: {}, hasNext: false } } };
    case 'ListSyncJobs':
      return { json: { syncJobs: [] } };
    default:
      return call.operation === 'QueryJobs' && call.body.query.filter?.id === undefined
        ? jobsPage([job, running])
        : lookup([job, running])(call);
  }
};

const submit = `mutation { submitJob(input: { idempotencyKey: "${secret('idempotency')}", name: "${own}",
  source: { file: { fileId: "prices.csv" } }, destination: { wixDataCollection: { collectionId: "products" } }
}) { job { id } userErrors { message } } }`;
const createUrl = 'mutation { createFileUploadUrl(input: {}) { uploadUrl userErrors { message } } }';
const read = `{ job(id: "${guid(0)}") { destination { ... on FileDestination { url } } }
  jobs(filter: { name: { eq: "${own}" } }) { nodes { id logs { nodes { details } } } } schedules { id } }`;
const operations = [
  read,
  submit,
  createUrl,
  `mutation { terminateJob(input: { id: "${guid(0)}" }) { job { id } userErrors { message } } }`,
];
const mistakes = [
  `{ ${own} `,
  `{ ${own} }`,
  `{ jobs(after: "${own}") { nodes { id } } }`,
  `{ job(id: "${own}") { id } }`,
];
type Headers = Record<string, string>;

/** Talks to a gateway in every way, and keeps all that it says. */
const openEar = (url: string) => {
  const heard: string[] = [];
  const hear = (what: unknown) => void heard.push(typeof what === 'string' ? what : JSON.stringify(what));

  const viaHttp = async (request: Request) => {
    const response = await fetch(request);
    hear([...response.headers]);
    hear(await response.text());
  };
  const post = (query: string, sent: Headers, more: Row = {}) =>
    viaHttp(
      new Request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...sent },
        body: JSON.stringify({ query, ...more }),
      }),
    );
  const get = (query: string, sent: Headers) =>
    viaHttp(new Request(`${url}?${new URLSearchParams({ query })}`, { headers: sent }));

  /** Hears an event stream to its end, or until `until` is through. */
  const listen = async (query: string, sent: Headers, until?: Promise<void>) => {
    const { response, leave } = askForEvents(url, { query }, sent);
    const stream = await response;
    hear(stream.rawHeaders);
    const reading = (async () => {
      for await (const chunk of stream.setEncoding('utf8')) hear(chunk);
    })().catch(() => undefined);
    await (until ?? reading);
    leave();
    await reading;
  };

  /** Sends operations over a socket until each has said something; with `more` frames, until it is hung up on. */
  const dial = async (
    sent: Row,
    queries: readonly string[],
    more: readonly Row[] = [],
    until?: Promise<void>,
  ) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws');
    onTestFinished(() => socket.terminate());
    const send = (frame: unknown) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    const left = new Set(queries.keys());
    const done = Promise.withResolvers<void>();
    socket.on('message', (data) => {
      const text = String(data);
      hear(text);
      const { type, id } = JSON.parse(text);
      if (type === 'connection_ack') {
        for (const [n, query] of queries.entries())
          send({ type: 'subscribe', id: `${n}`, payload: { query } });
        for (const frame of more) send(frame);
      }
      if (id !== undefined) left.delete(Number(id));
      if (left.size === 0) done.resolve();
    });
    socket.on('open', () => send({ type: 'connection_init', payload: sent }));
    socket.on('upgrade', (response) => hear(response.rawHeaders));
    socket.on('close', (_code, reason) => {
      hear(String(reason));
      done.resolve();
    });
    await (until ?? done.promise);
    if (more.length > 0) await new Promise((resolve) => socket.once('close', resolve));
    socket.close();
  };

  const everyWay = async (query: string, sent: Headers) => {
    await post(query, sent);
    await get(query, sent);
    await listen(query, sent);
    await dial(sent, [query]);
  };
  return { heard, post, get, listen, dial, everyWay };
};

const openUpstream = async () => {
  const script: { fault: Reply | undefined } = { fault: undefined };
  let grants = 0;
  const upstream = await startScriptedUpstream((call) => {
    if (call.operation !== 'CreateAccessToken') return script.fault ?? wellAnswered(call);
    grants += 1;
    return script.fault && grants % 2 === 0
      ? { status: 400, headers, json: { error_description: call.body.client_secret, ...errorBody } }
      : { json: { access_token: appToken(grants), token_type: 'Bearer', expires_in: 14_400 } };
  });
  return { script, upstream };
};

const siteHeaders = { 'wix-site-id': secret('site'), 'wix-account-id': secret('account') };
const passthrough = async () => ({
  env: {},
  good: { authorization: `Bearer ${secret('authorization')}`, ...siteHeaders },
  bad: [{}, { authorization: `${secret('authorization')}\r\nx: y` }],
});
const tokens = async () => ({
  env: {
    WIX_AUTH: 'api-key',
    WIX_API_KEY: apiKey,
    WIX_SITE_ID: 'site-1',
    GATEWAY_AUTH: 'tokens',
    GATEWAY_TOKENS_FILE: (await createTokenFile([entry('one')])).path,
  },
  good: { ...bearer(tokenOf('one')), ...siteHeaders },
  bad: [{}, bearer(secret('wrong')), { authorization: secret('malformed') }],
});
const jwt = async () => {
  const [key, other] = [await createKey('k'), await createKey('k')];
  const { env } = await startIssuer(key);
  const now = Date.now();
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const unsigned = `${part({ alg: 'none' })}.${part({ sub: secret('sub') })}.`;
  return {
    env: { WIX_AUTH: 'app', WIX_APP_ID: 'app', WIX_APP_SECRET: appSecret, WIX_INSTANCE_ID: 'here', ...env },
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
  };
};

const modes: [string, typeof passthrough | typeof tokens | typeof jwt][] = [
  ['each caller', passthrough],
  ['the gateway, for callers with tokens', tokens],
  ['an app, for callers with JWTs', jwt],
];

type Ear = ReturnType<typeof openEar>;

/** All that goes well, and all that goes wrong before upstream is asked. */
const talk = async ({ heard, post, dial, everyWay }: Ear, good: Headers, bad: readonly Headers[]) => {
  for (const query of operations) await everyWay(query, good);
  expect(heard.join()).toContain(uploadUrl);
  expect(heard.join()).toContain(downloadUrl);
  for (const query of mistakes) await everyWay(query, good);
  const variables = { ids: { [own]: own } };
  await post('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', good, { variables });
  for (const wrong of bad) {
    await dial(wrong, [read]);
    if (!wrong['authorization']?.includes('\n')) await everyWay(read, wrong);
  }
  for (const frame of [own, { type: own }, { type: 'subscribe', id: own }, { type: 'connection_init' }]) {
    await dial(good, [], [frame]);
  }
};

const lines = (text: string, word: string) => text.split('\n').filter((line) => line.includes(word));

const expectNothingSecret = (heard: readonly string[], logged: string, sent: readonly Headers[]) => {
  const told = heard
    .join('\n')
    .replaceAll(`"uploadUrl":"${uploadUrl}"`, '')
    .replaceAll(`"url":"${downloadUrl}"`, '');
  const spoken = sent.flatMap(({ authorization }) => authorization ?? []);
  // also as part of what only looks unreadable
  const inBase64 = Buffer.from('CANARY-').toString('base64').slice(0, 8);
  for (const word of ['CANARY', inBase64, ...spoken]) {
    expect(lines(told, word)).toEqual([]);
    expect(lines(logged, word)).toEqual([]);
  }
  expect(lines(logged, own)).toEqual([]);
};

describe.each(modes)('what is secret stays inside, with credentials of %s', (_whose, prepare) => {
  it('in the program as it is started, in all that it prints', async () => {
    const { env, good, bad } = await prepare();
    const { script, upstream } = await openUpstream();
    const program = start({
      env: {
        PORT: '0',
        WIX_API_URL: upstream.url.href,
        LOG_LEVEL: 'trace',
        NODE_ENV: 'development',
        UPSTREAM_TIMEOUT_MS: '1000',
        ...env,
      },
    });
    const ear = openEar(await urlOf(program));
    await talk(ear, good, bad);
    for (const fault of Object.values(faults)) {
      script.fault = fault;
      await Promise.all([ear.post(read, good), ear.dial(good, [read])]);
    }
    program.kill('SIGTERM');
    const { code, out, err } = await program.closed;
    expect([code, err]).toEqual([0, '']);
    expect(out.split('\n').length).toBeGreaterThan(50);
    expectNothingSecret(ear.heard, out, [good, ...bad]);
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
