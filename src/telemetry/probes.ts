import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Log } from './log.ts';
import type { Prometheus } from './prometheus.ts';
import type { Readiness } from './readiness.ts';

export interface Denied {
  readonly status: number;
  readonly message: string;
}

export interface ProbeOptions {
  readonly readiness: Readiness;
  /** Null where they are served elsewhere. */
  readonly prometheus: Prometheus | null;
  /** Null for who may read the metrics. */
  readonly denyMetrics: (request: IncomingMessage) => Promise<Denied | null>;
  readonly log: Log;
}

const reply = (response: ServerResponse, status: number, text: string, type = 'application/json') => {
  const headers = { 'content-type': type, 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };
  response.writeHead(status, headers).end(text);
};

const replyMetrics = async (
  request: IncomingMessage,
  response: ServerResponse,
  prometheus: Prometheus,
  denyMetrics: ProbeOptions['denyMetrics'],
) => {
  const denied = await denyMetrics(request);
  if (denied === null) return reply(response, 200, await prometheus.text(), prometheus.contentType);
  if (denied.status === 401) response.setHeader('www-authenticate', 'Bearer');
  reply(response, denied.status, JSON.stringify({ error: denied.message }));
};

/** Answers machines that look after this one; everything else goes on to `next`. */
export const createProbes =
  ({ readiness, prometheus, denyMetrics, log }: ProbeOptions, next: RequestListener): RequestListener =>
  (request, response) => {
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    const path = isRead ? request.url?.split('?', 1)[0] : undefined;
    if (path === '/health') {
      reply(response, 200, '{"status":"ok"}');
    } else if (path === '/ready') {
      const [code, status] = readiness.isStopping ? [503, 'not ready'] : [200, 'ready'];
      reply(response, code, JSON.stringify({ status, checks: readiness.checks() }));
    } else if (path === '/metrics' && prometheus !== null) {
      replyMetrics(request, response, prometheus, denyMetrics).catch((error: unknown) => {
        log.error({ err: error }, 'The metrics could not be told');
        if (response.headersSent) response.destroy();
        else
          reply(response, 500, '{"error":"The metrics could not be told. The log of the gateway says why."}');
      });
    } else {
      next(request, response);
    }
  };
