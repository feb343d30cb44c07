import { guid, jobsPage, lookup, type Row, scheduleRow } from './rows.ts';
import {
  type Reply,
  type ScriptedUpstream,
  startScriptedUpstream,
  type UpstreamCall,
} from './scripted-upstream.ts';

export interface MovingJobs extends ScriptedUpstream {
  /** Changes a job, or puts a new one there. */
  move(n: number, more?: Row): void;
  remove(n: number): void;
  /** From now on answers of an operation are held back; what is returned lets them go. */
  hold(operation: string): () => void;
  /** The next call to arrive. */
  next(operation?: string): Promise<UpstreamCall>;
  /** Answers instead of the jobs while it gives something. */
  answer: ((call: UpstreamCall) => Reply | undefined) | undefined;
}

const holds = (row: Row, condition: Row): boolean =>
  Object.entries(condition).every(([field, { $in, $gte }]: [string, Row]) =>
    $in ? $in.includes(row[field]) : row[field] != null && row[field] >= $gte,
  );

/** Jobs over real HTTP that the test moves: looks by id, feeds, and schedules that tell how often they were read. */
export const startMovingJobs = async (
  count: number,
  more: (n: number) => Row = () => ({}),
): Promise<MovingJobs> => {
  const rows = new Map<string, Row>();
  let reads = 0;
  const gates = new Map<string, Promise<void>>();

  const move = (n: number, changes: Row = {}) => {
    const known = rows.get(guid(n)) ?? {
      id: guid(n),
      name: `Job ${n}`,
      status: 'IN_PROGRESS',
      logsRecorded: 0,
    };
    rows.set(guid(n), { startedAt: new Date().toISOString(), ...known, ...changes });
  };
  for (let n = 0; n < count; n += 1) move(n, more(n));

  const schedule = (row: Row): Row => ({ ...row, name: `${row.name}, read ${reads}` });
  const answerTo = (call: UpstreamCall): Reply => {
    if (call.operation === 'GetSyncJob' || call.operation === 'ListSyncJobs') {
      reads += 1;
      const all = Array.from({ length: 10 }, (_, n) => schedule(scheduleRow(n)));
      if (call.operation === 'ListSyncJobs') return { json: { syncJobs: all } };
      return { json: { syncJob: all.find(({ id }) => call.path.endsWith(id)) } };
    }
    const { filter, cursorPaging } = call.body?.query ?? {};
    // what comes after the first page has a cursor and no filter
    const [asked, from] = cursorPaging?.cursor ? JSON.parse(cursorPaging.cursor) : [filter, 0];
    if (!asked || asked.id) return lookup([...rows.values()])(call);
    const found = [...rows.values()].filter(
      (row) => asked.$or?.some((each: Row) => holds(row, each)) ?? true,
    );
    const to = from + cursorPaging.limit;
    return jobsPage(found.slice(from, to), to < found.length ? JSON.stringify([asked, to]) : null);
  };

  const asking: ((call: UpstreamCall) => void)[] = [];
  const upstream = await startScriptedUpstream(async (call) => {
    for (const tell of asking.splice(0)) tell(call);
    await gates.get(call.operation);
    return moving.answer?.(call) ?? answerTo(call);
  });
  const moving: MovingJobs = {
    ...upstream,
    answer: undefined,
    async next(operation) {
      const call = await new Promise<UpstreamCall>((resolve) => asking.push(resolve));
      return operation === undefined || call.operation === operation ? call : moving.next(operation);
    },
    move,
    remove: (n) => void rows.delete(guid(n)),
    hold(operation) {
      const { promise, resolve } = Promise.withResolvers<void>();
      gates.set(operation, promise);
      return resolve;
    },
  };
  return moving;
};
