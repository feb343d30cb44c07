import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

const idOf = (n: number): string =>
  createHash('sha256')
    .update(`bench ${n}`)
    .digest('hex')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12}).*$/, '$1-$2-$3-$4-$5');

interface Row {
  readonly id: string;
  readonly progress: { readonly current: number; readonly [counted: string]: number };
  readonly [field: string]: unknown;
}

/** A Wix with some jobs under way, which counts what it is asked and remembers when it told what. */
export const startMovingUpstream = async (jobs: number) => {
  const ids = Array.from({ length: jobs }, (_, n) => idOf(n));
  const rows = new Map<string, Row>();
  const startedAt = new Date().toISOString();
  const set = (id: string, current: number) =>
    rows.set(id, {
      ...{ id, name: 'A job that moves', status: 'IN_PROGRESS', startedAt, logsRecorded: 0 },
      ...{ source: { wixDataCollection: { collectionId: 'products' } } },
      ...{ destination: { file: { format: 'CSV' } } },
      progress: { current, total: 1_000_000, itemsSuccessful: current, itemsRejected: 0 },
    });
  for (const id of ids) set(id, 0);
  const calls: number[] = [];
  const waiting = new Map<number, (instant: number) => void>();

  const server = createServer(async (request, response) => {
    calls.push(performance.timeOrigin + performance.now());
    const body = await text(request);
    const wanted: string[] = body === '' ? [] : (JSON.parse(body).query.filter.id?.$in ?? []);
    const found = wanted.flatMap((id) => rows.get(id) ?? []);
    response.setHeader('content-type', 'application/json');
    const json = JSON.stringify({
      jobs: found,
      pagingMetadata: { count: found.length, hasNext: false, cursors: {} },
    });
    response.end(json, () => {
      const instant = performance.timeOrigin + performance.now();
      for (const { progress } of found) {
        waiting.get(progress.current)?.(instant);
        waiting.delete(progress.current);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ids,
    /** The instants of all calls. */
    calls: calls as readonly number[],
    /** Moves a job; comes back once the gateway has been told, with the instant of that. */
    move(n: number, current: number): Promise<number> {
      set(ids[n % ids.length] ?? '', current);
      return new Promise((resolve) => waiting.set(current, resolve));
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
};
