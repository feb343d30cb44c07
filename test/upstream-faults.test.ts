import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { drain, listen } from '../src/listen.ts';
import { createHastyClock } from './support/fake-clock.ts';
import { type Answer, openGateway } from './support/gateway.ts';
import { memoryLog } from './support/memory-log.ts';
import { guid, jobRow, jobRows, jobsPage, type Row } from './support/rows.ts';
import {
  type Play,
  type Reply,
  startScriptedUpstream,
  type UpstreamCall,
} from './support/scripted-upstream.ts';

const canary = 'CANARY-51c0';
const now = Date.UTC(2026, 8, 14, 6);

/** An error body as upstream writes it, full of what must not leave. */
const errorBody = (code: string): Row => ({
  message: canary,
  details: { applicationError: { code, description: canary, data: { canary, url: `https://${canary}` } } },
});
const violations = {
  message: canary,
  details: {
    validationError: { fieldViolations: [{ field: canary, description: canary, violatedRule: canary }] },
  },
};
const html = `<html><body>${canary}</body></html>`;

const jobs = '{ jobs { nodes { id } } }';

const askJobs = async (reply: Reply): Promise<{ answer: Answer; attempts: number }> => {
  const upstream = await startScriptedUpstream(() => reply);
  // a date in the reply means an instant on this clock, so it stands still but for the waits
  const answer = await openGateway(upstream.url, { clock: createHastyClock(() => now) }).ask(jobs);
  return { answer, attempts: upstream.count() };
};

const derived = { codeDerived: true };

interface Fault {
  readonly reply: Exclude<Reply, string | Play>;
  readonly code: string;
  readonly upstream: Row;
  readonly retryAfterMs?: number;
  /** 1 unless said otherwise. */
  readonly attempts?: number;
}

const rateLimited = (headers: Record<string, string>, retryAfterMs: number, attempts: number): Fault => ({
  reply: { status: 429, json: errorBody('RESOURCE_EXHAUSTED'), headers },
  code: 'RATE_LIMITED',
  upstream: { code: 'RESOURCE_EXHAUSTED' },
  retryAfterMs,
  attempts,
});

