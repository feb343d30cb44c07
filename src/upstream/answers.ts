import { LRUCache } from 'lru-cache';
import { idKey } from '../domain/guid.ts';
import type { CacheResult } from '../telemetry/metrics.ts';
import type { Caller } from './caller.ts';
import { createEpochs } from './epochs.ts';
import type { Answer, UpstreamRequest } from './http.ts';
import { type SharedCall, shareCall } from './shared-call.ts';

const maxBytes = 32 * 1024 * 1024;

export interface AnswersOptions {
  /** How old an answer may be that is served again; 0 for none at all. */
  readonly maxAgeMs: number;
  readonly now: () => number;
}

/**
 * The answers to reads, as `ask` has read them: whoever asks the same reads it alike, so its type goes with its name.
 * Those under way are shared, and those that have come may be served again for a while.
 */
export interface Answers {
  read<Value>(
    caller: Caller,
    request: UpstreamRequest,
    signal: AbortSignal | undefined,
    ask: (signal: AbortSignal) => Promise<Answer<Value>>,
    note: (result: CacheResult) => void,
  ): Promise<Answer<Value>>;
  /** Something may have changed: nobody is given an answer that was asked for before. */
  outdate(callerKey: string): void;
  /** The same for all callers who may be on a site; null for all there are. */
  outdateSite(siteId: string | null): void;
}

/**
 * A call, until it has ended. V8 leaves behind the tables that a busy map outgrows, and whatever was in them lives on
 * until all garbage is collected: so the map holds these, which let go of the call and its answer.
 */
interface UnderWay {
  call: SharedCall<Answer> | null;
}

export const createAnswers = ({ maxAgeMs, now }: AnswersOptions): Answers => {
  const underWay = new Map<string, UnderWay>();
  // part of every name: what was asked for before a change is never found after it
  const changes = createEpochs();
  const siteChanges = createEpochs();
  // on sites that nobody named, and seen by callers who name none
  let changesAnywhere = 0;
  let changesSomewhere = 0;
  const changesSeenBy = ({ key, siteId }: Caller): string =>
    [
      changes.of(key),
      siteId === null ? changesSomewhere : siteChanges.of(idKey(siteId)),
      changesAnywhere,
    ].join(' ');
  const kept = new LRUCache<string, Answer>({
    maxSize: maxBytes,
    sizeCalculation: ({ size }, name) => size + name.length,
    perf: { now },
    ttlResolution: 0,
  });

  return {
    async read<Value>(
      caller: Caller,
      { operation, path, body }: UpstreamRequest,
      signal: AbortSignal | undefined,
      ask: (signal: AbortSignal) => Promise<Answer<Value>>,
      note: (result: CacheResult) => void,
    ): Promise<Answer<Value>> {
      const name = `${caller.key} ${changesSeenBy(caller)} ${operation} ${path} ${body === undefined ? '' : JSON.stringify(body)}`;
      // of one name there is one type only
      const known = maxAgeMs > 0 ? (kept.get(name) as Answer<Value> | undefined) : undefined;
      const joined = (underWay.get(name)?.call ?? null) as SharedCall<Answer<Value>> | null;
      note(known ? 'hit' : joined ? 'joined' : 'miss');
      if (known) return known;
      if (joined) return joined.join(signal);
      const entry: UnderWay = { call: null };
      // who comes after the last has left must not join what is being given up
      const end = () => {
        entry.call = null;
        if (underWay.get(name) === entry) underWay.delete(name);
      };
      const begin = async (shared: AbortSignal) => {
        try {
          const answer = await ask(shared);
          const ageMs = now() - answer.observedAt.getTime();
          if (ageMs < maxAgeMs) kept.set(name, answer, { ttl: maxAgeMs - ageMs });
          return answer;
        } finally {
          end();
        }
      };
      const call = shareCall((shared) => {
        shared.addEventListener('abort', end, { once: true });
        return Promise.resolve().then(() => begin(shared));
      });
      entry.call = call;
      underWay.set(name, entry);
      return call.join(signal);
    },
    outdate(callerKey) {
      changes.advance(callerKey);
    },
    outdateSite(siteId) {
      changesSomewhere += 1;
      if (siteId === null) changesAnywhere += 1;
      else siteChanges.advance(idKey(siteId));
    },
  };
};
