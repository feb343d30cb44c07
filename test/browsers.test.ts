import { describe, expect, it } from 'vitest';
import { openGateway } from './support/gateway.ts';
import { transports } from './support/live-client.ts';
import { type LiveServer, openServer } from './support/live-server.ts';
import { openRaw, sendRaw, upgradeRefusal } from './support/raw-http.ts';
import { jobsPage } from './support/rows.ts';
import { type ScriptedUpstream, startScriptedUpstream } from './support/scripted-upstream.ts';

const json = { 'content-type': 'application/json', authorization: 'test-credential' };
const terminate = 'mutation { terminateJob(id: "824a94d8-a34f-489d-ba49-78edc7f869e1") { job { id } } }';
const listJobs = '{ jobs { nodes { id } } }';

interface Opened extends LiveServer {
  readonly upstream: ScriptedUpstream;
}

const open = async (env: Record<string, string> = {}): Promise<Opened> => {
  const upstream = await startScriptedUpstream(() => jobsPage([]));
  return { ...(await openServer(upstream.url, env)), upstream };
};

const post = (url: string, headers: Record<string, string>, query = terminate) =>
  sendRaw(url, { headers: { ...json, ...headers }, body: JSON.stringify({ query }) });
const get = (url: string, headers: Record<string, string>, query = listJobs) =>
  sendRaw(`${url}?query=${encodeURIComponent(query)}`, {
    method: 'GET',
    headers: { authorization: 'test-credential', ...headers },
  });
const preflight = (url: string, headers: Record<string, string>) =>
  sendRaw(url, {
    method: 'OPTIONS',
    headers: {
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
      ...headers,
    },
  });

const corsOf = (headers: object) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

describe('a page of an origin that is not allowed', () => {
  const foreign: readonly (readonly [string, (own: URL) => string])[] = [
    ['another site', () => 'https://evil.example'],
    ['another port of the same machine', () => 'http://127.0.0.1:1'],
    ['a sandboxed frame or a file', () => 'null'],
    ['a site whose name begins like an allowed one', () => 'https://app.example.com.evil.example'],
    ['a site whose name ends like an allowed one', () => 'https://evilapp.example.com'],
    ['a subdomain of an allowed one', () => 'https://sub.app.example.com'],
    ['an allowed name without TLS', () => 'http://app.example.com'],
    ['an allowed name on another port', () => 'https://app.example.com:8443'],
    ['an allowed name as a user', () => 'https://app.example.com@evil.example'],
    ['an origin in other letters than browsers write', () => 'HTTPS://APP.EXAMPLE.COM'],
    ['several origins', (own) => `${own.origin}, https://evil.example`],
    ['an origin of no scheme', (own) => own.host],
    ['its own name with more behind', (own) => `${own.origin}/`],
    ['no text at all', () => '*'],
  ];

  it.each(foreign)('gets nothing: %s', async (_what, originOf) => {
    const { url, upstream } = await open({ ALLOWED_ORIGINS: 'https://app.example.com' });
    const origin = originOf(new URL(url));
    const answers = [
      await post(url, { origin }),
      await post(url, { origin, 'content-type': 'text/plain' }),
      await post(url, { origin, accept: 'text/event-stream' }, 'subscription { jobsUpdated { kind } }'),
      await get(url, { origin }),
      await get(url, { origin }, terminate),
      await preflight(url, { origin }),
    ];
    for (const { status, headers, text } of answers) {
      expect(status).toBe(403);
      expect(corsOf(headers)).toEqual({});
      expect(headers.vary).toBe('Origin');
      expect(text).toContain('ALLOWED_ORIGINS');
      expect(text).toContain('FORBIDDEN');
    }
    expect(await upgradeRefusal(url, { origin })).toBe(403);
    expect(upstream.count()).toBe(0);
  });

  it('is not made welcome by what it or a proxy claims', async () => {
    const { url, upstream } = await open();
    const claims = {
      origin: 'https://evil.example',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example;proto=https',
      'x-original-host': 'evil.example',
    };
    expect((await post(url, claims)).status).toBe(403);
    expect(await upgradeRefusal(url, claims)).toBe(403);
    expect(upstream.count()).toBe(0);
  });

  it('cannot have its operations run as an image or a script, which name no origin', async () => {
    const { url, upstream } = await open();
    // another port of the same machine is of the same site
    for (const site of ['cross-site', 'same-site']) {
      const embedded = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' };
      expect((await get(url, embedded)).status).toBe(403);
    }
    expect(upstream.count()).toBe(0);
    for (const site of ['same-origin', 'none'])
      expect((await get(url, { 'sec-fetch-site': site, 'sec-fetch-mode': 'cors' })).status).toBe(200);
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', accept: 'text/html' };
    expect((await get(url, link)).text).toContain('<title>Data Movement Jobs</title>');
  });

  it('cannot pass for the gateway by a name of its own that leads to loopback', async () => {
    const { url, upstream } = await open();
    const { port } = new URL(url);
    for (const host of [`evil.example:${port}`, `127.0.0.1.evil.example:${port}`, `localhost.evil.example`]) {
      expect((await post(url, { host, origin: `http://${host}` })).status).toBe(403);
      // a page's GET to what it takes for its own origin names none
      expect((await get(url, { host })).status).toBe(403);
      expect(await upgradeRefusal(url, { host, origin: `http://${host}` })).toBe(403);
    }
    expect(upstream.count()).toBe(0);
    for (const host of [`localhost:${port}`, 'LOCALHOST', `127.0.0.1:${port}`, `[::1]:${port}`]) {
      expect((await get(url, { host })).status).toBe(200);
    }
    const named = await open({ ALLOWED_ORIGINS: 'https://jobs.example.com' });
    expect((await get(named.url, { host: 'jobs.example.com' })).status).toBe(200);
  });
});

