import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Link } from '../src/replicas/link.ts';
import type { Replicas } from '../src/replicas/replicas.ts';
import { createSharedSubmits } from '../src/replicas/shared-submits.ts';
import { openGateway } from './support/gateway.ts';
import { forget, openWire, ownPrefix, redisUrl, startOwnRedis, withoutRedis } from './support/redis.ts';
import { openReplica, until } from './support/replicas.ts';
import { guid, jobRow, jobsPage, notFound, type Row } from './support/rows.ts';
import { type Play, type Reply, startScriptedUpstream } from './support/scripted-upstream.ts';

const mutation = (collection = 'c', key = 'key-of-the-test') =>
  `mutation { submitJob(input: { idempotencyKey: "${key}", source: { file: { fileId: "f" } }, destination: { wixDataCollection: { collectionId: "${collection}" } } }) { job { id } replayed userErrors { code } } }`;

interface Submission {
  /** Answers it. */
  answer(): void;
  /** Breaks the connection instead; the job is there all the same, unless said otherwise. */
  lose(made?: boolean): void;
}

/** An upstream that holds back the answers to submits. */
const openUpstream = async () => {
  const rows: Row[] = [];
  const submissions: Submission[] = [];
  const upstream = await startScriptedUpstream(({ operation, body, path }): Reply | Promise<Reply> => {
    if (operation === 'GetJob') {
      const job = rows.find(({ id }) => path.endsWith(id));
      return job === undefined ? notFound : { json: { job } };
    }
    if (operation !== 'SubmitJob') return jobsPage(rows);
    const job = jobRow(rows.length, {
      ...body,
      name: undefined,
      status: 'INITIALIZING',
      finishedAt: null,
      startedAt: new Date().toISOString(),
    });
    return new Promise((resolve) => {
      submissions.push({
        answer() {
          rows.push(job);
          resolve({ json: { job } });
        },
        lose(made = true) {
          if (made) rows.push(job);
          const breakOff: Play = (response) => response.socket?.destroy();
          resolve(breakOff);
        },
      });
    });
  });
  const submitted = async (n: number) => {
    await until(() => submissions.length > n);
    return submissions[n] as Submission;
  };
  return { upstream, submitted, rows };
};

