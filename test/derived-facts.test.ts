import { describe, expect, it } from 'vitest';
import { helpFor } from '../src/domain/application-error.ts';
import { durationSeconds, isFinished, type Job, type JobStatus } from '../src/domain/job.ts';
import {
  type AdvancingJob,
  estimatedFinishAt,
  type Progress,
  percent,
  progressOf,
  unitsPerSecond,
} from '../src/domain/progress.ts';
import { openGateway } from './support/gateway.ts';
import { guid, jobRow, type Row } from './support/rows.ts';
import { startScriptedUpstream } from './support/scripted-upstream.ts';

const start = Date.UTC(2026, 8, 14, 6);
const at = (seconds: number) => new Date(start + seconds * 1000);

const job = (more: Partial<Job> = {}): Job => ({
  id: guid(0),
  name: null,
  status: 'IN_PROGRESS',
  rawStatus: null,
  startedAt: at(0),
  finishedAt: null,
  source: null,
  destination: null,
  sourceSiteId: null,
  destinationSiteId: null,
  progress: null,
  error: null,
  partialSuccessCause: null,
  logsRecorded: 0,
  scheduleId: null,
  workflowId: null,
  extendedFields: null,
  observedAt: at(100),
  ...more,
});

const progressWith = (more: Partial<Progress> = {}): Progress => ({
  current: 250,
  total: 1000,
  itemsRejected: null,
  itemsSuccessful: null,
  ...more,
});

const advancing = (progress: Partial<Progress>, more: Partial<Job> = {}): AdvancingJob => ({
  ...job(more),
  progress: progressWith(progress),
});

const finishedStatuses: JobStatus[] = ['COMPLETED', 'FAILED', 'PARTIALLY_SUCCESSFUL'];
const unfinishedStatuses: JobStatus[] = ['UNINITIALIZED', 'INITIALIZING', 'IN_PROGRESS'];

describe('isFinished', () => {
  it.each(finishedStatuses)('is true for %s, with or without an end', (status) => {
    expect(isFinished({ status, finishedAt: null })).toBe(true);
    expect(isFinished({ status, finishedAt: at(1) })).toBe(true);
  });

  it.each(unfinishedStatuses)('is false for %s', (status) => {
    expect(isFinished({ status, finishedAt: null })).toBe(false);
  });

  it('depends on the end for a status that is not known', () => {
    expect(isFinished({ status: 'UNRECOGNIZED', finishedAt: null })).toBe(false);
    expect(isFinished({ status: 'UNRECOGNIZED', finishedAt: at(1) })).toBe(true);
  });
});

describe('durationSeconds', () => {
  it('is from start to end, to the millisecond', () => {
    const ended = { status: 'COMPLETED', startedAt: at(0), finishedAt: at(90.5) } as const;
    expect(durationSeconds(ended, start + 10_000_000)).toBe(90.5);
  });

  it('is from start to now while the job runs', () => {
    for (const status of [...unfinishedStatuses, 'UNRECOGNIZED'] as const) {
      expect(durationSeconds({ status, startedAt: at(0), finishedAt: null }, start + 42_000)).toBe(42);
    }
  });

  it('cannot be said without a start, nor once the job has finished without an end', () => {
    expect(durationSeconds({ status: 'COMPLETED', startedAt: null, finishedAt: at(1) }, start)).toBeNull();
    for (const status of finishedStatuses) {
      expect(durationSeconds({ status, startedAt: at(0), finishedAt: null }, start + 1000)).toBeNull();
    }
  });

  it('is never below zero, whatever the clocks say', () => {
    expect(durationSeconds({ status: 'IN_PROGRESS', startedAt: at(5), finishedAt: null }, start)).toBe(0);
    expect(durationSeconds({ status: 'FAILED', startedAt: at(5), finishedAt: at(1) }, start)).toBe(0);
  });
});

describe('percent', () => {
  it.each<[Partial<Progress>, number | null]>([
    [{}, 25],
    [{ current: 0 }, 0],
    [{ current: 1000 }, 100],
    [{ current: 1, total: 3 }, 100 / 3],
    [{ current: 1001 }, 100],
    [{ current: -1 }, 0],
    [{ total: null }, null],
    [{ total: 0 }, null],
    [{ current: 0, total: 0 }, null],
    [{ total: -5 }, null],
    [{ current: null }, null],
  ])('of %j is %j', (progress, expected) => {
    const value = percent(progressWith(progress));
    expected === null ? expect(value).toBeNull() : expect(value).toBeCloseTo(expected, 10);
  });
});

describe('unitsPerSecond', () => {
  it('is the average from the start to when the progress was seen', () => {
    expect(unitsPerSecond(advancing({}))).toBe(2.5);
    expect(unitsPerSecond(advancing({ current: 0 }))).toBe(0);
  });

  it('is the average over the whole job once that has ended', () => {
    expect(unitsPerSecond(advancing({ current: 1000 }, { status: 'COMPLETED', finishedAt: at(40) }))).toBe(
      25,
    );
  });

  it('cannot be said without progress, without a start, or for no time at all', () => {
    expect(unitsPerSecond(advancing({ current: null }))).toBeNull();
    expect(unitsPerSecond(advancing({}, { startedAt: null }))).toBeNull();
    expect(unitsPerSecond(advancing({}, { observedAt: at(0) }))).toBeNull();
    expect(unitsPerSecond(advancing({}, { startedAt: at(200) }))).toBeNull();
    expect(unitsPerSecond(advancing({}, { status: 'COMPLETED' }))).toBeNull();
  });
});

