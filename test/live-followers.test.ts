import { describe, expect, it } from 'vitest';
import { type Company, type Member, type News, noNews } from '../src/live/company.ts';
import { createJobHub } from '../src/live/job-hub.ts';
import type { EventStream } from '../src/live/latest.ts';
import { createToldJobs } from '../src/replicas/told-jobs.ts';
import { silentLog } from '../src/telemetry/log.ts';
import { createCaller } from '../src/upstream/caller.ts';
import { createFakeClock } from './support/fake-clock.ts';
import { defaultWatch } from './support/gateway.ts';
import { createLiveUpstream, job } from './support/live-upstream.ts';

const ann = createCaller({ authorization: 'ann', siteId: null, accountId: null });
const { signal } = new AbortController();

/** Two replicas of one gateway: one polls, and the other hears what that one tells, unless it is lost. */
const openBoth = () => {
  const clock = createFakeClock();
  const upstream = createLiveUpstream(clock.now);
  const way = { isOpen: true };
  let poller: Member | undefined;
  let follower: Member | undefined;

  const open = (company: Company) => {
    const hub = createJobHub({
      ...defaultWatch,
      requestsPerMinute: 200,
      clock,
      log: silentLog,
      instanceId: null,
      upstream: () => upstream,
      company,
    });
    return (since: Date | null = null) => read(hub.as(ann).watchJobs({ filter: {}, since }, null, signal));
  };
  const serve = () => {
    const wish = follower?.wish();
    poller?.serve(new Map(wish ? [['follower', wish]] : []));
  };
  const base = { wishChanged: serve, leave: () => {} };
  const atPoller = open({
    join: (_caller, member) => {
      poller = member;
      const toldJobs = createToldJobs();
      const tell = (news: News) => {
        const part = toldJobs.newIn(news);
        if (way.isOpen && part !== null) follower?.hear(part);
      };
      return { ...base, isPolling: true, tell };
    },
    tellWritten: () => {},
  });
  const atFollower = open({
    join: (_caller, member) => {
      follower = member;
      return { ...base, isPolling: false, tell: () => {} };
    },
    tellWritten: () => {},
  });
  return { clock, upstream, way, atPoller, atFollower, follower: () => follower as Member };
};

/** Reads a stream as fast as it gives. */
const read = (opening: Promise<EventStream>) => {
  const told: string[] = [];
  let observedAt = new Date(0);
  const run = async () => {
    for await (const { update } of await opening) {
      told.push(`${update.kind} ${update.job.name} ${update.job.status}`);
      ({ observedAt } = update);
    }
  };
  void run();
  return {
    told,
    get observedAt() {
      return observedAt;
    },
    leave: async () => void (await (await opening).return()),
  };
};

describe('a replica that does not poll', () => {
  const openWithReaders = async () => {
    const both = openBoth();
    both.upstream.put(0);
    both.atPoller();
    const reader = both.atFollower();
    await both.clock.advance(20_000);
    return { ...both, reader };
  };

  it('says of an end when it happened, so that who comes back with that is not told again', async () => {
    const { clock, upstream, reader, atFollower } = await openWithReaders();
    const endedAt = new Date(clock.now());
    upstream.put(0, { status: 'COMPLETED' });
    await clock.advance(20_000);
    expect(reader.told).toEqual(['STATUS_CHANGED Job 0 COMPLETED']);
    expect(reader.observedAt).toEqual(endedAt);
    const again = atFollower(reader.observedAt);
    await reader.leave();
    await clock.advance(1000);
    expect(again.told).toEqual([]);
  });

  it('hears how far all was seen although there was nothing to tell', async () => {
    const { clock, atPoller, atFollower, follower } = openBoth();
    atPoller();
    const reader = atFollower();
    await clock.advance(50_000);
    const now = new Date(clock.now());
    const ended = job(1, { status: 'COMPLETED', startedAt: now, finishedAt: now, observedAt: now });
    // by a write, say: that is told by itself
    follower().hear({ ...noNews, found: [ended] });
    await clock.advance(1);
    expect(reader.told).toHaveLength(1);
    expect(Number(now) - Number(reader.observedAt)).toBeLessThanOrEqual(defaultWatch.pollMaxMs);
  });

  it('claims nothing of what it may have missed, until it has looked itself', async () => {
    const { clock, upstream, way, reader, follower, atFollower } = await openWithReaders();
    const before = clock.now();
    way.isOpen = false;
    upstream.put(1, { startedAt: new Date(before), status: 'COMPLETED' });
    await clock.advance(16_000);
    way.isOpen = true;
    follower().miss();
    upstream.put(2, { startedAt: new Date(clock.now()) });
    await clock.advance(16_000);
    expect(reader.told).toEqual(['SUBMITTED Job 2 IN_PROGRESS']);
    expect(reader.observedAt.getTime()).toBeLessThanOrEqual(before);
    // so who comes back with it hears of what was missed
    const again = atFollower(reader.observedAt);
    follower().look();
    await clock.advance(1000);
    expect(again.told.join()).toContain('Job 1 COMPLETED');
    upstream.put(2, { status: 'FAILED' });
    await clock.advance(16_000);
    expect(reader.observedAt.getTime()).toBeGreaterThan(before + 32_000);
  });

  it("takes nobody's word before it has looked itself", async () => {
    const { clock, upstream, atFollower, follower } = openBoth();
    upstream.put(0);
    const reader = atFollower();
    const openedAt = clock.now();
    follower().hear({ ...noNews, seenUntil: new Date(openedAt + 5000) });
    await clock.advance(10_000);
    const now = new Date(clock.now());
    const ended = job(0, { status: 'COMPLETED', finishedAt: now, observedAt: now });
    follower().hear({ ...noNews, found: [ended] });
    await clock.advance(1);
    expect(reader.told).toEqual(['STATUS_CHANGED Job 0 COMPLETED']);
    expect(Number(reader.observedAt)).toBeLessThan(openedAt + 1000);
  });
});
