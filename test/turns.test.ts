import { describe, expect, it } from 'vitest';
import { createTurns } from '../src/plugins/turns.ts';
import { openGateway, usualDocuments } from './support/gateway.ts';
import { jobRows, jobsPage } from './support/rows.ts';
import { type Reply, startScriptedUpstream } from './support/scripted-upstream.ts';

const loop = () => new Promise(setImmediate);
const here = new AbortController().signal;
const kilobytes = 1024;

describe('answers that are made at the same time', () => {
  it('begin while there is room, the largest in a part of it only', async () => {
    const { begin, end } = createTurns({ maxFields: 1000, maxBytes: 1000 });
    expect([begin(200, here), begin(200, here)]).toEqual([null, null]);
    // a quarter of what is left is 150
    const large = begin(170, here);
    expect(large).not.toBeNull();
    expect([begin(1, here), begin(1, here)]).toEqual([null, null]);
    end(200);
    await large;
  });

  it('begin in the order in which they came, but for the small ones', async () => {
    const { begin, end } = createTurns({ maxFields: 10_000, maxBytes: 1000 });
    const began: number[] = [];
    const start = (size: number) => {
      const turn = begin(size, here);
      if (turn === null) began.push(size);
      else void turn.then(() => began.push(size));
    };
    for (const size of [2500, 1800, 2000]) start(size);
    expect(began).toEqual([2500, 1800]);
    // it would have room
    start(500);
    start(10);
    expect(began).toEqual([2500, 1800, 10]);
    end(1800);
    await loop();
    end(2500);
    await loop();
    expect(began).toEqual([2500, 1800, 10, 2000, 500]);
  });

  it('begin at last though small ones never cease', async () => {
    const { begin, end } = createTurns({ maxFields: 10_000, maxBytes: 1000 });
    const small = 10;
    let running = 0;
    const start = () => {
      const turn = begin(small, here);
      if (turn === null) running += 1;
      else
        void turn.then(() => {
          running += 1;
        });
    };
    for (let n = 0; n < 900; n += 1) start();
    let hasBegun = false;
    void begin(500, here)?.then(() => {
      hasBegun = true;
    });
    for (let round = 0; round < 50 && !hasBegun; round += 1) {
      // each that ends is followed by another one
      for (let n = Math.min(running, 50); n > 0; n -= 1) {
        running -= 1;
        end(small);
        start();
      }
      await loop();
    }
    expect(hasBegun).toBe(true);
  });

  it('leave their room only once the loop has gone round, when their text is on its way', async () => {
    const { begin, end } = createTurns({ maxFields: 100, maxBytes: 1000 });
    begin(100, here);
    end(100);
    const next = begin(100, here);
    expect(next).not.toBeNull();
    await next;
  });

  it('are begun one by one where each is larger than the room', async () => {
    const { begin, end } = createTurns({ maxFields: 100, maxBytes: 1000 });
    expect(begin(500, here)).toBeNull();
    const began: number[] = [];
    for (const n of [1, 2]) void begin(500, here)?.then(() => began.push(n));
    end(500);
    await loop();
    expect(began).toEqual([1]);
    end(500);
    await loop();
    expect(began).toEqual([1, 2]);
  });

  it('do not wait for who has left', async () => {
    const { begin, end } = createTurns({ maxFields: 100, maxBytes: 1000 });
    begin(10, here);
    begin(20, here);
    const left = new AbortController();
    const waiting = begin(100, left.signal);
    left.abort();
    end(10);
    await waiting;
  });
});

it('more than 500 large answers do not wait to begin: the next are refused', async () => {
  const { promise: isLetGo, resolve: letGo } = Promise.withResolvers<Reply>();
  const upstream = await startScriptedUpstream(() => isLetGo);
  const { ask } = openGateway(upstream.url, {
    documentLimits: { ...usualDocuments.documentLimits, fields: 100 },
  });
  const query = '{ jobs(first: 10) { nodes { id name status } } }';
  const answers = Array.from({ length: 700 }, () => ask(query));
  await new Promise(setImmediate);
  // small ones pass by
  expect((await ask('{ __typename }')).errors).toBeUndefined();
  letGo(jobsPage(jobRows(10)));
  const codes = (await Promise.all(answers)).map(({ errors }) => errors?.[0]?.extensions);
  expect(codes.filter((each) => each === undefined).length).toBeGreaterThanOrEqual(500);
  const refused = codes.filter((each) => each !== undefined);
  expect(refused.length).toBeGreaterThan(100);
  expect(refused[0]).toEqual({ code: 'RATE_LIMITED', retryAfterMs: 1000 });
  expect((await ask(query)).errors).toBeUndefined();
});

describe('answers that are written', () => {
  it('are so many until the loop goes round, and the small ones at once', async () => {
    const { write } = createTurns({ maxFields: 1, maxBytes: 300 * kilobytes });
    const written: number[] = [];
    expect(write(200 * kilobytes, here)).toBeNull();
    for (const n of [1, 2, 3]) void write(200 * kilobytes, here)?.then(() => written.push(n));
    expect(write(64 * kilobytes, here)).toBeNull();
    for (const told of [[1], [1, 2], [1, 2, 3]]) {
      await loop();
      expect(written).toEqual(told);
    }
  });
});

it('large answers that become ready together are written a few at a time, and whoever else asks gets a turn', async () => {
  const asked = 20;
  const rows = jobRows(100, () => ({ name: 'x'.repeat(4000) }));
  const { promise: isLetGo, resolve: letGo } = Promise.withResolvers<Reply>();
  const upstream = await startScriptedUpstream(() => isLetGo);
  const { ask, fetch } = openGateway(upstream.url);
  const query = `{ jobs(first: 100) { nodes { ${'abcdefghi'.replace(/./g, '$&: name ')} } } }`;
  const headers = { 'content-type': 'application/json', authorization: 'test-credential' };
  let answered = 0;
  const large = Array.from({ length: asked }, async () => {
    const body = JSON.stringify({ query });
    const { status } = await fetch(new Request('http://gateway/graphql', { method: 'POST', headers, body }));
    answered += 1;
    return status;
  });
  // all of them wait for the one call by now
  await ask('{ __typename }');
  letGo(jobsPage(rows));
  await Promise.race(large);
  expect((await ask('{ __typename }')).data).toEqual({ __typename: 'Query' });
  expect(answered).toBeLessThan(asked / 2);
  expect(new Set(await Promise.all(large))).toEqual(new Set([200]));
  expect(upstream.count()).toBe(1);
});