describe.skipIf(withoutRedis)('idempotency keys of several replicas (needs Redis)', () => {
  const openTwo = async ({ url = redisUrl as URL, isNew = false } = {}) => {
    const prefix = ownPrefix();
    const { upstream, submitted, rows } = await openUpstream();
    const wire = await openWire(url);
    const [one, other] = await Promise.all([
      openReplica({ prefix, url: wire.url }),
      openReplica({ prefix, url }),
    ]);
    if (!isNew) await forget(url, `${prefix}doubts`);
    const gateways = [one, other].map((replicas) => openGateway(upstream.url, { replicas }));
    const [first, second] = gateways.map(
      ({ ask }) =>
        async (collection?: string, key?: string) =>
          (await ask(mutation(collection, key))).data?.submitJob ?? null,
    );
    if (!first || !second) throw new Error('There are two.');
    return { upstream, submitted, rows, prefix, wire, one, other, first, second };
  };

  it('make one job of two submits at once', async () => {
    const { upstream, submitted, first, second } = await openTwo();
    const answers = Promise.all([first(), second()]);
    (await submitted(0)).answer();
    const [one, other] = await answers;
    expect([one, other].map(({ job }) => job)).toEqual([{ id: guid(0) }, { id: guid(0) }]);
    expect([one, other].map(({ replayed }) => replayed).sort()).toEqual([false, true]);
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('are known at the other replica afterwards, and refuse another job there', async () => {
    const { upstream, submitted, first, second } = await openTwo();
    const submitting = first();
    (await submitted(0)).answer();
    await submitting;
    expect(await second()).toEqual({ job: { id: guid(0) }, replayed: true, userErrors: [] });
    expect(await second('another')).toMatchObject({ job: null, userErrors: [{ code: 'CONFLICT' }] });
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('find the job of a replica that was gone before it had an answer, and never submit again', async () => {
    const { upstream, submitted, rows, one, first, second } = await openTwo();
    const lost = first();
    const submission = await submitted(0);
    await one.close();
    const found = second();
    submission.lose();
    expect(rows).toHaveLength(1);
    expect(await found).toEqual({ job: { id: guid(0) }, replayed: true, userErrors: [] });
    expect(upstream.count('SubmitJob')).toBe(1);
    await lost;
  });

  it('stay taken where nobody knows what came of the submit', async () => {
    const { upstream, submitted, first, second } = await openTwo();
    const lost = first();
    (await submitted(0)).lose(false);
    expect(await lost).toBeNull();
    expect(await second()).toBeNull();
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('are not used blindly while Redis cannot be reached', async () => {
    const { upstream, submitted, wire, one, first, second } = await openTwo();
    const submitting = second();
    (await submitted(0)).answer();
    await submitting;
    wire.cut();
    await until(() => !one.isTogether);
    // a job just like it is new: it may be that of the key, and is
    expect(await first()).toBeNull();
    expect(upstream.count('SubmitJob')).toBe(1);
    wire.mend();
    await until(() => one.isTogether);
    expect(await first()).toMatchObject({ job: { id: guid(0) }, replayed: true });
  });

  it.each([
    ['is still alone', async () => {}],
    ['has died since', (replicas: Replicas) => replicas.close()],
  ])('are not used blindly when another replica could not reach Redis that %s', async (_what, then) => {
    const { upstream, submitted, wire, one, first, second } = await openTwo();
    wire.cut();
    await until(() => !one.isTogether);
    const submitting = first();
    (await submitted(0)).answer();
    expect(await submitting).toMatchObject({ replayed: false });
    await then(one);
    expect(await second()).toBeNull();
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('are told again to a Redis that was emptied under its connections, and not used before', async () => {
    const { upstream, submitted, prefix, first, second } = await openTwo();
    const submitting = first();
    (await submitted(0)).answer();
    await submitting;
    await forget(redisUrl as URL, `${prefix}*`);
    expect(await second()).toEqual({ job: { id: guid(0) }, replayed: true, userErrors: [] });
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('cost no look while nobody may be alone', async () => {
    const { upstream, submitted, first } = await openTwo();
    const submitting = first();
    (await submitted(0)).answer();
    await submitting;
    expect(upstream.count()).toBe(1);
  });

  it('are not used blindly on a Redis that may have forgotten them, where no other key explains the job', async () => {
    const { upstream, submitted, rows, first, second } = await openTwo({ isNew: true });
    const submitting = first();
    (await submitted(0)).answer();
    await submitting;
    const another = second('c', 'another key');
    (await submitted(1)).answer();
    expect(await another).toMatchObject({ job: { id: guid(1) }, replayed: false });
    rows.push(jobRow(2, { ...rows[0], id: guid(2) }));
    expect(await second('c', 'a third key')).toBeNull();
    expect(upstream.count('SubmitJob')).toBe(2);
  });

  it('that were used while Redis could not be reached are known once it is back', async () => {
    const { upstream, submitted, wire, one, first, second } = await openTwo();
    wire.cut();
    await until(() => !one.isTogether);
    const submitting = first();
    (await submitted(0)).answer();
    expect(await submitting).toMatchObject({ job: { id: guid(0) }, replayed: false });
    wire.mend();
    await until(() => one.spending.isSettled);
    expect(await second()).toMatchObject({ job: { id: guid(0) }, replayed: true });
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('are not taken from whoever used them by a try while a Redis was away that has forgotten them', async ({
    skip,
  }) => {
    const redis = await startOwnRedis();
    if (redis === null) return skip('redis-server is not installed');
    const { upstream, submitted, wire, one, other, first, second } = await openTwo({ url: redis.url });
    const submitting = first();
    (await submitted(0)).answer();
    await submitting;
    wire.cut();
    redis.kill('SIGKILL');
    await until(() => !one.isTogether && !other.isTogether);
    expect(await second()).toBeNull();
    await redis.restart();
    // the one that knows nothing is the first to be back
    await until(() => other.isTogether);
    const again = second();
    wire.mend();
    expect(await again).toEqual({ job: { id: guid(0) }, replayed: true, userErrors: [] });
    expect(upstream.count('SubmitJob')).toBe(1);
  });

  it('outlive their replica and Redis where that is set up as in compose.yaml', async ({ skip }) => {
    const compose = readFileSync(new URL('../deploy/compose.yaml', import.meta.url), 'utf8');
    const [, listed] = /command: (\["redis-server".*\])/.exec(compose) ?? [];
    const redis = await startOwnRedis(JSON.parse(listed ?? '[]').slice(1));
    if (redis === null) return skip('redis-server is not installed');
    const { upstream, submitted, one, other, first, second } = await openTwo({ url: redis.url });
    const submitting = first();
    (await submitted(0)).answer();
    await submitting;
    await one.close();
    redis.kill('SIGKILL');
    await until(() => !other.isTogether);
    await redis.restart();
    await until(() => other.isTogether);
    expect(await second()).toMatchObject({ job: { id: guid(0) }, replayed: true });
    expect(upstream.count('SubmitJob')).toBe(1);
  });
});

it('a key does not wait for ever for a Redis that is there again and again, and never for long', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const began = performance.now();
  const flapping = {
    replica: 'here',
    get isUp() {
      return Math.floor((performance.now() - began) / 1500) % 2 === 0;
    },
    awayMs: 0,
    isSettled: false,
    onChange: () => () => undefined,
    run: () => Promise.reject(new Error('Nothing is asked of it.')),
  };
  const submits = createSharedSubmits(flapping as unknown as Link);
  const claim = submits.as('caller', 'principal').claim('key', 'wanted', new Date());
  let claimed: unknown = 'waits';
  void claim.then((answer) => {
    claimed = answer;
  });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(claimed).toBe('waits');
  await vi.advanceTimersByTimeAsync(6_000);
  expect(claimed).toBeNull();
});
