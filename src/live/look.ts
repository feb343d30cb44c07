import { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import { maxPageSize } from '../domain/page.ts';
import type { JobsApi } from '../upstream/jobs-api.ts';
import type { PollShare } from './poll-share.ts';

/** What a look has learned of single jobs. */
export interface Looked {
  readonly found: readonly Job[];
  /** Ids that upstream confirmed not to have. */
  readonly gone: readonly string[];
  /** Ids of which nothing was learned, and why. */
  readonly failed: ReadonlyMap<string, GatewayError>;
}

export interface JobsView extends Pick<JobsApi, 'byIds' | 'get' | 'queryRows'> {
  /** An instant of ours on upstream's clock, or earlier. */
  toUpstreamTime(instant: number): number;
}

/** The same, telling of each call; `calls` counts them. */
export const countCalls = (view: JobsView, onCall: () => void): JobsView & { readonly calls: number } => {
  let calls = 0;
  const counted =
    <Args extends unknown[], Answer>(call: (...args: Args) => Answer) =>
    (...args: Args): Answer => {
      calls += 1;
      onCall();
      return call(...args);
    };
  return {
    byIds: counted(view.byIds),
    get: counted(view.get),
    queryRows: counted(view.queryRows),
    toUpstreamTime: view.toUpstreamTime,
    get calls() {
      return calls;
    },
  };
};

const asGatewayError = (error: unknown): GatewayError => {
  if (error instanceof GatewayError) return error;
  throw error;
};

const chunks = <Item>(items: readonly Item[]): Item[][] =>
  Array.from({ length: Math.ceil(items.length / maxPageSize) }, (_, n) =>
    items.slice(n * maxPageSize, (n + 1) * maxPageSize),
  );

type Tell = (looked: Looked) => void;

export interface LookOptions {
  /** Told of what each call brings as soon as it is there: one slow call does not hold up the others. */
  readonly tell: Tell;
  /** Which of those that an answer leaves out are asked for by themselves. */
  readonly toConfirm: (missing: readonly string[]) => readonly string[];
}

/** A job that a query leaves out is asked for by itself; so many in one look. */
const maxConfirmations = 10;
/** Who comes meanwhile waits no longer than this until the share allows a look again. */
const confirmingMs = 8000;

export const withinShare =
  (share: PollShare): LookOptions['toConfirm'] =>
  (missing) =>
    missing.slice(0, Math.min(maxConfirmations, Math.max(1, share.room(confirmingMs))));

const none: Looked = { found: [], gone: [], failed: new Map() };

/** The present state of one job, which a GET has the last word on. Returns why that failed. */
export const lookAtOne = async (
  jobs: Pick<JobsView, 'get'>,
  id: string,
  tell: Tell,
): Promise<GatewayError | null> => {
  const seen = await jobs.get(id).catch(asGatewayError);
  if (seen === null) tell({ ...none, gone: [id] });
  else if (seen instanceof GatewayError) tell({ ...none, failed: new Map([[id, seen]]) });
  else tell({ ...none, found: [seen] });
  return seen instanceof GatewayError ? seen : null;
};

/**
 * The present state of jobs: one call per 100 ids. One that is left out of the answer is asked for by itself before it
 * counts as gone. Returns why calls failed as a whole; a row that cannot be read fails for itself only.
 */
export const lookAt = async (
  jobs: Pick<JobsView, 'byIds' | 'get'>,
  ids: readonly string[],
  { tell, toConfirm }: LookOptions,
): Promise<readonly GatewayError[]> => {
  const failures: GatewayError[] = [];
  const missing = new Set<string>();

  const askTogether = async (some: readonly string[]) => {
    const answer = await jobs.byIds(some).catch(asGatewayError);
    if (answer instanceof GatewayError) failures.push(answer);
    const found: Job[] = [];
    const failed = new Map<string, GatewayError>();
    for (const id of some) {
      const seen = answer instanceof GatewayError ? answer : answer.get(idKey(id));
      if (seen === undefined) missing.add(id);
      else if (seen instanceof GatewayError) failed.set(id, seen);
      else found.push(seen);
    }
    tell({ ...none, found, failed });
  };

  await Promise.all(chunks(ids).map(askTogether));
  const left = toConfirm(ids.filter((id) => missing.has(id)));
  const confirmed = await Promise.all(left.map((id) => lookAtOne(jobs, id, tell)));
  return [...failures, ...confirmed.filter((failure) => failure !== null)];
};
