import type { Job, JobStatus } from '../jobs/job.ts';
import type { Site } from '../site.ts';

/** What happened to a job of a site, in the order of its happening. */
export type JobEvent = {
  readonly siteId: string | null;
  readonly jobId: string;
  readonly sequence: number;
  readonly time: number;
} & (
  | { readonly slug: 'created'; readonly job: Job }
  | { readonly slug: 'updated'; readonly job: Job; readonly statusBefore: JobStatus }
  | { readonly slug: 'deleted' }
);

type Known = { readonly status: JobStatus; readonly sequence: number };

const createSiteEvents = (siteId: string | null, { jobs }: Site) => {
  let known: ReadonlyMap<string, Known> | null = null;

  const eventOf = (job: Job, before: Known | undefined, now: number): JobEvent | null => {
    const { id: jobId, status } = job;
    const event = { siteId, jobId, job, sequence: (before?.sequence ?? 0) + 1, time: now };
    if (before === undefined) return { ...event, slug: 'created' };
    return before.status === status ? null : { ...event, slug: 'updated', statusBefore: before.status };
  };

  /** What changed since the last time; nothing at the first. */
  return (now: number): JobEvent[] => {
    const events: JobEvent[] = [];
    const seen = new Map<string, Known>();
    for (const stored of jobs.all(now)) {
      if (jobs.isTerminated(stored.id)) continue;
      const job = stored.at(now);
      const before = known?.get(job.id);
      const event = known === null ? null : eventOf(job, before, now);
      if (event) events.push(event);
      seen.set(job.id, { status: job.status, sequence: event?.sequence ?? before?.sequence ?? 0 });
    }
    for (const [jobId, { sequence }] of known ?? []) {
      if (!seen.has(jobId) && jobs.isTerminated(jobId))
        events.push({ siteId, jobId, sequence: sequence + 1, time: now, slug: 'deleted' });
    }
    known = seen;
    return events;
  };
};

/** Finds out what happens to the jobs of all sites by comparing them with what they were. */
export const createJobEvents = (sites: () => ReadonlyMap<string | null, Site>) => {
  const eventsOf = new Map<Site, (now: number) => JobEvent[]>();
  return (now: number): JobEvent[] =>
    [...sites()].flatMap(([siteId, site]) => {
      const next = eventsOf.get(site) ?? createSiteEvents(siteId, site);
      eventsOf.set(site, next);
      return next(now);
    });
};
