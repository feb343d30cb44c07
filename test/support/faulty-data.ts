import type { Context } from '../../src/context.ts';
import { GatewayError } from '../../src/domain/gateway-error.ts';
import { idKey } from '../../src/domain/guid.ts';
import type { Job } from '../../src/domain/job.ts';
import { isJsonObject } from '../../src/domain/json.ts';
import type { MovementLog } from '../../src/domain/movement-log.ts';
import type { SyncSchedule } from '../../src/domain/sync-schedule.ts';
import { createLazyLoaders } from '../../src/loaders.ts';
import type { JobQuery } from '../../src/upstream/job-query.ts';
import type { CallerUpstream } from '../../src/upstream/upstream.ts';
import { createDice, nastyTexts } from './operation-generator.ts';
import { guid } from './rows.ts';

/**
 * What no type allows, to see what becomes of it. No symbols: graphql-jit reads fields off values that are no objects,
 * and a symbol has a `description`. Strings and numbers have nothing that is called as a field of the graph.
 */
// biome-ignore lint/suspicious/noExplicitAny: that is the point
type Faulty = any;

export interface FaultyData {
  /** For one operation. The data are the same for each; nothing that was read is remembered from one to the next. */
  createContext(): { readonly context: Context; readonly calls: readonly string[] };
}

const numberOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193);
  return hash >>> 0;
};

/** Settles after so many turns of the microtask queue. */
const turns = async (count: number) => {
  for (let turn = 0; turn < count; turn += 1) await undefined;
};

/** Ids that are asked for together come in the order of the fields that want them, which nobody promises. */
const inOrder = (_key: string, value: unknown): unknown =>
  Array.isArray(value) && value.every((each) => typeof each === 'string') ? value.toSorted() : value;

/** The workflows that a query asks for the jobs of; undefined when it asks for others. */
const workflowsOf = ({ filter }: JobQuery): readonly unknown[] | undefined => {
  if (typeof filter === 'string') return undefined;
  const { workflowId } = filter;
  return isJsonObject(workflowId) && Array.isArray(workflowId['$in']) ? workflowId['$in'] : undefined;
};

const now = Date.UTC(2026, 8, 14, 12);

/**
 * Jobs and schedules of the ids in rows.ts, some with values that their types do not allow, behind an upstream that
 * answers after more or fewer turns, depending on what it is asked, and sometimes fails.
 */