const faults: Readonly<Record<string, Fault>> = {
  '400 with violations': {
    reply: { status: 400, json: violations },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'INVALID_ARGUMENT' },
  },
  '400 with a code': {
    reply: { status: 400, json: errorBody('WDH0001') },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'WDH0001' },
  },
  '400 with HTML': {
    reply: { status: 400, text: html },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'BAD_REQUEST', ...derived },
  },
  '401': {
    reply: { status: 401, json: errorBody('UNAUTHENTICATED') },
    code: 'UNAUTHENTICATED',
    upstream: { code: 'UNAUTHENTICATED' },
  },
  '401 without details': {
    reply: { status: 401, json: {} },
    code: 'UNAUTHENTICATED',
    upstream: { code: 'UNAUTHORIZED', ...derived },
  },
  '403': {
    reply: { status: 403, json: errorBody('PERMISSION_DENIED') },
    code: 'FORBIDDEN',
    upstream: { code: 'PERMISSION_DENIED' },
  },
  '404': {
    reply: { status: 404, json: errorBody('NOT_FOUND') },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'NOT_FOUND' },
  },
  '404 without a body': {
    reply: { status: 404, text: '' },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'NOT_FOUND', ...derived },
  },
  '404 with HTML': {
    reply: { status: 404, text: html },
    code: 'UPSTREAM_INVALID_RESPONSE',
    upstream: { code: 'NOT_FOUND', ...derived },
  },
  '409': {
    reply: { status: 409, json: errorBody('ABORTED') },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'ABORTED' },
  },
  '418 with a cut-off body': {
    reply: { status: 418, text: `{"message": "${canary}` },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'I_M_A_TEAPOT', ...derived },
  },
  '428': {
    reply: { status: 428, json: errorBody('FAILED_PRECONDITION') },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'FAILED_PRECONDITION' },
  },
  '429 that says nothing': rateLimited({}, 5000, 2),
  '429 with seconds': rateLimited({ 'retry-after': '17' }, 17_000, 1),
  '429 with no seconds': rateLimited({ 'retry-after': '0' }, 0, 3),
  '429 with a date': rateLimited({ 'retry-after': 'Mon, 14 Sep 2026 06:00:42 GMT' }, 42_000, 1),
  '429 with a past date': rateLimited({ 'retry-after': 'Mon, 14 Sep 2026 05:00:00 GMT' }, 0, 3),
  '429 with a word': rateLimited({ 'retry-after': canary }, 5000, 2),
  '429 with a fraction': rateLimited({ 'retry-after': '1.5' }, 5000, 2),
  '429 with a negative number': rateLimited({ 'retry-after': '-5' }, 5000, 2),
  '429 without a body': {
    reply: { status: 429, text: '' },
    code: 'RATE_LIMITED',
    upstream: { code: 'TOO_MANY_REQUESTS', ...derived },
    retryAfterMs: 5000,
    attempts: 2,
  },
  '500 without a body': {
    reply: { status: 500, text: '' },
    code: 'UPSTREAM_UNAVAILABLE',
    upstream: { code: 'INTERNAL_SERVER_ERROR', ...derived },
    attempts: 3,
  },
  '500 with an empty message': {
    reply: { status: 500, json: { message: '', details: {} } },
    code: 'UPSTREAM_UNAVAILABLE',
    upstream: { code: 'INTERNAL_SERVER_ERROR', ...derived },
    attempts: 3,
  },
  '500 with details that are none': {
    reply: { status: 500, json: { message: canary, details: canary } },
    code: 'UPSTREAM_UNAVAILABLE',
    upstream: { code: 'INTERNAL_SERVER_ERROR', ...derived },
  },
  '501': {
    reply: { status: 501, text: html },
    code: 'UPSTREAM_REJECTED',
    upstream: { code: 'NOT_IMPLEMENTED', ...derived },
  },
  '502': {
    reply: { status: 502, text: html },
    code: 'UPSTREAM_UNAVAILABLE',
    upstream: { code: 'BAD_GATEWAY', ...derived },
    attempts: 3,
  },
  '503 with HTML': {
    reply: { status: 503, text: html, headers: { 'content-type': 'text/html' } },
    code: 'UPSTREAM_UNAVAILABLE',
    upstream: { code: 'SERVICE_UNAVAILABLE', ...derived },
    attempts: 3,
  },
  '503 that says when': {
    reply: { status: 503, text: '', headers: { 'retry-after': '3' } },
    code: 'UPSTREAM_UNAVAILABLE',
    upstream: { code: 'SERVICE_UNAVAILABLE', ...derived },
    retryAfterMs: 3000,
    attempts: 3,
  },
  '504': {
    reply: { status: 504, text: '' },
    code: 'UPSTREAM_TIMEOUT',
    upstream: { code: 'GATEWAY_TIMEOUT', ...derived },
    attempts: 3,
  },
  '599': {
    reply: { status: 599, text: canary },
    code: 'UPSTREAM_UNAVAILABLE',
    upstream: { code: 'HTTP_599', ...derived },
  },
  '302 is not followed': {
    reply: { status: 302, text: html, headers: { location: `http://127.0.0.1:1/${canary}` } },
    code: 'UPSTREAM_INVALID_RESPONSE',
    upstream: { code: 'FOUND', ...derived },
  },
  '204': {
    reply: { status: 204, text: '' },
    code: 'UPSTREAM_INVALID_RESPONSE',
    upstream: { code: 'NO_CONTENT', ...derived },
  },
  '202 with rows': {
    reply: { status: 202, json: { jobs: [], [canary]: canary } },
    code: 'UPSTREAM_INVALID_RESPONSE',
    upstream: { code: 'ACCEPTED', ...derived },
  },
};

