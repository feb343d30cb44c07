import { LRUCache } from 'lru-cache';
import { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import { maxPageSize } from '../domain/page.ts';
import type { JobsApi, JobsById } from './jobs-api.ts';
import { type SharedCall, shareCall } from './shared-call.ts';

const maxCallers = 10_000;

/** Asks for ids in the name of one caller; ends when the signal fires. */
export type AskForIds = (ids: readonly string[], signal: AbortSignal) => Promise<JobsById>;

interface Lookup {
  readonly ids: readonly string[];
  readonly signal: AbortSignal | undefined;
  resolve(found: JobsById): void;
  reject(error: unknown): void;
}

/** Looks jobs up by their ids: what several operations of a caller ask for in one turn is asked for together. */
export interface JobLookups {
  find(
    callerKey: string,
    ids: readonly string[],
    signal: AbortSignal | undefined,
    ask: AskForIds,
  ): Promise<JobsById>;
}

/** So many are asked for one by one: a GetJob has the last word, while a query may lag behind. */
const maxConfirmations = 3;

/**
 * One job is a GetJob, several are a QueryJobs by ids. What upstream leaves out of its answer is asked for once more
 * before it counts as not there.
 */
export const askForIds = (jobsFor: (signal: AbortSignal) => Pick<JobsApi, 'get' | 'byIds'>): AskForIds => {
  const askForOne = async (id: string, signal: AbortSignal): Promise<JobsById> => {
    const job = await jobsFor(signal).get(id);
    return new Map(job === null ? [] : [[idKey(id), job]]);
  };
  /** What cannot be learned fails for these ids only. */
  const confirm = async (ids: readonly string[], ask: () => Promise<JobsById>): Promise<JobsById> => {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      return new Map(ids.map((id) => [idKey(id), error]));
    }
  };
  return async (ids, signal) => {
    const [only, ...others] = ids;
    if (only !== undefined && others.length === 0) return askForOne(only, signal);
    const found = await jobsFor(signal).byIds(ids);
    const missing = ids.filter((id) => !found.has(idKey(id)));
    if (missing.length === 0) return found;
    const confirmed =
      missing.length > maxConfirmations
        ? [confirm(missing, () => jobsFor(signal).byIds(missing))]
        : missing.map((id) => confirm([id], () => askForOne(id, signal)));
    return new Map([found, ...(await Promise.all(confirmed))].flatMap((part) => [...part]));
  };
};

/** Every id once, in as few calls as pages allow. */
const shareOut = (lookups: readonly Lookup[], ask: AskForIds): Map<string, SharedCall<JobsById>> => {
  const ids = [...new Map(lookups.flatMap((lookup) => lookup.ids.map((id) => [idKey(id), id]))).values()];
  const calls = new Map<string, SharedCall<JobsById>>();
  for (let start = 0; start < ids.length; start += maxPageSize) {
    const some = ids.slice(start, start + maxPageSize);
    const call = shareCall((signal) => ask(some, signal));
    for (const id of some) calls.set(idKey(id), call);
  }
  return calls;
};

const answer = async ({ ids, signal }: Lookup, calls: ReadonlyMap<string, SharedCall<JobsById>>) => {
  const mine = new Set(ids.flatMap((id) => calls.get(idKey(id)) ?? []));
  const parts = await Promise.all([...mine].map((call) => call.join(signal)));
  const [only, ...others] = parts;
  return only !== undefined && others.length === 0 ? only : new Map(parts.flatMap((part) => [...part]));
};

export const createJobLookups = (): JobLookups => {
  const waiting = new LRUCache<string, Lookup[]>({ max: maxCallers });

  return {
    find: (callerKey, ids, signal, ask) =>
      new Promise((resolve, reject) => {
        const lookup: Lookup = { ids, signal, resolve, reject };
        const others = waiting.get(callerKey);
        if (others) {
          others.push(lookup);
          return;
        }
        const lookups = [lookup];
        waiting.set(callerKey, lookups);
        // after everything that arrived in this turn has been read
        setImmediate(() => {
          waiting.delete(callerKey);
          const staying = lookups.filter((each) => !each.signal?.aborted);
          for (const each of lookups) if (each.signal?.aborted) each.reject(each.signal.reason);
          // one that has left must not give up, as its last, what the others are about to join
          const calls = shareOut(staying, ask);
          for (const each of staying) answer(each, calls).then(each.resolve, each.reject);
        });
      }),
  };
};
