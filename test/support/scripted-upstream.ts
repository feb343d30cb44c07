import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { drain, listen } from '../../src/listen.ts';

export interface UpstreamCall {
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly search: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever the gateway sent
  readonly body: any;
  /** Fires when the gateway gives up the connection before the answer is complete. */
  readonly aborted: Promise<void>;
}

export type Reply =
  | { readonly status?: number; readonly json?: unknown; readonly headers?: Record<string, string> }
  | { readonly status?: number; readonly text: string | Buffer; readonly headers?: Record<string, string> }
  | 'hang'
  | 'reset'
  | Play;

/** Writes the answer itself, bit by bit or not at all. */
export type Play = (response: ServerResponse) => void;

export interface ScriptedUpstream {
  readonly url: URL;
  readonly calls: readonly UpstreamCall[];
  count(operation?: string): number;
  /** Settles once no answer is being waited for. */
  idle(): Promise<void>;
  /** Settles once nobody is connected. */
  deserted(): Promise<void>;
  /** Refuses every connection from now on. */
  stop(): Promise<void>;
}

/** Things that come and go, and word of when all have gone. */
const createPresence = <Thing>() => {
  const present = new Set<Thing>();
  let waiting: (() => void)[] = [];
  return {
    come: (thing: Thing) => void present.add(thing),
    go(thing: Thing) {
      present.delete(thing);
      if (present.size > 0) return;
      for (const tell of waiting) tell();
      waiting = [];
    },
    none: async () => {
      if (present.size > 0) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
};

const operationOf = (method: string, path: string): string => {
  if (path.startsWith('/data-move-scheduler/v1/sync-jobs')) {
    return path.endsWith('/sync-jobs') ? 'ListSyncJobs' : 'GetSyncJob';
  }
  if (path === '/oauth2/token') return 'CreateAccessToken';
  if (path === '/data-mover/v1/jobs/query') return 'QueryJobs';
  if (path === '/data-mover/v1/jobs') return method === 'POST' ? 'SubmitJob' : 'ListJobs';
  if (path.endsWith('/logs')) return 'ListMovementLogs';
  if (path.endsWith('/terminate')) return 'TerminateJob';
  if (path.endsWith('/upload-url')) return 'CreateFileUploadUrl';
  return path.startsWith('/data-mover/v1/jobs/') ? 'GetJob' : 'unknown';
};

/** An upstream over real HTTP that says whatever the test wants, and remembers what it was asked. */
export const startScriptedUpstream = async (
  reply: (call: UpstreamCall) => Reply | Promise<Reply>,
): Promise<ScriptedUpstream> => {
  const calls: UpstreamCall[] = [];
  const answers = createPresence<ServerResponse>();
  const sockets = createPresence<Socket>();
  const { server, url } = await listen(
    async (request, response) => {
      answers.come(response);
      response.once('close', () => answers.go(response));
      const { pathname, searchParams } = new URL(request.url ?? '/', 'http://upstream');
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const method = request.method ?? 'GET';
      const call: UpstreamCall = {
        operation: operationOf(method, pathname),
        method,
        path: pathname,
        search: searchParams,
        headers: request.headers,
        body: text === '' ? undefined : JSON.parse(text),
        aborted: new Promise((resolve) => {
          response.once('close', () => {
            if (!response.writableFinished) resolve();
          });
        }),
      };
      calls.push(call);
      const answer = await reply(call);
      if (answer === 'hang') return;
      if (answer === 'reset') {
        request.socket.destroy();
        return;
      }
      if (typeof answer === 'function') return answer(response);
      // the clock of a test is not the machine's
      response.sendDate = false;
      response.writeHead(answer.status ?? 200, {
        'content-type': 'application/json',
        'x-wix-request-id': `request-${calls.length}`,
        ...answer.headers,
      });
      response.end('text' in answer ? answer.text : JSON.stringify(answer.json ?? {}));
    },
    0,
    '127.0.0.1',
  );
  server.on('connection', (socket) => {
    sockets.come(socket);
    socket.once('close', () => sockets.go(socket));
  });
  onTestFinished(() => drain(server, 0));
  return {
    url: new URL(url),
    calls,
    count: (operation) =>
      operation === undefined ? calls.length : calls.filter((call) => call.operation === operation).length,
    idle: answers.none,
    deserted: sockets.none,
    stop: () => drain(server, 0),
  };
};
