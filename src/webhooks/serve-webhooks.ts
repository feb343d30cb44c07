import type { KeyObject } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { ClientAddress } from '../access/client-address.ts';
import { headOf } from '../access/request-head.ts';
import { createSocketCount } from '../access/socket-count.ts';
import type { Clock } from '../domain/clock.ts';
import type { JobNews } from '../domain/job-news.ts';
import { createComplaint } from '../telemetry/complaint.ts';
import type { Log } from '../telemetry/log.ts';
import { type Metrics, noMetrics } from '../telemetry/metrics.ts';
import { type ReadEvent, readEvent } from './job-event.ts';
import { createKnownEvents } from './known-events.ts';
import { receiveBody } from './receive-body.ts';
import { verifyToken } from './verify-token.ts';

export const webhookPath = '/webhooks/wix';

export interface WebhookOptions {
  readonly publicKey: KeyObject;
  /** Called after the answer, once for each event of a job. */
  readonly announce: (news: JobNews) => void;
  readonly addressOf: ClientAddress;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics?: Metrics;
  /** What answers requests for anything else. */
  readonly otherwise: RequestListener;
}

/** Wix counts an answer after 1250 ms as none. */
const bodyLimits = { maxBytes: 256 * 1024, withinMs: 1000 };
/** Anybody may send something here: so many bodies are read at a time. */
const maxAtOnce = 256;
/** And so many from one address, or a single slow sender would keep Wix out. */
const maxAtOnceFromAddress = 64;

const answer = (response: ServerResponse, status: number, headers: Record<string, string> = {}) =>
  void response.writeHead(status, { 'content-length': '0', ...headers }).end();

/** Takes the events of Wix: verifies, answers, and only then acts. Nothing of a body is told or logged. */
export const withWebhooks = (options: WebhookOptions): RequestListener => {
  const { publicKey, announce, addressOf, clock, log, metrics = noMetrics, otherwise } = options;
  const known = createKnownEvents(clock.now);
  const senders = createSocketCount(maxAtOnceFromAddress);
  let underWay = 0;
  const complain = createComplaint<string>(clock.now, (reason, refused) =>
    log.warn({ reason, refused }, 'webhooks are refused: check WIX_WEBHOOK_PUBLIC_KEY if they come from Wix'),
  );

  const read = async (request: IncomingMessage): Promise<ReadEvent | number> => {
    const body = await receiveBody(request, bodyLimits, clock);
    if (body === null) return 400;
    const verified = await verifyToken(body, publicKey, clock.now());
    if (verified.payload !== null) return readEvent(verified.payload);
    complain(verified.reason);
    return verified.isToken ? 401 : 400;
  };

  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const event = await read(request);
    if (event === 'unreadable') complain('a verified token without an event');
    if (event === 'unreadable' || typeof event === 'number') {
      metrics.webhook('refused');
      // what is left of the body is not waited for
      answer(response, event === 'unreadable' ? 400 : event, request.complete ? {} : { connection: 'close' });
      return;
    }
    answer(response, 200);
    const result = event === 'other' ? event : known.note(event);
    metrics.webhook(result);
    if (event === 'other') return void log.debug('a webhook tells of something else than a job');
    const { id, jobId, instanceId, siteId } = event;
    const line = { result, event: id, job: jobId, sequence: event.sequence?.toString() ?? null };
    if (result !== 'news') return void log.debug(line, 'webhook');
    log.info(line, 'webhook');
    setImmediate(() => announce({ jobId, instanceId, siteId }));
  };

  return (request, response) => {
    const [path] = (request.url ?? '').split('?');
    if (path !== webhookPath) return otherwise(request, response);
    if (request.method !== 'POST') return answer(response, 405, { allow: 'POST' });
    // of those whose address nobody knows it is one
    const sender = addressOf(headOf(request)) ?? '';
    if (underWay >= maxAtOnce || senders.isFull(sender)) {
      metrics.webhook('busy');
      return answer(response, 503, { connection: 'close' });
    }
    const leave = senders.open(sender);
    underWay += 1;
    take(request, response)
      .catch((error: unknown) => {
        metrics.webhook('failed');
        log.error({ err: error }, 'a webhook failed unexpectedly');
        if (!response.headersSent) answer(response, 500);
      })
      .finally(() => {
        leave();
        underWay -= 1;
      });
  };
};
