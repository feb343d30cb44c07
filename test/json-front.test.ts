import { once } from 'node:events';
import { request as send } from 'node:http';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { nobody } from '../src/access/principal.ts';
import { createGateway } from '../src/gateway.ts';
import { createJsonFront } from '../src/json-front.ts';
import { drain, listen } from '../src/listen.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { bearer, createTokenFile, entry, ownRights, tokenOf } from './support/access.ts';
import { defaultWatch, usualDocuments, usualUpstream } from './support/gateway.ts';
import { callerHeaders, openServer } from './support/live-server.ts';
import { memoryLog } from './support/memory-log.ts';
import { guid, jobRow, jobRows, lookup } from './support/rows.ts';
import { type Reply, startScriptedUpstream } from './support/scripted-upstream.ts';

interface Sent {
  readonly body: string;
  readonly headers?: Record<string, string>;
  readonly method?: string;
  readonly path?: string;
}

const post = (parts: object, headers: Record<string, string> = {}): Sent => ({
  body: JSON.stringify(parts),
  headers,
});

/** Everything that a client sees of an answer, but for when it came. */
const exchange = async (url: string, { body, headers, method = 'POST', path = '' }: Sent) => {
  const target = new URL(`${url}${path}`);
  const request = send(target, {
    method,
    agent: false,
    headers: { 'content-type': 'application/json', 'x-request-id': 'given', ...callerHeaders, ...headers },
  });
  request.end(body);
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  const { date: _, connection: __, 'keep-alive': ___, ...told } = response.headers;
  return { status: response.statusCode, headers: told, body: Buffer.concat(chunks).toString() };
};

/** The same wish in words that only Yoga weighs. */
const forYoga = ({ headers, ...sent }: Sent): Sent => {
  const { accept = 'application/json' } = headers ?? {};
  return { ...sent, headers: { ...headers, accept: `${accept};q=1` } };
};

const one = `query One($id: ID!) { job(id: $id) { id name status startedAt progress { percent } } }`;
const known = { query: one, variables: { id: guid(1) } };
const failing = (path: string): Reply | null => {
  if (path.endsWith(guid(7))) return { status: 500, json: {} };
  if (path.endsWith(guid(8))) return { status: 401, json: {} };
  if (path.endsWith(guid(9))) return { status: 429, json: {}, headers: { 'retry-after': '60' } };
  return null;
};

const openUpstream = () => {
  const rows = lookup(jobRows(6));
  return startScriptedUpstream((call) => failing(call.path) ?? rows(call));
};

const requests: Readonly<Record<string, Sent>> = {
  'a query': post(known),
  'one of several operations': post({ query: `${one} query Two { __typename }`, operationName: 'Two' }),
  'nothing but null around it': post({
    query: '{ __typename }',
    variables: null,
    operationName: null,
    extensions: null,
  }),
  'letters of the whole world': post({ query: '{ a: __typename ä: __typename }' }),
  'graphql-response+json': post(known, { accept: 'application/graphql-response+json' }),
  'an error in it, as graphql-response+json': post(
    { query: '{ oops }' },
    { accept: 'application/graphql-response+json' },
  ),
  'a charset': post(known, { 'content-type': 'application/json; charset=utf-8' }),
  'a page of an origin that may ask': post(known, { origin: 'https://app.example.com' }),
  'a page of an origin that may not': post(known, { origin: 'https://evil.example.com' }),
  'a job that is not there': post({ query: one, variables: { id: guid(100) } }),
  'upstream in trouble': post({ query: one, variables: { id: guid(7) } }),
  'a credential that upstream refuses': post({ query: one, variables: { id: guid(8) } }),
  'too many calls': post({ query: one, variables: { id: guid(9) } }),
  'no credential': post(known, { authorization: '' }),
  'a syntax error': post({ query: '{ job(' }),
  'a field that is not there': post({ query: '{ oops }' }),
  'an operation that is not there': post({ query: one, operationName: 'Other' }),
  'several operations and no name': post({ query: 'query A { __typename } query B { __typename }' }),
  'a variable that is missing': post({ query: one }),
  'a variable that is none': post({ query: one, variables: { id: { a: 1 } } }),
  'variables that are none': post({ query: one, variables: 'id' }),
  'a list of variables': post({ query: one, variables: [] }),
  'an operation name that is none': post({ query: one, operationName: 1 }),
  'extensions that are none': post({ query: one, extensions: 'x' }),
  'a query that is none': post({ query: 1 }),
  'no query': post({}),
  'an empty query': post({ query: '' }),
  'a parameter too many': post({ query: '{ __typename }', more: 1 }),
  'a batch': post([{ query: '{ __typename }' }]),
  'a document by its id': post({ documentId: 'sha256:0' }),
  'a persisted query': post({ extensions: { persistedQuery: { version: 1, sha256Hash: '0' } } }),
  'null for a body': { body: 'null' },
  'no body': { body: '' },
  'no JSON': { body: '{"query":' },
  'a mutation': post({
    query: `mutation { terminateJob(input: { id: "${guid(3)}" }) { job { id } userErrors { code } } }`,
  }),
  'too much at once': post({
    query: `{ ${Array.from({ length: 200 }, (_, n) => `a${n}: __typename`).join(' ')} }`,
  }),
  'a body too large': { body: JSON.stringify({ query: ' '.repeat(300_000) }) },
  'plain text': post(known, { 'content-type': 'text/plain' }),
  'a query by GET': { body: '', method: 'GET', path: '?query={__typename}' },
  'an id of a request that may not be repeated': post(known, { 'x-request-id': 'a b' }),
};