describe('an upstream that answers something else', () => {
  it.each(Object.entries(faults))(
    '%s',
    async (_name, { reply, code, upstream, retryAfterMs, attempts = 1 }) => {
      const { answer, attempts: made } = await askJobs(reply);
      expect(made).toBe(attempts);
      expect(answer.status).toBe(200);
      expect(answer.data).toEqual({ jobs: null });
      expect(answer.errors).toHaveLength(1);
      expect(answer.errors?.[0]).toMatchObject({ path: ['jobs'] });
      expect(answer.errors?.[0]?.extensions).toEqual({
        code,
        upstream: { status: reply.status, requestId: `request-${attempts}`, ...upstream },
        ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      });
      expect(JSON.stringify(answer)).not.toContain(canary);
    },
  );

  it('says what to do in a sentence of its own for each code', async () => {
    const messages = new Map<string, string>();
    for (const { reply, code } of Object.values(faults)) {
      const message = (await askJobs(reply)).answer.errors?.[0]?.message ?? '';
      expect(message).toMatch(/^[A-Z].{30,}\.$/);
      messages.set(code, message);
    }
    expect(new Set(messages.values()).size).toBe(messages.size);
  });

  it('has no request id where upstream gives none, and cuts a long one', async () => {
    const requestIdOf = async (id: string) => {
      const { answer } = await askJobs({ status: 400, text: '', headers: { 'x-wix-request-id': id } });
      return answer.errors?.[0]?.extensions.upstream.requestId;
    };
    expect(await requestIdOf('1789366500.4170')).toBe('1789366500.4170');
    expect(await requestIdOf('x'.repeat(5000))).toBe('x'.repeat(128));
    const { server, url } = await listen(
      (_request, response) => response.writeHead(400).end(),
      0,
      '127.0.0.1',
    );
    onTestFinished(() => drain(server, 0));
    const { errors } = await openGateway(url).ask('{ jobs { nodes { id } } }');
    expect(errors?.[0]?.extensions.upstream.requestId).toBeNull();
  });

  it('means that there is none when a single job or schedule is not found', async () => {
    const question = `{ job(id: "${guid(0)}") { id } schedule(id: "${guid(0, 'schedule')}") { id } }`;
    for (const reply of [
      { status: 404, json: errorBody('NOT_FOUND') },
      { status: 404, text: '' },
    ]) {
      const upstream = await startScriptedUpstream(() => reply);
      const { data, errors } = await openGateway(upstream.url).ask(question);
      expect([data, errors]).toEqual([{ job: null, schedule: null }, undefined]);
    }
    const upstream = await startScriptedUpstream(() => ({ status: 404, text: html }));
    const { errors } = await openGateway(upstream.url).ask(question);
    expect(errors?.map(({ extensions }) => extensions.code)).toEqual(
      Array.from({ length: 2 }, () => 'UPSTREAM_INVALID_RESPONSE'),
    );
  });

  it('does not mean that there is none when a single job or schedule is refused', async () => {
    for (const status of [400, 409, 428]) {
      const upstream = await startScriptedUpstream(() => ({ status, json: errorBody('ABORTED') }));
      const { data, errors } = await openGateway(upstream.url).ask(
        `{ job(id: "${guid(0)}") { id } schedule(id: "${guid(0, 'schedule')}") { id } }`,
      );
      expect(data).toEqual({ job: null, schedule: null });
      expect(errors?.map(({ extensions }) => extensions.code)).toEqual(
        Array.from({ length: 2 }, () => 'UPSTREAM_REJECTED'),
      );
    }
  });

  it('leaves the sibling fields alone', async () => {
    const upstream = await startScriptedUpstream(({ operation }) =>
      operation === 'ListSyncJobs' ? { status: 400, text: '' } : jobsPage(jobRows(2)),
    );
    const { data, errors } = await openGateway(upstream.url).ask(
      '{ jobs { nodes { name } } schedules { id } }',
    );
    expect(data).toEqual({ jobs: { nodes: [{ name: 'Job 0' }, { name: 'Job 1' }] }, schedules: null });
    expect(errors?.map(({ path }) => path)).toEqual([['schedules']]);
  });
});

