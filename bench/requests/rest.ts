import { Pool } from 'undici';
import type { JobRow, ScheduleRow } from './site.ts';

/** The REST calls that a server written by hand would make, without protection of any kind. */
export const createRest = (url: string) => {
  const pool = new Pool(url, { connections: 64 });

  const ask = async (authorization: string, path: string, query?: object) => {
    const { statusCode, body } = await pool.request({
      path,
      method: query === undefined ? 'GET' : 'POST',
      headers: { authorization, ...(query === undefined ? {} : { 'content-type': 'application/json' }) },
      body: query === undefined ? null : JSON.stringify({ query }),
    });
    const answer = await body.json();
    if (statusCode !== 200) throw new Error(`${path}: ${statusCode}`);
    // biome-ignore lint/suspicious/noExplicitAny: such a server takes the JSON for what it should be
    return answer as any;
  };

  return {
    async jobs(authorization: string, ids: readonly string[]): Promise<(JobRow | null)[]> {
      const [only, ...others] = ids;
      if (others.length === 0) return [(await ask(authorization, `/data-mover/v1/jobs/${only}`)).job];
      const query = { filter: { id: { $in: ids } }, cursorPaging: { limit: ids.length } };
      const { jobs } = await ask(authorization, '/data-mover/v1/jobs/query', query);
      const rows = new Map<string, JobRow>(jobs.map((row: JobRow) => [row.id, row]));
      return ids.map((id) => rows.get(id) ?? null);
    },
    async page(authorization: string, limit: number): Promise<readonly JobRow[]> {
      const sort = [{ fieldName: 'startedAt', order: 'DESC' }];
      const query = { filter: {}, sort, cursorPaging: { limit } };
      return (await ask(authorization, '/data-mover/v1/jobs/query', query)).jobs;
    },
    async schedule(authorization: string, id: string): Promise<ScheduleRow> {
      return (await ask(authorization, `/data-move-scheduler/v1/sync-jobs/${id}`)).syncJob;
    },
  };
};