describe('a JSON POST is answered as Yoga answers it', () => {
  it.each(Object.entries(requests))('%s', async (_name, sent) => {
    const env = { ALLOWED_ORIGINS: 'https://app.example.com' };
    const open = async () => (await openServer((await openUpstream()).url, env)).url;
    const short = await exchange(await open(), sent);
    const long = await exchange(await open(), forYoga(sent));
    if (sent.headers?.['x-request-id'] !== undefined) {
      // each has an id of its own
      for (const { headers } of [short, long]) expect(headers['x-request-id']).toMatch(/^[\w-]{36}$/);
      delete short.headers['x-request-id'];
      delete long.headers['x-request-id'];
    }
    expect(short).toEqual(long);
  });
});

describe('whoever has to say who they are', () => {
  const open = async (more: Record<string, string> = {}) => {
    const upstream = await openUpstream();
    const file = await createTokenFile([entry('reader', ['jobs:read']), entry('writer')]);
    const env = { GATEWAY_AUTH: 'tokens', GATEWAY_TOKENS_FILE: file.path, ...ownRights, ...more };
    return (await openServer(upstream.url, env)).url;
  };

  it.each([
    ['is let in', known, tokenOf('reader')],
    ['is not', known, 'wrong'],
    ['may not write', JSON.parse(requests['a mutation']?.body ?? ''), tokenOf('reader')],
  ])('%s', async (_name, parts, token) => {
    const url = await open();
    const sent = post(parts, bearer(token));
    expect(await exchange(url, sent)).toEqual(await exchange(url, forYoga(sent)));
  });

  it.each([
    ['an operation', 'CALLER_OPERATIONS_PER_MINUTE', known, tokenOf('reader')],
    [
      'an operation that Yoga has to refuse',
      'CALLER_OPERATIONS_PER_MINUTE',
      { query: '{' },
      tokenOf('reader'),
    ],
    ['a token that is not accepted', 'FAILED_AUTHS_PER_MINUTE', known, 'wrong'],
  ])('counts %s once', async (_name, limit, parts, token) => {
    const url = await open({ [limit]: '3' });
    const statuses: number[] = [];
    for (let n = 0; n < 4; n += 1) statuses.push((await exchange(url, post(parts, bearer(token)))).status);
    expect(statuses.slice(0, 3)).not.toContain(429);
    expect(statuses[3]).toBe(429);
  });
});

describe('the log', () => {
  it.each(['a query', 'a syntax error', 'upstream in trouble', 'no JSON'])(
    'has one line of %s, and the same',
    async (name) => {
      const sent = requests[name] ?? { body: '' };
      const lineOf = async (sent: Sent) => {
        const memory = memoryLog();
        const upstream = await openUpstream();
        await exchange((await openServer(upstream.url, {}, memory.log)).url, sent);
        const lines = memory.events(30).filter(({ msg }) => msg === 'operation');
        expect(lines).toHaveLength(1);
        const { time: _, ms: __, ...line } = lines[0];
        return line;
      };
      expect(await lineOf(sent)).toEqual(await lineOf(forYoga(sent)));
    },
  );
});

describe('the front', () => {
  const open = async () => {
    const upstream = await startScriptedUpstream(lookup([jobRow(1)]));
    const gateway = createGateway({
      upstreamUrl: upstream.url,
      log: silentLog,
      ...usualUpstream,
      ...usualDocuments,
      watch: defaultWatch,
    });
    const otherwise = vi.fn((_request, response) => response.writeHead(204).end());
    const front = createJsonFront({
      path: '/graphql',
      pipeline: gateway.pipeline,
      admit: async () => ({ principal: nobody, address: null }),
      headersFor: () => ({}),
      respond: () => Response.json({}),
      otherwise,
    });
    const { server, url } = await listen(front, 0, '127.0.0.1');
    onTestFinished(async () => {
      await drain(server, 0);
      await gateway.close();
    });
    return { url: `${url}/graphql`, otherwise };
  };

  it('answers what is ordinary itself', async () => {
    const { url, otherwise } = await open();
    expect(JSON.parse((await exchange(url, post(known))).body)).toMatchObject({
      data: { job: { id: guid(1) } },
    });
    expect(otherwise).not.toHaveBeenCalled();
  });

  it.each([
    ['a subscription', post({ query: 'subscription { jobsUpdated { kind } }' })],
    ['a document that cannot run', post({ query: '{ oops }' })],
    ['a media type that every object has', post(known, { accept: 'constructor' })],
    ['another media type', post(known, { accept: 'text/event-stream' })],
    ['another path', { ...post(known), path: '/more' }],
    ['an address with a query', { ...post(known), path: '?a=1' }],
    ['another method', { ...post(known), method: 'PUT' }],
    ['no content type', post(known, { 'content-type': 'text/plain' })],
    ['a body in pieces', post(known, { 'transfer-encoding': 'chunked' })],
  ])('hands %s on', async (_name, sent) => {
    const { url, otherwise } = await open();
    expect((await exchange(url, sent)).status).toBe(204);
    expect(otherwise).toHaveBeenCalledOnce();
  });
});