export const createFaultyData = (seed: number): FaultyData => {
  const dice = createDice(seed);
  // half of the data are as they should be, so that there are answers without errors
  const faults = dice.pick([0, 0, 0.02, 0.1]);
  const failures = dice.pick([0, 0, 0.2]);

  const fault = (): Faulty =>
    dice.pick<() => unknown>([
      () => null,
      () => undefined,
      () => new Error('a value that is an error'),
      () => new GatewayError('UPSTREAM_UNAVAILABLE', 'A value that is an error with a code.'),
      () => Number.NaN,
      () => Number.POSITIVE_INFINITY,
      () => -0,
      () => 1.5,
      () => 2 ** 53,
      () => '',
      () => 'wrong',
      () => [],
      () => [null],
      () => ({}),
      () => true,
      () => new Date(Number.NaN),
    ])();
  const or = (value: unknown): Faulty => (dice.chance(faults) ? fault() : value);
  const text = () => or(dice.chance(0.2) ? null : dice.pick(nastyTexts));
  const instant = () => or(dice.chance(0.3) ? null : new Date(now - dice.roll(1e9)));
  const json = (): Faulty =>
    or(
      dice.pick<unknown>([
        null,
        {},
        JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1, "then": "no", "toJSON": "no"}'),
        Object.fromEntries(nastyTexts.map((each) => [each, each])),
        { deep: [{ er: [1, -0, 1e21, null, true, '\u2028'] }] },
      ]),
    );
  const list = (item: () => unknown): Faulty => or(Array.from({ length: dice.roll(4) }, () => or(item())));

  const file = () => ({
    kind: 'file',
    format: or(dice.pick(['CSV', 'JSONL', null])),
    fileName: text(),
    fileId: text(),
    url: text(),
  });
  const localization = () => ({ kind: 'localization', languages: list(text) });
  const unsupported = () => ({ kind: or('unsupported'), name: text(), details: json() ?? {} });
  const query = () =>
    dice.pick([
      () => null,
      () => ({ kind: 'filter', filter: json(), fields: list(text) }),
      () => ({
        kind: or('aggregation'),
        aggregationPipeline: json(),
        fields: list(() => ({ key: or('key'), displayName: text(), fieldType: or('NUMBER') })),
      }),
    ])();
  const source = (): Faulty =>
    or(
      dice.pick([
        () => null,
        file,
        localization,
        unsupported,
        () => ({ kind: 'collection', collectionId: or('products'), query: or(query()) }),
      ])(),
    );
  const destination = (): Faulty =>
    or(
      dice.pick([
        () => null,
        file,
        localization,
        unsupported,
        () => ({ kind: 'collection', collectionId: or('products'), writePolicy: or('SKIP_EXISTING') }),
      ])(),
    );
  const failure = (): Faulty =>
    or(
      dice.chance(0.5)
        ? null
        : { code: or(dice.pick(['WDH0003', 'constructor', null])), description: text(), data: json() },
    );

  const scheduleIds = Array.from({ length: 6 }, (_, n) => guid(n, 'schedule'));
  const createJob = (n: number): Job => ({
    // what it is joined and told apart by
    id: guid(n),
    name: text(),
    status: or(dice.pick(['COMPLETED', 'FAILED', 'IN_PROGRESS', 'UNRECOGNIZED'])),
    rawStatus: text(),
    // what the jobs of a workflow are ordered by, all at once
    startedAt: dice.chance(faults) ? new Date(Number.NaN) : new Date(now - dice.roll(1e9)),
    finishedAt: instant(),
    source: source(),
    destination: destination(),
    sourceSiteId: text(),
    destinationSiteId: text(),
    progress: dice.chance(0.3)
      ? null
      : { current: or(dice.roll(50)), total: or(100), itemsRejected: or(0), itemsSuccessful: or(null) },
    error: failure(),
    partialSuccessCause: text(),
    logsRecorded: or(dice.roll(1000)),
    scheduleId: dice.chance(0.3) ? null : dice.pick(scheduleIds),
    workflowId: dice.chance(0.3) ? null : guid(dice.roll(3), 'workflow'),
    extendedFields: or(
      dice.chance(0.3)
        ? null
        : { namespaces: or(Object.fromEntries(nastyTexts.map((name) => [name, { name }]))) },
    ),
    observedAt: or(new Date(now)),
  });
  const createSchedule = (n: number): SyncSchedule => ({
    id: or(guid(n, 'schedule')),
    name: text(),
    enabled: or(dice.chance(0.5)),
    cronExpression: text(),
    lastRunAt: instant(),
    nextRunAt: instant(),
    steps: list(() => ({
      source: source(),
      destination: destination(),
      sourceSiteId: text(),
      destinationSiteId: text(),
    })),
    lastWorkflowId: text(),
  });
  const createLog = (): MovementLog => ({ sourceItemId: text(), failure: failure(), details: json() });

  const jobs = Array.from({ length: 6 }, (_, n) => createJob(n));
  const schedules = Array.from({ length: 3 }, (_, n) => createSchedule(n));
  const logs = Array.from({ length: 4 }, createLog);
  const allowance = {
    sentHere: 0,
    elsewhere: 0,
    isKnown: true,
    limitPerMinute: or(200),
    remaining: or(199),
    resetAt: or(new Date(now)),
  };
  const lastSuccessAt = instant();
  const status = { watchedJobs: or(3), pollIntervalMs: or(null) };

  const isFailing = (what: string) => (numberOf(`${seed} fails ${what}`) % 1000) / 1000 < failures;
  const isUnreadable = ({ id }: Job): boolean => isFailing(`row ${id}`);
  const failureOf = (what: string): Error =>
    // what is unexpected fails a batch of logs as a whole, whoever is in it
    numberOf(what) % 3 === 0 && !what.startsWith('logs')
      ? new Error(`Unexpected: ${what}`)
      : new GatewayError('UPSTREAM_UNAVAILABLE', `Upstream failed: ${numberOf(what)}`);
  /** So that a wrong argument gives another answer. */
  const some = <Item>(items: readonly Item[], what: string): Item[] => {
    const chosen = items.filter((_, n) => numberOf(`${what} ${n}`) % 3 > 0);
    const start = numberOf(what) % Math.max(1, chosen.length);
    return [...chosen.slice(start), ...chosen.slice(0, start)];
  };

  return {
    createContext() {
      const calls: string[] = [];
      /** What is asked for in batches fails all together or not at all: nobody promises who is in a batch with whom. */
      const answer = async <Value>(
        name: string,
        given: unknown,
        value: (what: string) => Value,
        together?: string,
      ): Promise<Value> => {
        const what = `${name} ${JSON.stringify(given, inOrder)}`;
        calls.push(what);
        await turns(numberOf(`${seed} ${what}`) % 12);
        if (isFailing(together ?? what)) throw failureOf(what);
        return value(what);
      };
      const page = <Item>(items: readonly Item[], { limit }: { readonly limit: number }) => ({
        rows: items.slice(0, limit),
        next: items.length > limit ? 'next' : null,
      });
      const upstream: Pick<CallerUpstream, 'allowance' | 'lastSuccessAt'> & {
        readonly jobs: Pick<CallerUpstream['jobs'], 'byIds' | 'query' | 'logs'>;
        readonly schedules: CallerUpstream['schedules'];
      } = {
        jobs: {
          byIds: (ids) =>
            answer(
              'byIds',
              ids,
              () => {
                const wanted = ids.map(idKey);
                const found = new Map<string, Job | GatewayError>();
                for (const job of jobs) {
                  if (!wanted.includes(job.id)) continue;
                  const error = new GatewayError('UPSTREAM_INVALID_RESPONSE', `This is no job: ${job.id}`);
                  found.set(job.id, isUnreadable(job) ? error : job);
                }
                return found;
              },
              'byIds',
            ),
          query: (query, request) => {
            const workflows = workflowsOf(query);
            return answer(
              'query',
              [query, request],
              (what) => {
                const rows = jobs.filter((job) => !isUnreadable(job));
                return workflows
                  ? page(
                      rows.filter(({ workflowId }) => workflows.includes(workflowId)),
                      request,
                    )
                  : page(some(rows, what), request);
              },
              workflows && 'workflows',
            );
          },
          logs: (id, request) => answer('logs', [id, request], (what) => page(some(logs, what), request)),
        },
        schedules: {
          get: (id) =>
            answer('schedule', id, () => schedules[scheduleIds.indexOf(idKey(id))] ?? null, 'schedules'),
          list: () =>
            answer(
              'schedules',
              null,
              () => schedules.map((value, n) => ({ id: scheduleIds[n] ?? null, value })),
              'schedules',
            ),
        },
        allowance: () => allowance,
        lastSuccessAt: () => lastSuccessAt,
      };
      const caller: Faulty = upstream;
      const context: Faulty = {
        upstream,
        loaders: createLazyLoaders(caller, 'caller'),
        live: { status: () => status },
        now: () => now,
      };
      return { context, calls };
    },
  };
};
