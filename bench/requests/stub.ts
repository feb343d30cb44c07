import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { reportReady } from '../support/child.ts';
import { createSite } from './site.ts';

/**
 * Upstream, and as little as can be: answers made beforehand, straight on the socket, so that it is the gateway and
 * not this that is measured. It counts what it is asked.
 */
const { jobs, schedules } = createSite();
const jobTexts = new Map(jobs.map((row) => [row.id, JSON.stringify(row)]));
const scheduleTexts = new Map(schedules.map((row) => [row.id, JSON.stringify(row)]));
let calls = 0;

const answer = (status: string, body: string): string =>
  `HTTP/1.1 ${status}\r\ncontent-type: application/json\r\ndate: ${new Date().toUTCString()}\r\n` +
  `x-wix-request-id: 1763899200.412\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

const jobsPage = (rows: readonly (string | undefined)[], hasNext: boolean): string => {
  const paging = { count: rows.length, hasNext, cursors: { next: hasNext ? 'bmV4dA' : null } };
  return `{"jobs":[${rows.filter((row) => row !== undefined).join(',')}],"pagingMetadata":${JSON.stringify(paging)}}`;
};
const pages = new Map<number, string>();
const firstPage = (limit: number): string => {
  const known = pages.get(limit);
  if (known !== undefined) return known;
  const page = jobsPage([...jobTexts.values()].slice(0, limit), limit < jobs.length);
  pages.set(limit, page);
  return page;
};

const wrapped = (name: string, row: string | undefined): string =>
  row === undefined
    ? answer('404 Not Found', '{"message":"","details":{}}')
    : answer('200 OK', `{"${name}":${row}}`);

const respond = (method: string, path: string, body: string): string => {
  const rest = path.replace(/\?.*/, '').replace(/^\/data-[a-z-]+er\/v1\/(sync-)?jobs\/?/, '');
  if (path.startsWith('/data-move-scheduler')) {
    if (rest !== '') return wrapped('syncJob', scheduleTexts.get(rest));
    return answer('200 OK', `{"syncJobs":[${[...scheduleTexts.values()].join(',')}]}`);
  }
  if (method === 'GET') return wrapped('job', jobTexts.get(rest));
  const { filter, cursorPaging } = JSON.parse(body).query;
  const ids: readonly string[] | undefined = filter?.id?.$in;
  if (ids === undefined) return answer('200 OK', firstPage(Number(cursorPaging?.limit ?? 50)));
  return answer(
    '200 OK',
    jobsPage(
      ids.map((wanted) => jobTexts.get(wanted)),
      false,
    ),
  );
};

const serve = (socket: Socket) => {
  let rest = '';
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    // bodies of clients are plain ASCII here, so that characters are bytes
    rest += chunk.toString('latin1');
    for (;;) {
      const headEnd = rest.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const head = rest.slice(0, headEnd);
      const end = headEnd + 4 + Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      if (rest.length < end) return;
      const body = rest.slice(headEnd + 4, end);
      rest = rest.slice(end);
      const [method = '', path = ''] = head.split(' ', 2);
      calls += 1;
      socket.write(respond(method, path, body));
    }
  });
};

const server = createServer(serve).listen(0, '127.0.0.1');
await once(server, 'listening');
reportReady({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }, () => ({ calls }));
