import type { GatewayError } from '../domain/gateway-error.ts';
import { type JobsView, type LookOptions, lookAt, lookAtOne } from './look.ts';
import { mayPass } from './patience.ts';

/** So many are asked for one by one: a query may lag behind the event, a GET does not. */
const few = 3;

/** The present state of jobs that events have told of. One that nobody follows may well be none of the caller's. */
export const lookAtAnnounced = async (
  jobs: Pick<JobsView, 'byIds' | 'get'>,
  ids: readonly string[],
  isFollowed: (id: string) => boolean,
  { tell, toConfirm }: LookOptions,
): Promise<readonly GatewayError[]> => {
  if (ids.length > few) {
    return lookAt(jobs, ids, { tell, toConfirm: (missing) => toConfirm(missing.filter(isFollowed)) });
  }
  const failures = await Promise.all(
    ids.map(async (id) => {
      const failure = await lookAtOne(jobs, id, tell);
      // to be denied a job of others says nothing about one's own
      return failure !== null && (isFollowed(id) || mayPass(failure)) ? failure : null;
    }),
  );
  return failures.filter((failure) => failure !== null);
};
