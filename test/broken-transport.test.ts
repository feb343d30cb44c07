import { describe, expect, it } from 'vitest';
import { createHastyClock } from './support/fake-clock.ts';
import { openGateway } from './support/gateway.ts';
import { meet, type Purpose, purposes } from './support/meet-fault.ts';
import { guid, jobRow, jobRows, jobsPage, notFound, type Row } from './support/rows.ts';
import { type Play, type Reply, startScriptedUpstream } from './support/scripted-upstream.ts';

const mebibyte = 1024 * 1024;
const page = { jobs: jobRows(3), job: jobRow(0) };
const text = JSON.stringify(page);

/** Gives way to everything else that is ready, many times. */
const lull = async () => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

const slowFirstByte: Play = async (response) => {
  await lull();
  response.writeHead(200).end(text);
};

const slowBody: Play = async (response) => {
  response.writeHead(200);
  for (const byte of text.slice(0, 50)) {
    response.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  response.end(text.slice(50));
};

const begun: Play = (response) => {
  response.writeHead(200, { 'content-length': text.length });
  response.write(text.slice(0, 50));
};

const cut: Play = (response) => {
  response.writeHead(200, { 'content-length': text.length });
  response.write(text.slice(0, 50), () => response.destroy());
};

/** Without Content-Length the end of the connection looks like the end of the body, but for the missing last chunk. */
const cutBetweenChunks: Play = (response) => {
  response.writeHead(200);
  response.write(text, () => response.destroy());
};

const gibberish: Play = (response) => {
  response.socket?.end('220 mail.example ESMTP\r\n');
};

/** What a submit says of a job that may or may not have been made. */
const codeFor = (purpose: Purpose, code: string) => (purpose === 'write' ? 'OUTCOME_UNKNOWN' : code);

describe('an answer that arrives, however it does,', () => {
  it.each<[string, Reply]>([
    ['late', slowFirstByte],
    ['byte by byte', slowBody],
    ['as text/html', { json: page, headers: { 'content-type': 'text/html' } }],
    ['as bytes', { json: page, headers: { 'content-type': 'application/octet-stream' } }],
    ['with a content type that is none', { json: page, headers: { 'content-type': '???' } }],
    ['in 10 MB', { text: JSON.stringify({ ...page, padding: 'x'.repeat(10 * mebibyte) }) }],
    ['in 16 MiB', { text: text + ' '.repeat(16 * mebibyte - text.length) }],
  ])('%s, is taken the first time', async (_how, reply) => {
    for (const purpose of purposes) {
      expect(await meet(purpose, () => reply), purpose).toMatchObject({ code: null, attempts: 1 });
    }
  });
});

describe('a connection that', () => {
  const broken: [string, Reply][] = [
    ['is reset before the answer', 'reset'],
    ['is cut in the middle of a body', cut],
    ['is cut after a body that has no end', cutBetweenChunks],
    ['does not speak HTTP', gibberish],
  ];

  it.each(broken)('%s is tried again for reads, never for writes and polls', async (_how, reply) => {
    for (const purpose of purposes) {
      expect(await meet(purpose, () => reply), purpose).toMatchObject({
        code: codeFor(purpose, 'UPSTREAM_UNAVAILABLE'),
        upstream: undefined,
        attempts: purpose === 'read' ? 3 : 1,
      });
    }
  });

  it.each(broken)('%s once or twice costs a read no more than that', async (_how, reply) => {
    for (const faults of [1, 2]) {
      const outcome = await meet('read', (attempt) => (attempt <= faults ? reply : { json: page }));
      expect(outcome).toMatchObject({ code: null, attempts: faults + 1 });
    }
  });

  it.each<[string, Reply]>([
    ['never answers', 'hang'],
    ['never ends its body', begun],
  ])('%s is given up in time, and not tried again', async (_how, reply) => {
    const outcomes = await Promise.all(
      purposes.map((purpose) => meet(purpose, () => reply, { upstreamTimeoutMs: 100 })),
    );
    expect(outcomes.map(({ code, attempts }) => [code, attempts])).toEqual(
      purposes.map((purpose) => [codeFor(purpose, 'UPSTREAM_TIMEOUT'), 1]),
    );
  });

  it('is refused is tried three times, each a request of the budget', async () => {
    const upstream = await startScriptedUpstream(() => 'hang');
    await upstream.stop();
    const gateway = openGateway(upstream.url, { clock: createHastyClock() });
    const { errors } = await gateway.ask('{ jobs { nodes { id } } }');
    expect(errors?.[0]?.extensions).toEqual({ code: 'UPSTREAM_UNAVAILABLE' });
    const { data } = await gateway.ask('{ upstream { rateLimit { limitPerMinute remaining } } }');
    expect(data.upstream.rateLimit).toEqual({ limitPerMinute: 200, remaining: 197 });
  });

  it('fails leaves the next question a connection of its own', async () => {
    const replies: Reply[] = [cut, 'reset', gibberish, { json: page }];
    const upstream = await startScriptedUpstream(() => replies.shift() ?? { json: page });
    const gateway = openGateway(upstream.url, { clock: createHastyClock() });
    const ask = () => gateway.ask('{ jobs { nodes { name } } }');
    expect((await ask()).errors?.[0]?.extensions.code).toBe('UPSTREAM_UNAVAILABLE');
    const names = [0, 1, 2].map((n) => ({ name: `Job ${n}` }));
    expect((await ask()).data.jobs.nodes).toEqual(names);
    expect((await ask()).data.jobs.nodes).toEqual(names);
    expect(upstream.count()).toBe(5);
  });
});

describe('rows that upstream', () => {
  const names = { a: 'Job 0', b: 'Job 1', c: 'Job 2' };
  const askThree = async (rows: readonly Row[], calls: number) => {
    const upstream = await startScriptedUpstream(({ operation }) =>
      operation === 'GetJob' ? notFound : jobsPage(rows),
    );
    const { data, errors } = await openGateway(upstream.url).ask(
      `{ a: job(id: "${guid(0)}") { name } b: job(id: "${guid(1)}") { name } c: job(id: "${guid(2)}") { name } }`,
    );
    expect([errors, upstream.count()]).toEqual([undefined, calls]);
    return { a: data.a?.name ?? null, b: data.b?.name ?? null, c: data.c?.name ?? null };
  };
  const [one, two, three] = jobRows(3);

  it.each<[string, Row[], object, number?]>([
    ['shuffles', [three, one, two], names],
    ['repeats', [one, two, one, three, three, two], names],
    // a GetJob has the last word
    ['leaves out', [three, one], { ...names, b: null }, 2],
    ['adds', [jobRow(7), one, jobRow(8), two, three], names],
  ])('%s are given to those who asked for them', async (_how, rows, expected, calls = 1) => {
    expect(await askThree(rows, calls)).toEqual(expected);
  });
});

describe('keys that upstream writes twice', () => {
  const bodyOf = (first: string, last: string) =>
    `{"job": {"id": "${first}", "name": "first", "name": "last", "status": "COMPLETED", "id": "${last}"}}`;
  const ask = async (first: string, last: string) => {
    const upstream = await startScriptedUpstream(() => ({ text: bodyOf(first, last) }));
    return openGateway(upstream.url).ask(`{ job(id: "${guid(0)}") { name } }`);
  };

  it('hold what is written last', async () => {
    expect((await ask(guid(1), guid(0))).data.job).toEqual({ name: 'last' });
  });

  it('do not pass one job off as another', async () => {
    const { data, errors } = await ask(guid(0), guid(1));
    expect(data.job).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('UPSTREAM_INVALID_RESPONSE');
  });
});
