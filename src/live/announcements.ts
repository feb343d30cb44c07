import { idKey } from '../domain/guid.ts';
import type { JobUpdate, JobUpdateKind } from '../domain/job-update.ts';
import { maxPageSize } from '../domain/page.ts';
import type { Tick } from './latest.ts';
import type { LookScope } from './poll-loop.ts';

/** For so long after an event, polling relies on events; and after one that was missing, it does not. */
const relianceMs = 5 * 60_000;

/** There is no need to know more of them: one is enough not to rely on events. */
const maxUnconfirmed = 1000;

/** What Wix sends events of. Mere progress is none. */
const announcedKinds: ReadonlySet<JobUpdateKind> = new Set(['SUBMITTED', 'STATUS_CHANGED', 'DELETED']);

/** Jobs that events have told of, to be looked at; and whether events can be relied on. */
export interface Announcements {
  readonly isWaiting: boolean;
  /** More than one call can ask for: a look at everything is not dearer. */
  readonly isCrowded: boolean;
  /** True while events tell of whatever happens, so that polling need not find it. */
  readonly areReliable: boolean;
  /** Events of the caller's own place arrive. */
  heard(): void;
  /** This job is to be looked at. */
  add(id: string): void;
  /** What the look that begins is to ask for: many are left to a round, which looks at all that is watched. */
  begin(scope: LookScope, tick: Tick): readonly string[];
  /** A reader is told something. */
  told(update: JobUpdate, tick: Tick): void;
  /** A look is whole when nothing of it failed and nothing is left to read. */
  end(scope: LookScope, isWhole: boolean): void;
}

export const createAnnouncements = (now: () => number): Announcements => {
  const waiting = new Map<string, string>();
  // looked at for nothing: the event came late, or upstream's answer lags behind it
  const unconfirmed = new Set<string>();
  let asked = new Set<string>();
  let seen = new Set<string>();
  let current: Tick | null = null;
  let heardAt = Number.NEGATIVE_INFINITY;
  let missedAt = Number.NEGATIVE_INFINITY;

  const isCrowded = () => waiting.size > maxPageSize;

  return {
    get isWaiting() {
      return waiting.size > 0;
    },
    get isCrowded() {
      return isCrowded();
    },
    get areReliable() {
      const since = now() - relianceMs;
      return heardAt > since && missedAt <= since && unconfirmed.size === 0;
    },
    heard() {
      heardAt = now();
    },
    add(id) {
      // one more than a page says that there are many
      if (!isCrowded()) waiting.set(idKey(id), id);
    },
    begin(scope, tick) {
      current = tick;
      seen = new Set();
      asked = new Set(waiting.keys());
      // a round may take many looks, or have read on beyond these: it does not spare them being asked for
      const ids = scope === 'round' && isCrowded() ? [] : [...waiting.values()];
      waiting.clear();
      return ids;
    },
    told({ kind, job }, tick) {
      if (tick === current && announcedKinds.has(kind)) seen.add(idKey(job.id));
    },
    end(scope, isWhole) {
      current = null;
      // an event that came while the look was under way is not missing
      const isAnnounced = (key: string) => asked.has(key) || unconfirmed.has(key) || waiting.has(key);
      const isMissing = scope === 'round' && [...seen].some((key) => !isAnnounced(key));
      if (isMissing && heardAt > now() - relianceMs) missedAt = now();
      if (scope === 'round' && isWhole) unconfirmed.clear();
      for (const key of asked) if (!seen.has(key) && unconfirmed.size < maxUnconfirmed) unconfirmed.add(key);
    },
  };
};