describe('a page of an allowed origin', () => {
  const origin = 'https://app.example.com';

  it('may ask first, and is told what it may send', async () => {
    const { url } = await open({ ALLOWED_ORIGINS: `http://localhost:3000, ${origin}` });
    for (const welcome of [origin, 'http://localhost:3000']) {
      const { status, headers, text } = await preflight(url, { origin: welcome });
      expect([status, text, headers.vary]).toEqual([204, '', 'Origin']);
      expect(corsOf(headers)).toEqual({
        'access-control-allow-origin': welcome,
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers':
          'authorization, content-type, wix-site-id, wix-account-id, x-request-id, traceparent, tracestate',
        'access-control-max-age': '7200',
        'access-control-expose-headers': 'retry-after, x-request-id',
      });
    }
  });

  it('may ask and read the answer, without cookies, also when it is an error', async () => {
    const { url } = await open({ ALLOWED_ORIGINS: origin });
    const answers = [
      await post(url, { origin }, listJobs),
      await get(url, { origin }),
      await post(url, { origin }, '{'),
      await post(url, { origin, 'content-type': 'text/plain' }),
    ];
    for (const { headers } of answers) {
      expect(headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'Origin' });
      expect(headers).not.toHaveProperty('access-control-allow-credentials');
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 415]);
  });

  it('may open a WebSocket and an event stream', async () => {
    const { url } = await open({ ALLOWED_ORIGINS: origin });
    expect(await upgradeRefusal(url, { origin })).toBeNull();
    const { headers } = await post(url, { origin, accept: 'text/event-stream' }, '{ __typename }');
    expect(headers).toMatchObject({
      'content-type': 'text/event-stream',
      'access-control-allow-origin': origin,
    });
  });
});

