import { describe, expect, it } from 'vitest';
import { createFakeClock, settled } from './support/fake-clock.ts';
import { openSocket, transports } from './support/live-client.ts';
import { openClockedServer } from './support/live-server.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid, jobRow } from './support/rows.ts';
import { waysIn } from './support/send-over.ts';

/** A deadline that comes before any of upstream's. */
const executionTimeoutMs = 5000;

const open = async () => {
  const clock = createFakeClock();
  const jobs = await startMovingJobs(2);
  const { url } = await openClockedServer(jobs.url, clock, { executionTimeoutMs, upstreamTimeoutMs: 60_000 });
  return { clock, jobs, url };
};

const logs = 'logs { nodes { sourceItemId } }';

describe.each(Object.entries(waysIn))('over %s', (_way, send) => {
  it('a query that takes too long is answered, and what it reads is given up', async () => {
    const { clock, jobs, url } = await open();
    jobs.answer = ({ operation }) => (operation === 'ListMovementLogs' ? 'hang' : undefined);
    const called = jobs.next('ListMovementLogs');
    const answer = send(url, { query: `{ job(id: "${guid(0)}") { name ${logs} } }` });
    const { aborted } = await called;
    await clock.advance(executionTimeoutMs);
    expect(await answer).toEqual({
      data: null,
      errors: [
        {
          message: `The answer was not complete after ${executionTimeoutMs} ms, so the rest was given up. Ask again, or for less.`,
          extensions: { code: 'UPSTREAM_TIMEOUT' },
        },
      ],
    });
    await aborted;
    expect(jobs.count('ListMovementLogs')).toBe(1);
  });

  it('a query that is in time leaves no timer behind', async () => {
    const { clock, url } = await open();
    const before = clock.pending;
    expect(await send(url, { query: `{ job(id: "${guid(0)}") { name } }` })).toEqual({
      data: { job: { name: 'Job 0' } },
    });
    await settled();
    expect(clock.pending).toBe(before);
  });
});

it('a mutation that takes too long says that its outcome is unknown, and what it writes goes on', async () => {
  const { clock, jobs, url } = await open();
  const release = jobs.hold('TerminateJob');
  jobs.answer = ({ operation }) =>
    operation === 'TerminateJob'
      ? { json: { job: jobRow(0, { status: 'IN_PROGRESS', finishedAt: undefined }) } }
      : undefined;
  const called = jobs.next('TerminateJob');
  const answer = waysIn['POST']?.(url, {
    query: `mutation { terminateJob(input: { id: "${guid(0)}" }) { job { id } } }`,
  });
  const { aborted } = await called;
  let isAborted = false;
  void aborted.then(() => {
    isAborted = true;
  });
  await clock.advance(executionTimeoutMs);
  const { data, errors } = (await answer) ?? {};
  expect([data, errors?.map(({ extensions }) => extensions.code)]).toEqual([null, ['OUTCOME_UNKNOWN']]);
  expect(errors?.[0].message).toContain('What was sent to Wix goes on');
  const after = jobs.next('GetJob');
  release();
  // the answer has arrived, for the gateway looks at the job next
  await after;
  expect(isAborted).toBe(false);
});

describe.each(Object.entries(transports))('a subscription over %s', (_name, watchOver) => {
  it('tells that an event took too long, and goes on with the next', async () => {
    const { clock, jobs, url } = await open();
    const release = jobs.hold('ListMovementLogs');
    jobs.answer = ({ operation }) =>
      operation === 'ListMovementLogs' ? { json: { movementLogs: [], pagingMetadata: {} } } : undefined;
    const looked = jobs.next('ListMovementLogs');
    const watching = watchOver(url, `subscription { jobUpdated(id: "${guid(0)}") { kind job { ${logs} } } }`);
    const watch = await watching;
    const beside = await openSocket(url);
    const look = async () => {
      const looks = jobs.count('QueryJobs');
      while (jobs.count('QueryJobs') === looks) {
        await beside.roundTrip();
        await clock.advance(100);
      }
    };
    await look();
    await looked;
    await clock.advance(executionTimeoutMs);
    const late = await watch.next();
    expect(late.errors.map(({ extensions }: { extensions: object }) => extensions)).toEqual([
      { code: 'UPSTREAM_TIMEOUT' },
    ]);
    release();
    jobs.move(0, { progress: { current: 1, total: 2 } });
    await look();
    expect((await watch.next()).data.jobUpdated).toEqual({
      kind: 'PROGRESSED',
      job: { logs: { nodes: [] } },
    });
  });
});
