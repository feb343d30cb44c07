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

const createSiteEvents = (siteId: string | null, { jobs }: Site, since: number) => {
  let known: ReadonlyMap<string, Known> = new Map(
    jobs.all(since).map((job) => [job.id, { status: job.at(since).status, sequence: 0 }]),
  );

  const eventOf = (job: Job, before: Known | undefined, now: number): JobEvent | null => {
    const { id: jobId, status } = job;
    const event = { siteId, jobId, job, sequence: (before?.sequence ?? 0) + 1, time: now };
    if (before === undefined) return { ...event, slug: 'created' };
    return before.status === status ? null : { ...event, slug: 'updated', statusBefore: before.status };
  };

  return (now: number): JobEvent[] => {
    const events: JobEvent[] = [];
    const seen = new Map<string, Known>();
    for (const stored of jobs.all(now)) {
      if (jobs.isTerminated(stored.id)) continue;
      const job = stored.at(now);
      const before = known.get(job.id);
      const event = eventOf(job, before, now);
      if (event) events.push(event);
      seen.set(job.id, { status: job.status, sequence: event?.sequence ?? before?.sequence ?? 0 });
    }
    for (const [jobId, { sequence }] of known) {
      if (!seen.has(jobId) && jobs.isTerminated(jobId))
        events.push({ siteId, jobId, sequence: sequence + 1, time: now, slug: 'deleted' });
    }
    known = seen;
    return events;
  };
};

/** Finds out what happens to the jobs of all sites by comparing them with what they were the last time. */
export const createJobEvents = (sites: () => ReadonlyMap<string | null, Site>, start: number) => {
  const eventsOf = new Map<Site, (now: number) => JobEvent[]>();
  let last = start;
  return (now: number): JobEvent[] => {
    const events = [...sites()].flatMap(([siteId, site]) => {
      const next = eventsOf.get(site) ?? createSiteEvents(siteId, site, last);
      eventsOf.set(site, next);
      return next(now);
    });
    last = now;
    return events;
  };
};
