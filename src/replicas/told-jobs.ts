import { LRUCache } from 'lru-cache';
import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import { updateFrom } from '../domain/job-update.ts';
import type { News } from '../live/company.ts';

const maxJobs = 10_000;

/** Of jobs that are as they were told before, only the ids are told again. */
export const createToldJobs = () => {
  const told = new LRUCache<string, Job>({ max: maxJobs });

  const isSame = (job: Job): boolean => {
    const before = told.get(idKey(job.id));
    if (before === undefined) return false;
    return before === job || (updateFrom(before, job) === null && before.observedAt <= job.observedAt);
  };

  return {
    clear: () => told.clear(),
    /** Null when there is nothing to tell. */
    newIn(news: News): News | null {
      const found = news.found.filter((job) => !isSame(job));
      const same = news.found.filter(isSame).map(({ id }) => id);
      for (const job of found) told.set(idKey(job.id), job);
      for (const id of news.gone) told.delete(idKey(id));
      const isEmpty =
        news.seenUntil === null && [found, same, news.gone, news.failed].every(({ length }) => length === 0);
      return isEmpty ? null : { ...news, found, same: [...news.same, ...same] };
    },
  };
};
