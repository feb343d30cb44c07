import { GatewayError } from '../domain/gateway-error.ts';
import { idKey } from '../domain/guid.ts';
import type { Job } from '../domain/job.ts';
import { type News, noNews } from './company.ts';
import type { JobsView } from './look.ts';

/** The same view of upstream; others are told of whatever it shows of single jobs. */
export const telling = (view: JobsView, tell: (news: News) => void): JobsView => {
  const failing = (ids: readonly string[]) => (error: unknown) => {
    if (error instanceof GatewayError) tell({ ...noNews, failed: ids, error });
    throw error;
  };
  const jobsIn = (values: Iterable<Job | GatewayError>) =>
    [...values].filter((value): value is Job => !(value instanceof GatewayError));
  return {
    toUpstreamTime: view.toUpstreamTime,
    async byIds(ids) {
      const answer = await view.byIds(ids).catch(failing(ids));
      tell({ ...noNews, found: jobsIn(answer.values()) });
      for (const id of ids) {
        const seen = answer.get(idKey(id));
        if (seen instanceof GatewayError) tell({ ...noNews, failed: [id], error: seen });
      }
      return answer;
    },
    async get(id) {
      const job = await view.get(id).catch(failing([id]));
      tell(job === null ? { ...noNews, gone: [id] } : { ...noNews, found: [job] });
      return job;
    },
    // the feed tells of these, once it has taken them in
    queryRows: view.queryRows,
  };
};
