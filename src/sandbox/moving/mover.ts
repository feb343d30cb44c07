import { randomUUID } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { fileAddress } from '../files/addresses.ts';
import type { Files } from '../files/files.ts';
import type { Destination } from '../jobs/endpoint.ts';
import type { StoredJob } from '../jobs/job-store.ts';
import type { Submission } from '../jobs/submission.ts';
import type { Limits } from '../limits.ts';
import type { Site, SiteFor } from '../site.ts';
import { createTurns } from '../turns.ts';
import { endsOf } from './ends.ts';
import { createLiveJob } from './live-job.ts';
import { move } from './move.ts';
import { createQueue } from './queue.ts';

export type MoverOptions = {
  readonly siteFor: SiteFor;
  readonly files: Files;
  readonly clock: Clock;
  readonly speed: number;
  readonly limits: Limits;
  /** Aborts when the sandbox closes. */
  readonly closing: AbortSignal;
};

export type Mover = {
  /** Starts a job and does not wait for it. */
  readonly start: (submission: Submission, site: Site, origin: string) => StoredJob;
  /** Resolves once no work is left. */
  readonly settled: () => Promise<void>;
};

const addressedAt = (destination: Destination, origin: string, fileKey: string): Destination => {
  if (!('file' in destination)) return destination;
  const { format, fileName = `export.${format.toLowerCase()}` } = destination.file;
  return { file: { ...destination.file, url: fileAddress(origin, fileKey, fileName) } };
};

export const createMover = (options: MoverOptions): Mover => {
  const { clock, speed, limits, closing } = options;
  const queue = createQueue(limits.jobsAtOnce);
  const underWay = new Set<Promise<void>>();

  const start: Mover['start'] = (submission, site, origin) => {
    const stopping = new AbortController();
    const signal = AbortSignal.any([closing, stopping.signal]);
    const fileKey = randomUUID();
    const job = createLiveJob({
      id: randomUUID(),
      startedAt: clock.now(),
      submission,
      addressed: addressedAt(submission.destination, origin, fileKey),
      mostLogs: limits.logsPerJob,
      stop: () => stopping.abort(),
    });
    const takeTurns = createTurns(clock.after, signal);
    const ends = endsOf({ ...options, submission, site, fileKey, takeTurns });
    const work = queue.add(() => move(job, ends, { clock, speed, signal }));
    underWay.add(work);
    void work.finally(() => underWay.delete(work));
    return job.stored;
  };

  return {
    start,
    settled: async () => {
      await Promise.all(underWay);
    },
  };
};
