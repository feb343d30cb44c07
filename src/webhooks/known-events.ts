import { LRUCache } from 'lru-cache';
import type { JobEvent } from './job-event.ts';
import { longestLifeSeconds } from './verify-token.ts';

const maxEvents = 20_000;
const maxJobs = 20_000;

export interface KnownEvents {
  /** Remembers the event: whether it is news, came before, or was overtaken by a later one of its job. */
  note(event: JobEvent): 'news' | 'duplicate' | 'late';
}

const isBefore = (one: JobEvent, other: JobEvent): boolean => {
  if (one.sequence !== null && other.sequence !== null) return one.sequence < other.sequence;
  return one.happenedAt !== null && other.happenedAt !== null && one.happenedAt < other.happenedAt;
};

/** For as long as a token may be sent again, as far as the memory goes: what is forgotten costs one look. */
export const createKnownEvents = (now: () => number): KnownEvents => {
  const kept = { ttl: longestLifeSeconds * 1000, perf: { now } };
  const events = new LRUCache<string, true>({ max: maxEvents, ...kept });
  const newest = new LRUCache<string, JobEvent>({ max: maxJobs, ...kept });
  return {
    note(event) {
      if (events.has(event.id)) return 'duplicate';
      events.set(event.id, true);
      const known = newest.get(event.jobId);
      if (known !== undefined && isBefore(event, known)) return 'late';
      newest.set(event.jobId, event);
      return 'news';
    },
  };
};
