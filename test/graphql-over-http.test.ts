import { serverAudits } from 'graphql-http';
import { afterAll, describe, expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';
import { startServer } from '../src/server.ts';
import { silentLog } from '../src/telemetry/log.ts';

const { config } = readConfig({ PORT: '0' });
if (!config) throw new Error('The configuration of this test is not valid.');
const server = await startServer(config, silentLog);
afterAll(() => server.close());

const plainJson = 'application/json';
const graphqlJson = 'application/graphql-response+json';

interface Sent {
  readonly method?: string;
  readonly body?: string;
  readonly contentType?: string | null;
  readonly accept?: string;
  readonly search?: Record<string, string>;
}

const send = async ({ method = 'POST', body, contentType = plainJson, accept, search }: Sent) => {
  const response = await fetch(`${server.url}?${new URLSearchParams(search)}`, {
    method,
    headers: { ...(contentType ? { 'content-type': contentType } : {}), ...(accept ? { accept } : {}) },
    ...(body === undefined ? {} : { body: new TextEncoder().encode(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    allow: response.headers.get('allow'),
    ...(text === '' ? {} : JSON.parse(text)),
  };
};

const ask = (query: string, variables?: unknown, accept = graphqlJson) =>
  send({ body: JSON.stringify({ query, variables }), accept });

const codesOf = (answer: { errors?: { extensions: { code: string } }[] }) =>
  answer.errors?.map(({ extensions }) => extensions.code);

describe('the audit of graphql-http', () => {
  const audits = serverAudits({ url: server.url });

  it('has not become empty', () => {
    expect(audits.length).toBeGreaterThan(60);
  });

  for (const { id, name, fn } of audits) {
    it(`${id} ${name}`, async () => {
      const result = await fn();
      expect(result.status === 'ok' ? null : result.reason).toBeNull();
    });
  }
});

describe('an error', () => {
  const missing = 'query ($id: ID!) { job(id: $id) { id } }';

  it.each([
    ['a syntax error', 'GRAPHQL_PARSE_FAILED', '{ jobs(', {}],
    ['an unknown field', 'GRAPHQL_VALIDATION_FAILED', '{ nope }', {}],
    ['a variable that is missing', 'BAD_USER_INPUT', missing, {}],
    [
      'a variable of the wrong kind',
      'BAD_USER_INPUT',
      'query ($n: Int) { jobs(first: $n) { nodes { id } } }',
      { n: 'ten' },
    ],
    [
      'a time that is none',
      'BAD_USER_INPUT',
      'query ($from: DateTime) { jobs(filter: { startedAt: { gte: $from } }) { nodes { id } } }',
      { from: 'yesterday' },
    ],
  ])('of %s has the code %s and no data', async (_what, code, query, variables) => {
    // twice, for the second time the document comes from a cache
    for (const _time of [1, 2]) {
      const answer = await ask(query, variables);
      expect(answer).toMatchObject({ status: 400, type: `${graphqlJson}; charset=utf-8` });
      expect(codesOf(answer)).toEqual([code]);
      expect(answer).not.toHaveProperty('data');
      expect(Object.keys(answer.errors[0].extensions)).toEqual(['code']);
      expect(await ask(query, variables, plainJson)).toMatchObject({
        status: 200,
        type: `${plainJson}; charset=utf-8`,
        errors: answer.errors,
      });
    }
  });

  it('of one field leaves the status and the data of the others alone', async () => {
    const query = 'query ($id: ID = "x") { job(id: $id) { id } upstream { rateLimit { limitPerMinute } } }';
    const answer = await ask(query, { id: null });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    expect(answer).toMatchObject({
      status: 200,
      data: { job: null, upstream: { rateLimit: { limitPerMinute: 200 } } },
    });
  });

  it.each([
    ['unreadable JSON', '{"query": "{ __typename'],
    ['no body', ''],
    ['JSON that is no object', '"{ __typename }"'],
    ['null', 'null'],
    ['a batch', '[{ "query": "{ __typename }" }]'],
    ['no query', '{}'],
    ['an operation that is not there', '{ "query": "query A { __typename }", "operationName": "B" }'],
  ])('of a request with %s has a code, and the status 400 for everyone', async (_what, body) => {
    for (const accept of [plainJson, graphqlJson]) {
      const answer = await send({ body, accept });
      expect([answer.status, answer.type]).toEqual([400, `${accept}; charset=utf-8`]);
      expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
    }
  });

  it('of variables in the address that are no JSON has a code', async () => {
    const search = { query: '{ __typename }', variables: '{' };
    const answer = await send({ method: 'GET', contentType: null, search });
    expect([answer.status, codesOf(answer)]).toEqual([400, ['BAD_USER_INPUT']]);
  });

  it.each([
    'text/plain',
    'application/xml',
    'application/graphql',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    null,
  ])('of a body of type %s has a code and says what to send', async (contentType) => {
    const answer = await send({ body: '{ "query": "{ __typename }" }', contentType });
    expect([answer.status, codesOf(answer)]).toEqual([415, ['BAD_USER_INPUT']]);
    expect(answer.errors[0].message).toContain('Content-Type: application/json');
    expect(answer.errors[0].message).toContain(contentType ?? 'no content type');
  });
});

describe('GET', () => {
  it('answers a query', async () => {
    const search = { query: 'query ($n: Int) { jobs(first: $n) { nodes { id } } }', variables: '{"n":2}' };
    const answer = await send({ method: 'GET', contentType: null, search });
    expect(answer.data.jobs.nodes).toHaveLength(2);
  });

  it('refuses a mutation', async () => {
    for (const query of ['mutation { __typename }', 'query A { __typename } mutation B { __typename }']) {
      const search = { query, ...(query.includes('B') ? { operationName: 'B' } : {}) };
      const answer = await send({ method: 'GET', contentType: null, search });
      expect(answer).toMatchObject({ status: 405, allow: 'POST' });
      expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
      expect(answer).not.toHaveProperty('data');
    }
  });
});

it('refuses other methods, and answers nothing at other addresses', async () => {
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    const answer = await send({ method, body: '{ "query": "{ __typename }" }' });
    expect(answer).toMatchObject({ status: 405, allow: 'GET, POST' });
    expect(codesOf(answer)).toEqual(['BAD_USER_INPUT']);
  }
  expect((await fetch(new URL('/nowhere', server.url))).status).toBe(404);
});