describe('the own origin', () => {
  it('is the name that the gateway was asked under, on every transport', async () => {
    const { url } = await open();
    const { origin, port } = new URL(url);
    expect((await post(url, { origin }, listJobs)).status).toBe(200);
    expect(await upgradeRefusal(url, { origin })).toBeNull();
    const local = { host: `LocalHost:${port}`, origin: `http://localhost:${port}` };
    expect((await post(url, local, listJobs)).status).toBe(200);
    expect(await upgradeRefusal(url, local)).toBeNull();
  });

  it.each([
    ['http://jobs.example.com', 'jobs.example.com', 200],
    ['http://jobs.example.com', 'jobs.example.com:80', 200],
    ['https://jobs.example.com', 'jobs.example.com', 200],
    ['https://jobs.example.com', 'JOBS.example.com:443', 200],
    ['http://jobs.example.com:8080', 'jobs.example.com:8080', 200],
    ['http://jobs.example.com:8080', 'jobs.example.com', 403],
    ['http://jobs.example.com', 'jobs.example.com:8080', 403],
    ['https://jobs.example.com', 'jobs.example.com:80', 403],
    ['https://jobs.example.com', 'internal:4000', 403],
  ])('knows usual ports: a page of %s, asking %s', async (origin, host, status) => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    // an embedded gateway answers under every name
    const { ask } = openGateway(upstream.url);
    expect((await ask(listJobs, { headers: { host, origin } })).status).toBe(status);
    expect(upstream.count()).toBe(status === 200 ? 1 : 0);
  });

  it('has one Host header, whatever its way in', async () => {
    const { url } = await open();
    const { host } = new URL(url);
    const both = (first: string, second: string) => `Host: ${first}\r\nhOsT: ${second}\r\n`;
    const body = JSON.stringify({ query: '{ __typename }' });
    const post = `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const upgrade = 'Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n';
    for (const hosts of [both(host, 'other.example'), both(host, host)]) {
      for (const request of [
        `POST /graphql HTTP/1.1\r\n${hosts}${post}`,
        `GET /graphql?query={__typename} HTTP/1.1\r\n${hosts}\r\n`,
        `GET /graphql HTTP/1.1\r\n${hosts}Accept: text/html\r\n\r\n`,
        `GET /metrics HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`,
        `OPTIONS /graphql HTTP/1.1\r\n${hosts}\r\n`,
        `GET /graphql HTTP/1.1\r\n${hosts}${upgrade}`,
      ]) {
        const { write, answer } = await openRaw(url);
        write(request);
        const text = await answer;
        expect(text).toMatch(/^HTTP\/1.1 400 /);
        expect(text).toContain('Host, sent once');
      }
    }
    const embedded = openGateway('http://127.0.0.1:1');
    const headers = new Headers({ host });
    headers.append('host', 'other.example');
    expect((await embedded.fetch(new Request('http://gateway/graphql', { headers }))).status).toBe(400);
  });

  it('of an embedded gateway without a Host header is that of the address', async () => {
    const upstream = await startScriptedUpstream(() => jobsPage([]));
    const { ask } = openGateway(upstream.url, { allowedOrigins: ['https://app.example.com'] });
    for (const origin of ['http://gateway', 'https://app.example.com']) {
      expect((await ask(listJobs, { headers: { origin } })).status).toBe(200);
    }
    expect((await ask(listJobs, { headers: { origin: 'http://other' } })).status).toBe(403);
  });
});

it('a program, which names no origin, is served, and caches are told that origins matter', async () => {
  const { url } = await open();
  for (const { status, headers } of [await post(url, {}, listJobs), await get(url, {})]) {
    expect(status).toBe(200);
    expect(headers).toMatchObject({ vary: 'Origin', 'x-content-type-options': 'nosniff' });
    expect(corsOf(headers)).toEqual({});
  }
  expect(await upgradeRefusal(url, {})).toBeNull();
});

describe('a mutation', () => {
  const form = new URLSearchParams({ query: terminate }).toString();
  const multipart = [
    '--x',
    'content-disposition: form-data; name="operations"',
    '',
    JSON.stringify({ query: terminate }),
    '--x',
    'content-disposition: form-data; name="map"',
    '',
    '{}',
    '--x--',
    '',
  ].join('\r\n');

  it.each([
    ['a form', 'application/x-www-form-urlencoded', form],
    ['a form with files', 'multipart/form-data; boundary=x', multipart],
    ['JSON that calls itself plain text', 'text/plain', JSON.stringify({ query: terminate })],
    ['plain text that mentions JSON', 'text/plain; application/json', JSON.stringify({ query: terminate })],
    ['JSON or text', 'application/json, text/plain', JSON.stringify({ query: terminate })],
    ['a bare document', 'application/graphql', terminate],
    ['nothing known', undefined, JSON.stringify({ query: terminate })],
  ])('is not taken from %s, not even of the own origin', async (_what, contentType, body) => {
    const { url, upstream } = await open();
    const { origin } = new URL(url);
    const headers = { authorization: 'key', origin, ...(contentType && { 'content-type': contentType }) };
    expect((await sendRaw(url, { headers, body })).status).toBe(415);
    expect(upstream.count()).toBe(0);
  });

  it('is not run by GET, by whatever name or beside a query', async () => {
    const { url, upstream } = await open();
    const two = `query A { __typename } ${terminate.replace('mutation', 'mutation B')}`;
    for (const search of [{ query: terminate }, { query: two, operationName: 'B' }]) {
      const answer = await sendRaw(`${url}?${new URLSearchParams(search)}`, {
        method: 'GET',
        headers: { ...json, 'x-http-method-override': 'POST' },
      });
      expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
    }
    expect(upstream.count()).toBe(0);
  });

  it('is not taken from the address of a POST', async () => {
    const { url, upstream } = await open();
    const { status } = await sendRaw(`${url}?query=${encodeURIComponent(terminate)}`, {
      headers: json,
      body: '{}',
    });
    expect([status, upstream.count()]).toEqual([400, 0]);
  });

  it('does not come in a batch', async () => {
    const { url, upstream } = await open();
    const body = JSON.stringify([{ query: terminate }, { query: terminate }]);
    const { status, text } = await sendRaw(url, { headers: json, body });
    expect([status, upstream.count()]).toEqual([400, 0]);
    expect(text).toContain('BAD_USER_INPUT');
  });
});

describe('without a playground', () => {
  const env = { PLAYGROUND: 'false' };
  const introspections = [
    '{ __schema { types { name } } }',
    '{ __type(name: "Job") { fields { name } } }',
    'query { a: __typename ...F } fragment F on Query { b: __schema { queryType { name } } }',
    '{ ... on Query { ... @include(if: true) { s: __schema { description } } } }',
  ];

  it('there is no page', async () => {
    const { url } = await open(env);
    for (const address of [url, new URL('/', url).href, new URL('/graphiql', url).href]) {
      const { status, text } = await sendRaw(address, { method: 'GET', headers: { accept: 'text/html' } });
      expect(status).toBeGreaterThanOrEqual(400);
      expect(text).not.toMatch(/<html|graphiql/i);
    }
  });

  it.each(Object.entries(transports))('nobody is told of the schema over %s', async (_name, watchOver) => {
    const { url } = await open(env);
    for (const query of introspections) {
      const { type, data, errors } = await (await watchOver(url, query)).next();
      expect([type, data]).toEqual(['error', undefined]);
      expect(errors[0]).toMatchObject({ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });
      expect(errors[0].message).toContain('introspection has been disabled');
    }
    expect(await (await watchOver(url, '{ __typename }')).next()).toEqual({
      type: 'next',
      data: { __typename: 'Query' },
    });
  });

  it('nobody is told of the schema by GET or POST, asked again or not', async () => {
    const { url } = await open(env);
    for (const query of [...introspections, ...introspections]) {
      for (const { text } of [await get(url, {}, query), await post(url, {}, query)]) {
        expect(JSON.parse(text)).not.toHaveProperty('data');
      }
    }
  });

  const misspelt: readonly (readonly [string, string, Record<string, unknown>])[] = [
    ['field', '{ jbos { nodes { id } } }', {}],
    ['field of a type', '{ jobs { nodes { statu } } }', {}],
    ['argument', '{ jobs(fist: 1) { nodes { id } } }', {}],
    ['type', 'query ($f: JobFilte) { jobs(filter: $f) { nodes { id } } }', {}],
    ['fragment', '{ jobs { nodes { source { collectionId } } } }', {}],
    ['value', '{ jobs(filter: { status: { eq: COMPLETE } }) { nodes { id } } }', {}],
    [
      'member of a variable',
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      { f: { stats: {} } },
    ],
    [
      'value in a variable',
      'query ($f: JobFilter) { jobs(filter: $f) { nodes { id } } }',
      { f: { status: { eq: 'COMPLETE' } } },
    ],
  ];

  it.each(misspelt)('nobody is told what a misspelt %s is like', async (_what, query, variables) => {
    const [closed, public_] = [await open(env), await open()];
    const headers = { authorization: 'test-credential' };
    const body = JSON.stringify({ query, variables });
    const ask = async ({ url }: Opened) => (await sendRaw(url, { headers: json, body })).text;
    expect(await ask(closed)).toContain('errors');
    expect(await ask(closed)).not.toContain('Did you mean');
    for (const watchOver of Object.values(transports)) {
      const { errors } = await (await watchOver(closed.url, query, { headers, variables })).next();
      expect(JSON.stringify(errors)).toMatch(/message/);
      expect(JSON.stringify(errors)).not.toContain('Did you mean');
    }
    // so that this test has something to find
    expect(await ask(public_)).toContain('Did you mean');
  });
});

it('tells nothing of its inside: no traces, no debugging, no stacks, whatever is asked for', async () => {
  const { url } = await open();
  const headers = {
    ...json,
    'x-apollo-tracing': '1',
    'apollo-federation-include-trace': 'ftv1',
    'x-debug': '1',
  };
  for (const query of ['{ __typename }', '{', 'queryy cop { __typename }', '{ nope }']) {
    const { text, headers: told } = await sendRaw(url, { headers, body: JSON.stringify({ query }) });
    expect(JSON.parse(text)).not.toHaveProperty('extensions');
    expect(text).not.toMatch(/stack|exception|trac|node_modules|\.ts\b/i);
    expect(told).not.toHaveProperty('x-powered-by');
    expect(told).not.toHaveProperty('server');
  }
});
