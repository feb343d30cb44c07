import type { IncomingHttpHeaders } from 'node:http';
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
  | { readonly status?: number; readonly text: string; readonly headers?: Record<string, string> }
  | 'hang'
  | 'reset';

export interface ScriptedUpstream {
  readonly url: URL;
  readonly calls: readonly UpstreamCall[];
  count(operation?: string): number;
}

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
  const { server, url } = await listen(
    async (request, response) => {
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
  onTestFinished(() => drain(server, 0));
  return {
    url: new URL(url),
    calls,
    count: (operation) =>
      operation === undefined ? calls.length : calls.filter((call) => call.operation === operation).length,
  };
};
