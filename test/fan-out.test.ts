import { describe, expect, it } from 'vitest';
import { createFakeClock } from './support/fake-clock.ts';
import { openSocket, type Watch, watchByEvents } from './support/live-client.ts';
import { openClockedServer } from './support/live-server.ts';
import { startMovingJobs } from './support/moving-jobs.ts';
import { guid } from './support/rows.ts';

const watchJob = (n: number, fields: string) =>
  `subscription { jobUpdated(id: "${guid(n)}") { kind job { ${fields} } } }`;
const progress = (current: number) => ({ progress: { current, total: 1000 } });

const nextOf = (watches: readonly Watch[]) => Promise.all(watches.map((watch) => watch.next()));

describe('subscribers who ask the same', () => {
  /** Whose every look at the clock is at another instant: `durationSeconds` tells when it was worked out. */
  const tellingClock = () => {
    const clock = createFakeClock();
    let looks = 0;
    return {
      clock: {
        ...clock,
        now: () => {
          looks += 1;
          return clock.now() + looks;
        },
      },
      advance: clock.advance,
    };
  };

  const setUp = async () => {
    const { clock, advance } = tellingClock();
    const jobs = await startMovingJobs(1, () => ({
      startedAt: new Date(clock.now() - 60_000).toISOString(),
    }));
    const server = await openClockedServer(jobs.url, clock);
    const open = (params?: Record<string, string>) => openSocket(server.url, params ? { params } : {});
    const arrive = async (watches: readonly Watch[]) => {
      await advance(2000);
      const told = await nextOf(watches);
      return told.map(({ data }) => data.jobUpdated.job.durationSeconds);
    };
    return { jobs, server, open, arrive, advance };
  };

  it('are told one and the same result, executed once, each under its own id', async () => {
    const { jobs, open, arrive } = await setUp();
    const query = watchJob(0, 'durationSeconds');
    const sockets = [await open(), await open()];
    const same = sockets.flatMap(({ operate }) => [operate(query, { id: 'one "quoted"' }), operate(query)]);
    for (const { roundTrip } of sockets) await roundTrip();
    const first = await arrive(same);
    jobs.move(0, progress(1));
    const second = await arrive(same);
    expect([new Set(first).size, new Set(second).size]).toEqual([1, 1]);
    expect(second[0]).not.toBe(first[0]);
    expect(same.map(({ waiting }) => waiting)).toEqual([[], [], [], []]);
  });

  it('are those with equal document, operation and variables, and no others', async () => {
    const { open, arrive } = await setUp();
    const { operate, roundTrip } = await open();
    const query = (name: string) => `subscription ${name}($id: ID!, $kinds: [JobUpdateKind!]) {
      jobUpdated(id: $id, kinds: $kinds) { kind job { durationSeconds } }
    }`;
    const both = `${query('A')} ${query('B')}`;
    const variables = { id: guid(0) };
    const same = [operate(query('A'), { variables }), operate(query('A'), { variables: { ...variables } })];
    const others = [
      operate(query('B'), { variables }),
      operate(query('A'), { variables: { ...variables, kinds: ['SNAPSHOT'] } }),
      operate(both, { variables, operationName: 'A' }),
      operate(both, { variables, operationName: 'B' }),
    ];
    await roundTrip();
    const [one, other, ...rest] = await arrive([...same, ...others]);
    expect(other).toBe(one);
    expect(new Set([one, ...rest]).size).toBe(1 + others.length);
  });

  it('are told a snapshot of their own when they come later, before anything else', async () => {
    const { jobs, server, open, arrive, advance } = await setUp();
    const query = watchJob(0, 'name progress { current }');
    const { operate, roundTrip } = await open();
    const early = operate(query);
    await roundTrip();
    await arrive([early]);
    jobs.move(0, progress(1));
    await arrive([early]);
    const late = operate(query);
    expect((await late.next()).data.jobUpdated).toEqual({
      kind: 'SNAPSHOT',
      job: { name: 'Job 0', progress: { current: 1 } },
    });
    jobs.move(0, progress(2));
    await advance(1000);
    for (const { data } of await nextOf([early, late])) {
      expect(data.jobUpdated).toEqual({
        kind: 'PROGRESSED',
        job: { name: 'Job 0', progress: { current: 2 } },
      });
    }
    expect((await server.watching()).watchedJobs).toBe(1);
  });

  it('share nothing across callers', async () => {
    const { jobs, open, advance } = await setUp();
    jobs.move(0, { scheduleId: guid(0, 'schedule') });
    const query = watchJob(0, 'durationSeconds schedule { name }');
    const callers = ['ann', 'bob'];
    const sockets = await Promise.all(callers.map((authorization) => open({ authorization })));
    const watches = sockets.map(({ operate }) => operate(query));
    for (const { roundTrip } of sockets) await roundTrip();
    await advance(1000);
    const told = (await nextOf(watches)).map(({ data }) => data.jobUpdated.job);
    expect(new Set(told.map(({ durationSeconds }) => durationSeconds)).size).toBe(2);
    expect(new Set(told.map(({ schedule }) => schedule.name)).size).toBe(2);
    for (const operation of ['QueryJobs', 'GetSyncJob']) {
      const askers = jobs.calls.filter((call) => call.operation === operation);
      // each for itself; how often is a matter of time
      expect(new Set(askers.map(({ headers }) => headers.authorization))).toEqual(new Set(callers));
    }
  });
});

