import { LRUCache } from 'lru-cache';
import type { CacheResult } from '../telemetry/metrics.ts';
import type { Answer, UpstreamRequest } from './http.ts';
import { type SharedCall, shareCall } from './shared-call.ts';

const maxBytes = 32 * 1024 * 1024;
const maxCallers = 10_000;

export interface AnswersOptions {
  /** How old an answer may be that is served again; 0 for none at all. */
  readonly maxAgeMs: number;
  readonly now: () => number;
}

/** The answers to reads: those under way are shared, and those that have come may be served again for a while. */
export interface Answers {
  read(
    callerKey: string,
    request: UpstreamRequest,
    signal: AbortSignal | undefined,
    ask: (signal: AbortSignal) => Promise<Answer>,
    note: (result: CacheResult) => void,
  ): Promise<Answer>;
  /** Something may have changed: nobody is given an answer that was asked for before. */
  outdate(callerKey: string): void;
}

export const createAnswers = ({ maxAgeMs, now }: AnswersOptions): Answers => {
  const underWay = new Map<string, SharedCall<Answer>>();
  // the number of times that something changed is part of every name
  const changes = new LRUCache<string, number>({ max: maxCallers });
  const kept = new LRUCache<string, Answer>({
    maxSize: maxBytes,
    sizeCalculation: ({ size }, name) => size + name.length,
    perf: { now },
    ttlResolution: 0,
  });

  return {
    async read(callerKey, { operation, path, body }, signal, ask, note) {
      const change = changes.get(callerKey) ?? 0;
      const name = `${callerKey} ${change} ${operation} ${path} ${body === undefined ? '' : JSON.stringify(body)}`;
      const known = maxAgeMs > 0 ? kept.get(name) : undefined;
      const joined = underWay.get(name);
      note(known ? 'hit' : joined ? 'joined' : 'miss');
      if (known) return known;
      if (joined) return joined.join(signal);
      const begin = async (shared: AbortSignal) => {
        try {
          const answer = await ask(shared);
          const ageMs = now() - answer.observedAt.getTime();
          if (ageMs < maxAgeMs) kept.set(name, answer, { ttl: maxAgeMs - ageMs });
          return answer;
        } finally {
          if (underWay.get(name) === call) underWay.delete(name);
        }
      };
      const call = shareCall((shared) => {
        // who comes after the last has left must not join what is being given up
        shared.addEventListener('abort', () => underWay.delete(name), { once: true });
        return Promise.resolve().then(() => begin(shared));
      });
      underWay.set(name, call);
      return call.join(signal);
    },
    outdate(callerKey) {
      changes.set(callerKey, (changes.get(callerKey) ?? 0) + 1);
    },
  };
};
