import type { Clock } from '../clock.ts';
import { JobFault } from '../jobs/job-fault.ts';
import type { Ending } from '../jobs/job-plan.ts';
import type { OpenSource } from '../rows/row.ts';
import type { LiveJob } from './live-job.ts';
import type { OpenDestination } from './open-destination.ts';
import { preparation, strideOf } from './pace.ts';

export type Ends = {
  /** Both throw a JobFault for what is not in order. */
  readonly openSource: () => Promise<OpenSource>;
  readonly openDestination: (source: OpenSource) => OpenDestination;
};

export type MoveOptions = {
  readonly clock: Clock;
  readonly speed: number;
  readonly signal: AbortSignal;
};

const partly: Ending = {
  status: 'PARTIALLY_SUCCESSFUL',
  cause: 'The destination accepted only part of the items because its limit was reached.',
};

const moveRows = async (
  job: LiveJob,
  source: OpenSource,
  destination: OpenDestination,
  { clock, speed, signal }: MoveOptions,
): Promise<Ending> => {
  const stride = strideOf(source.total, speed);
  let sinceWait = 0;
  let isFull = false;
  // What was terminated while its source was opened empties no collection.
  signal.throwIfAborted();
  job.begin(source.total);
  destination.begin();
  for await (const row of source.rows()) {
    signal.throwIfAborted();
    const outcome =
      'failure' in row
        ? ({ kind: 'rejected', failure: row.failure } as const)
        : destination.write(row.values);
    job.handled(row.sourceItemId, outcome);
    isFull ||= outcome.kind === 'full';
    sinceWait += 1;
    if (sinceWait === stride.rows) {
      sinceWait = 0;
      await clock.after(stride.waitMs, signal);
    }
  }
  await destination.end();
  // What was terminated in its last moment is not made to look finished.
  signal.throwIfAborted();
  return isFull ? partly : { status: 'COMPLETED' };
};

const endingAfter = (error: unknown): Ending => {
  if (error instanceof JobFault) return { status: 'FAILED', error: error.jobError };
  // A fault of the sandbox itself: the developer is told.
  process.emitWarning(error instanceof Error ? error : String(error));
  return { status: 'FAILED', error: { code: 'WDH0000', description: 'Unknown error.', data: null } };
};

/** The life of a job from its submission to its end, or until the signal aborts: then it stays as it is. */
export const move = async (job: LiveJob, ends: Ends, options: MoveOptions): Promise<void> => {
  const { clock, speed, signal } = options;
  try {
    await clock.after(preparation.waitMs / speed, signal);
    job.initialize();
    await clock.after(preparation.initializeMs / speed, signal);
    const source = await ends.openSource();
    const ending = await moveRows(job, source, ends.openDestination(source), options);
    job.end(ending, clock.now());
  } catch (error) {
    if (!signal.aborted) job.end(endingAfter(error), clock.now());
  }
};
