import { describe, expect, it } from 'vitest';
import { openServer } from './support/live-server.ts';
import { guid, jobRows, jobsPage, lookup, type Row } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';
import { type Sent, waysIn } from './support/send-over.ts';

const times = (count: number, write: (n: number) => string) =>
  Array.from({ length: count }, (_, n) => write(n)).join(' ');

/** Jobs whose filter is so large; the sandbox's callers can submit such ones. */
const openWith = async (filter: Row, maxAnswerBytes: number) => {
  const rows = jobRows(20, () => ({
    source: { wixDataCollection: { collectionId: 'products', filterQuery: { filter, fields: [] } } },
  }));
  const upstream = await startScriptedUpstream((call) => {
    if (call.operation === 'TerminateJob') return { json: { job: rows[0] } };
    const limit = call.body?.query?.cursorPaging?.limit;
    return limit === undefined || call.body?.query?.filter?.id
      ? lookup(rows)(call)
      : jobsPage(rows.slice(0, limit));
  });
  const { url } = await openServer(upstream.url, { MAX_ANSWER_BYTES: String(maxAnswerBytes) });
  return { url, upstream };
};

const source = '... on WixDataCollectionSource { query { ... on FilterQuery { filter } } }';
const filters = (count: number) => times(count, (n) => `f${n}: source { ${source} }`);
const page = (rows: number, aliases: number) => ({
  query: `{ jobs(first: ${rows}) { nodes { ${filters(aliases)} } } }`,
});

const refusal = (limit: number) => ({
  message: expect.stringMatching(new RegExp(`has an answer of \\d+ bytes or more; the limit is ${limit}\\.`)),
  extensions: { code: 'QUERY_TOO_COMPLEX', answerBytes: expect.any(Number), limit },
});

describe.each(Object.entries(waysIn))('over %s', (way, send) => {
  it('an answer that repeats a large value is refused, and one below the limit is not', async () => {
    const { url } = await openWith({ name: 'x'.repeat(5000) }, 1_000_000);
    const { data, errors } = await send(url, page(10, 19));
    expect(errors).toBeUndefined();
    expect(JSON.stringify(data).length).toBeGreaterThan(950_000);
    for (const sent of [page(10, 21), page(11, 19)]) {
      expect(await send(url, sent)).toEqual({ errors: [refusal(1_000_000)] });
    }
  });

  it('many small values count at their full length', async () => {
    const numbers = Array.from({ length: 500 }, () => -1.23456789012e-300);
    const texts = Array.from({ length: 200 }, () => '\u0001'.repeat(64));
    for (const values of [
      { numbers },
      { texts },
      Object.fromEntries(numbers.map((each, n) => [`n${n}`, each])),
    ]) {
      const { url } = await openWith(values, 100_000);
      expect(await send(url, page(1, 20))).toEqual({ errors: [refusal(100_000)] });
    }
  });

  it('it is bytes that count, not letters', async () => {
    for (const letters of ['\u0001'.repeat(1000), 'é'.repeat(3000), '\\'.repeat(3000)]) {
      const { url } = await openWith({ name: letters }, 100_000);
      expect(await send(url, page(2, 20))).toEqual({ errors: [refusal(100_000)] });
    }
  });

  // the line of a request has an end of its own
  it.skipIf(way === 'GET')('errors count too', async () => {
    const { url } = await openWith(null, 20_000);
    const sent = {
      query: `{ ${times(80, (n) => `${'a'.repeat(250)}${n}: jobs(first: 0) { totalCount: __typename }`)} }`,
    };
    expect(await send(url, sent)).toEqual({ errors: [refusal(20_000)] });
  });

  it.each<[string, Sent]>([
    ['an alias', { query: `{ jobs { nodes { ${'a'.repeat(257)}: id } } }` }],
    ['the name of an operation', { query: `query ${'a'.repeat(257)} { jobs { nodes { id } } }` }],
    [
      'an alias in a fragment',
      { query: `{ jobs { nodes { ...F } } } fragment F on Job { ${'a'.repeat(257)}: id }` },
    ],
  ])('%s may not be longer than 256 letters', async (_what, sent) => {
    const { url, upstream } = await openWith(null, 100_000);
    const { errors } = await send(url, sent);
    expect(errors).toMatchObject([
      { extensions: { code: 'QUERY_TOO_COMPLEX', nameLength: 257, limit: 256 } },
    ]);
    expect(upstream.count()).toBe(0);
    const shorter: Sent = { query: sent.query?.replace('aa', 'a') ?? '' };
    expect((await send(url, shorter)).errors).toBeUndefined();
  });
});

describe.each(['a WebSocket', 'server-sent events'])('over %s', (way) => {
  it('an event that is too large is refused in its place', async () => {
    const { url } = await openWith({ name: 'x'.repeat(5000) }, 100_000);
    const query = `subscription { jobUpdated(id: "${guid(0)}") { kind job { ${filters(21)} } } }`;
    expect(await waysIn[way]?.(url, { query })).toEqual({ errors: [refusal(100_000)] });
    const smaller = await waysIn[way]?.(url, { query: query.replace(filters(21), filters(19)) });
    expect(smaller?.data?.jobUpdated.kind).toBe('SNAPSHOT');
  });
});

it('what a mutation did is not taken back, and that is told', async () => {
  const { url, upstream } = await openWith({ name: 'x'.repeat(5000) }, 100_000);
  const query = `mutation { terminateJob(input: { id: "${guid(0)}" }) { job { ${filters(21)} } } }`;
  const { errors } = (await waysIn['POST']?.(url, { query })) ?? {};
  expect(errors).toEqual([
    { ...refusal(100_000), message: expect.stringContaining('was tried: look at the jobs') },
  ]);
  expect(upstream.calls.map(({ operation }) => operation)).toContain('TerminateJob');
});