describe('an upstream that does not answer', () => {
  const ask = async (url: URL | string, upstreamTimeoutMs = 10_000) => {
    const { log, lines } = memoryLog();
    const answer = await openGateway(url, { log, upstreamTimeoutMs, clock: createHastyClock() }).ask(jobs);
    expect(answer.status).toBe(200);
    expect(answer.data).toEqual({ jobs: null });
    expect(answer.errors?.[0]?.extensions).toEqual({ code: expect.any(String) });
    expect(JSON.stringify(answer)).not.toMatch(/127\.0\.0\.1|ECONN|socket|undici/i);
    return { code: answer.errors?.[0]?.extensions.code, log: lines.join('') };
  };

  it('is unavailable when nothing listens there', async () => {
    const { server, url } = await listen(() => {}, 0, '127.0.0.1');
    await drain(server, 0);
    const { code, log } = await ask(url);
    expect(code).toBe('UPSTREAM_UNAVAILABLE');
    expect(log).toContain('ECONNREFUSED');
  });

  it('is unavailable when it resets the connection', async () => {
    const upstream = await startScriptedUpstream(() => 'reset');
    expect((await ask(upstream.url)).code).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('is unavailable when it breaks off in the middle of a body', async () => {
    const { server, url } = await listen(
      (_request, response) => {
        response.writeHead(200, { 'content-length': '1000' });
        response.write('{"jobs": [', () => response.destroy());
      },
      0,
      '127.0.0.1',
    );
    onTestFinished(() => drain(server, 0));
    expect((await ask(url)).code).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('is unavailable when it does not speak HTTP', async () => {
    const { server, url } = await listen(() => {}, 0, '127.0.0.1');
    server.on('connection', (socket) => socket.end('220 mail.example ESMTP\r\n'));
    onTestFinished(() => drain(server, 0));
    expect((await ask(url)).code).toBe('UPSTREAM_UNAVAILABLE');
  });

  it('has run out of time when it hangs, and its call is given up', async () => {
    const upstream = await startScriptedUpstream(() => 'hang');
    expect((await ask(upstream.url, 50)).code).toBe('UPSTREAM_TIMEOUT');
    await upstream.calls[0]?.aborted;
  });

  it('has run out of time when it begins a body and hangs', async () => {
    const { server, url } = await listen(
      (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"jobs": [');
      },
      0,
      '127.0.0.1',
    );
    onTestFinished(() => drain(server, 0));
    expect((await ask(url, 50)).code).toBe('UPSTREAM_TIMEOUT');
  });

  it('answers again after that', async () => {
    let hangs = true;
    const upstream = await startScriptedUpstream(() => (hangs ? 'hang' : jobsPage(jobRows(1))));
    const gateway = openGateway(upstream.url, { upstreamTimeoutMs: 300 });
    expect((await gateway.ask('{ jobs { nodes { id } } }')).data.jobs).toBeNull();
    hangs = false;
    expect((await gateway.ask('{ jobs { nodes { name } } }')).data.jobs.nodes).toEqual([{ name: 'Job 0' }]);
  });
});

describe('a caller that leaves', () => {
  const question = JSON.stringify({
    query: `{ jobs { nodes { id } } schedules { id } job(id: "${guid(0)}") { id } }`,
  });
  const headers = { authorization: 'test-credential', 'content-type': 'application/json' };

  /** An upstream that never answers, and the calls that reach it. */
  const startHanging = async (calls: number) => {
    const arrived = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream(() => {
      if (upstream.count() === calls) arrived.resolve();
      return 'hang';
    });
    const allAborted = () => Promise.all(upstream.calls.map(({ aborted }: UpstreamCall) => aborted));
    return { upstream, arrived: arrived.promise, allAborted };
  };

  it('ends every call that upstream is busy with', async () => {
    const { upstream, arrived, allAborted } = await startHanging(3);
    const { log, events } = memoryLog();
    const gateway = openGateway(upstream.url, { log });
    const leave = new AbortController();
    const answer = gateway.fetch(
      new Request('http://gateway/graphql', {
        method: 'POST',
        headers,
        body: question,
        signal: leave.signal,
      }),
    );
    const left = expect(answer).rejects.toThrow();
    await arrived;
    leave.abort();
    await left;
    await allAborted();
    expect(events(40)).toEqual([]);
  });

  it('over HTTP ends them too', async () => {
    const { upstream, arrived, allAborted } = await startHanging(3);
    const { log, events } = memoryLog();
    const { listener } = openGateway(upstream.url, { log });
    const { server, url } = await listen(listener, 0, '127.0.0.1');
    onTestFinished(() => drain(server, 0));
    const call = httpRequest(`${url}/graphql`, { method: 'POST', headers });
    call.on('error', () => {});
    call.end(question);
    await arrived;
    call.destroy();
    await allAborted();
    expect(events(40)).toEqual([]);
  });

  it('leaves the calls of others alone', async () => {
    const held: { readonly call: UpstreamCall; readonly answer: (reply: Reply) => void }[] = [];
    const arrived = Promise.withResolvers<void>();
    const upstream = await startScriptedUpstream((call) => {
      const { promise, resolve } = Promise.withResolvers<Reply>();
      held.push({ call, answer: resolve });
      if (held.length === 2) arrived.resolve();
      return promise;
    });
    const gateway = openGateway(upstream.url);
    const leave = new AbortController();
    const query = `{ job(id: "${guid(0)}") { name } }`;
    const leaving = gateway.fetch(
      new Request('http://gateway/graphql', {
        method: 'POST',
        headers: { ...headers, authorization: 'leaving' },
        body: JSON.stringify({ query }),
        signal: leave.signal,
      }),
    );
    const left = expect(leaving).rejects.toThrow();
    const staying = gateway.ask(query, { authorization: 'staying' });
    await arrived.promise;
    leave.abort();
    await left;
    const of = (authorization: string) =>
      held.find(({ call }) => call.headers.authorization === authorization);
    await of('leaving')?.call.aborted;
    of('staying')?.answer({ json: { job: jobRow(0) } });
    expect((await staying).data.job).toEqual({ name: 'Job 0' });
  });

  it('that had left before costs no call', async () => {
    const upstream = await startScriptedUpstream(() => 'hang');
    const signal = AbortSignal.abort();
    const gateway = openGateway(upstream.url);
    await expect(
      gateway.fetch(
        new Request('http://gateway/graphql', { method: 'POST', headers, body: question, signal }),
      ),
    ).rejects.toThrow();
    expect(upstream.count()).toBe(0);
  });
});

describe('an unexpected exception', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each(['development', 'production', 'test', ''])(
    'is masked and logged with NODE_ENV=%s',
    async (environment) => {
      vi.stubEnv('NODE_ENV', environment);
      const { log, events, lines } = memoryLog();
      const upstream = await startScriptedUpstream(() => jobsPage([]));
      const gateway = openGateway(upstream.url, {
        log,
        now: () => {
          throw new Error(`${canary} outside`, { cause: new TypeError(`${canary} inside`) });
        },
      });
      const { status, data, errors } = await gateway.ask(
        '{ upstream { lastSuccessAt rateLimit { remaining } } }',
      );
      expect([status, data]).toEqual([200, null]);
      expect(errors).toEqual([
        {
          message: expect.stringMatching(/^Something went wrong in the gateway/),
          locations: expect.anything(),
          path: ['upstream', 'rateLimit'],
          extensions: { code: 'INTERNAL_SERVER_ERROR' },
        },
      ]);
      expect(JSON.stringify(errors)).not.toContain(canary);
      const [event, ...others] = events(50);
      expect(others).toEqual([]);
      expect(event.err.message).toContain(`${canary} outside`);
      expect(lines.join('')).toContain(`${canary} inside`);
      expect(event.err.stack).toContain('upstream-faults.test.ts');
    },
  );

  it('while reading rows fails the field and not the siblings', async () => {
    let calls = 0;
    const { log, events } = memoryLog();
    const upstream = await startScriptedUpstream(() => jobsPage(jobRows(1)));
    const gateway = openGateway(upstream.url, {
      log,
      now: () => {
        calls += 1;
        if (calls > 1) throw new Error(canary);
        return now;
      },
    });
    const answer = await gateway.ask('{ jobs { nodes { id } } __typename }');
    expect(answer.data).toEqual({ jobs: null, __typename: 'Query' });
    expect(answer.errors?.[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR' });
    expect(JSON.stringify(answer)).not.toContain(canary);
    expect(events(50)).toHaveLength(1);
  });

  it('is told apart from what upstream did, which is no error of ours', async () => {
    const { log, events, lines } = memoryLog();
    const upstream = await startScriptedUpstream(() => ({ status: 500, text: canary }));
    await openGateway(upstream.url, { log }).ask('{ jobs { nodes { id } } }');
    expect(events(50)).toEqual([]);
    expect(lines.join('')).not.toContain(canary);
  });
});