describe('what hangs on the jobs of one look', () => {
  it('is read together for all subscribers, whatever else they ask for', async () => {
    const jobs = await startMovingJobs(5, (n) => ({ scheduleId: guid(n, 'schedule') }));
    const clock = createFakeClock();
    const server = await openClockedServer(jobs.url, clock);
    const sockets = await Promise.all(Array.from({ length: 3 }, () => openSocket(server.url)));
    const watches = [0, 1, 2, 3, 4].flatMap((n) =>
      sockets.map(({ operate }, s) => operate(watchJob(n, `schedule { name s${s}: id }`))),
    );
    for (const { roundTrip } of sockets) await roundTrip();
    await clock.advance(10);
    await nextOf(watches);
    expect([jobs.count('QueryJobs'), jobs.count('ListSyncJobs'), jobs.count()]).toEqual([1, 1, 2]);
    for (let n = 0; n < 5; n += 1) jobs.move(n, progress(1));
    await clock.advance(1000);
    const told = await nextOf(watches);
    expect(told.map(({ data }) => data.jobUpdated.job.schedule.name)).toEqual(
      [0, 1, 2, 3, 4].flatMap((n) => Array(3).fill(`Schedule ${n}, read 2`)),
    );
    expect([jobs.count('QueryJobs'), jobs.count('ListSyncJobs'), jobs.count()]).toEqual([2, 2, 4]);
  });

  it('is read together for both transports', async () => {
    const jobs = await startMovingJobs(2, (n) => ({ scheduleId: guid(n, 'schedule') }));
    const clock = createFakeClock();
    const server = await openClockedServer(jobs.url, clock);
    const watches = [
      (await openSocket(server.url)).operate(watchJob(0, 'schedule { name }')),
      watchByEvents(server.url, watchJob(1, 'schedule { name }')),
    ];
    while ((await server.watching()).watchedJobs < 2);
    await clock.advance(10);
    await nextOf(watches);
    const before = jobs.count();
    for (const n of [0, 1]) jobs.move(n, progress(1));
    await clock.advance(1000);
    await nextOf(watches);
    expect(jobs.calls.slice(before).map(({ operation }) => operation)).toEqual(['QueryJobs', 'ListSyncJobs']);
  });
});

describe('the cost of watching', () => {
  it('does not grow with the subscribers', async () => {
    const jobs = await startMovingJobs(80);
    const clock = createFakeClock();
    const server = await openClockedServer(jobs.url, clock);
    const sockets = await Promise.all(Array.from({ length: 10 }, () => openSocket(server.url)));
    const watches = sockets.flatMap(({ operate }, s) =>
      Array.from({ length: 50 }, (_, n) => operate(watchJob((s * 50 + n) % 80, 'name'))),
    );
    for (const { roundTrip } of sockets) await roundTrip();
    await clock.advance(10);
    await nextOf(watches);
    expect(jobs.count()).toBe(1);
    for (let n = 0; n < 80; n += 1) jobs.move(n, progress(1));
    await clock.advance(1000);
    await nextOf(watches);
    expect(jobs.count()).toBe(2);
  });
});