describe('estimatedFinishAt', () => {
  it('is when the rest is done at the average pace', () => {
    expect(estimatedFinishAt(advancing({}))).toEqual(at(400));
    expect(estimatedFinishAt(advancing({ current: 999, total: 1000 }, { observedAt: at(999) }))).toEqual(
      at(1000),
    );
    expect(estimatedFinishAt(advancing({ current: 1000 }))).toEqual(at(100));
  });

  it.each<[string, Partial<Progress>, Partial<Job>]>([
    ['the total is unknown', { total: null }, {}],
    ['the progress is unknown', { current: null }, {}],
    ['nothing is done yet', { current: 0 }, {}],
    ['there is nothing to do', { current: 0, total: 0 }, {}],
    ['more is done than there was to do', { current: 1001 }, {}],
    ['the progress makes no sense', { current: -5 }, {}],
    ['the job has no start', {}, { startedAt: null }],
    ['no time has passed', {}, { observedAt: at(0) }],
    ['the end is beyond all dates', { current: 1, total: Number.MAX_SAFE_INTEGER }, {}],
    ...finishedStatuses.map((status): [string, Partial<Progress>, Partial<Job>] => [
      `the job is ${status}`,
      {},
      { status, finishedAt: at(50) },
    ]),
    ['a later status has an end', {}, { status: 'UNRECOGNIZED', finishedAt: at(50) }],
  ])('cannot be said when %s', (_why, progress, more) => {
    expect(estimatedFinishAt(advancing(progress, more))).toBeNull();
  });
});

describe('help', () => {
  const helpOf = (code: string | null) => helpFor({ code, description: 'x', data: null });

  it.each(['WDH0000', 'WDH0001', 'WDH0002', 'WDH0003', 'WDE0009', 'WDE0025', 'WDE0110'])(
    'is one sentence for %s',
    (code) => {
      const help = helpOf(code);
      expect(help).toMatch(/^[A-Z][^.]{40,}\.$/);
    },
  );

  it('says something else for each code', () => {
    const codes = ['WDH0000', 'WDH0001', 'WDH0002', 'WDH0003', 'WDE0009', 'WDE0025', 'WDE0110'];
    expect(new Set(codes.map(helpOf)).size).toBe(codes.length);
  });

  it.each([
    null,
    '',
    'WDH9999',
    'wdh0001',
    'WDH0001 ',
    'constructor',
    'toString',
    '__proto__',
    'hasOwnProperty',
  ])('is null for %j', (code) => {
    expect(helpOf(code)).toBeNull();
  });
});

it('gives progress together with its job, and none of a job that has none', () => {
  expect(progressOf(job())).toBeNull();
  const moving = job({ progress: progressWith({ current: 3 }) });
  expect(progressOf(moving)).toEqual({ ...progressWith({ current: 3 }), job: moving });
});

describe('through the front door', () => {
  const facts = `isFinished durationSeconds observedAt
    progress { percent unitsPerSecond estimatedFinishAt }
    error { code help }`;

  const ask = async (row: Row, secondsSinceStart: number): Promise<Row> => {
    const upstream = await startScriptedUpstream(() => ({ json: { job: row } }));
    const gateway = openGateway(upstream.url, { now: () => start + secondsSinceStart * 1000 });
    const { data, errors } = await gateway.ask(`{ job(id: "${guid(0)}") { ${facts} } }`);
    expect(errors).toBeUndefined();
    return data.job;
  };

  const running = (more: Row = {}) =>
    jobRow(0, { status: 'IN_PROGRESS', finishedAt: null, progress: { current: 250, total: 1000 }, ...more });

  it('tells how a running job stands now', async () => {
    expect(await ask(running(), 100)).toEqual({
      isFinished: false,
      durationSeconds: 100,
      observedAt: at(100).toISOString(),
      progress: { percent: 25, unitsPerSecond: 2.5, estimatedFinishAt: at(400).toISOString() },
      error: null,
    });
  });

  it('tells how a finished job went, whenever it is asked', async () => {
    const row = jobRow(0, {
      status: 'FAILED',
      progress: { current: 3600, total: 4000 },
      error: { code: 'WDE0110' },
    });
    expect(await ask(row, 1_000_000)).toEqual({
      isFinished: true,
      durationSeconds: 3600,
      observedAt: at(1_000_000).toISOString(),
      progress: { percent: 90, unitsPerSecond: 1, estimatedFinishAt: null },
      error: { code: 'WDE0110', help: expect.stringContaining('code editor') },
    });
  });

  it('tells nothing that cannot be said', async () => {
    expect(
      await ask(
        running({ startedAt: null, progress: { current: 5, total: null }, error: { code: 'constructor' } }),
        9,
      ),
    ).toEqual({
      isFinished: false,
      durationSeconds: null,
      observedAt: at(9).toISOString(),
      progress: { percent: null, unitsPerSecond: null, estimatedFinishAt: null },
      error: { code: 'constructor', help: null },
    });
  });

  it('takes a later status for finished once it has an end', async () => {
    expect(await ask(running({ status: 'ARCHIVED' }), 10)).toMatchObject({ isFinished: false });
    expect(await ask(running({ status: 'ARCHIVED', finishedAt: at(5).toISOString() }), 10)).toMatchObject({
      isFinished: true,
      durationSeconds: 5,
      progress: { estimatedFinishAt: null },
    });
  });
});
