import type { Origins } from './origins.ts';
import type { RequestHead } from './request-head.ts';

/** The most that a request's body may have, and a message over a WebSocket. */
export const maxBodyBytes = 256 * 1024;

/** Why a request is not served. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What an error says of it beside its message. */
export const errorCodeOf = ({ status }: Refusal): 'FORBIDDEN' | 'BAD_USER_INPUT' =>
  status === 403 ? 'FORBIDDEN' : 'BAD_USER_INPUT';

/** Null when the request may come in. */
export type Admission = (head: RequestHead) => Refusal | null;

// without reading on: what is left on the wire belongs to no request
const hangUp = { connection: 'close' };

export const bodyTooLarge: Refusal = {
  status: 413,
  message: `A request body may have ${maxBodyBytes} bytes; this one has more. Ask for less at a time, and put files where createFileUploadUrl says.`,
  headers: hangUp,
};

/** A request that is for no address at all. */
export const noAddress: Refusal = {
  status: 400,
  message:
    'The request names no address of this gateway: its target has to be a path such as /graphql, and Host, sent once, a name or an IP address, with a port if need be.',
  headers: hangUp,
};

/** The site is the same also on another port or subdomain, where others may serve pages. */
const otherPages: ReadonlySet<string> = new Set(['cross-site', 'same-site']);

const refuseSender = (origins: Origins, { host, hosts, header }: RequestHead): Refusal | null => {
  if (hosts() > 1) return noAddress;
  if (!origins.isOwnHost(host)) {
    return {
      status: 403,
      message:
        'This gateway serves its own machine only, and not under this name. If a proxy or you have given it this name, add its origin to ALLOWED_ORIGINS.',
    };
  }
  const origin = header('origin');
  if (!origins.isAllowed({ origin, host })) {
    return {
      status: 403,
      message:
        'Pages of this origin may not use the gateway. If they should, its operator adds the origin to ALLOWED_ORIGINS.',
    };
  }
  // images and scripts of other pages name no origin; links do neither, but only lead here
  const isOfOthers = otherPages.has(header('sec-fetch-site') ?? '');
  const isEmbedded = isOfOthers && header('sec-fetch-mode') !== 'navigate';
  if (origin === null && isEmbedded) {
    return {
      status: 403,
      message: 'Another page may not embed this. Ask with fetch, which names its origin.',
    };
  }
  return null;
};

const refuseBody = ({ method, header }: RequestHead): Refusal | null => {
  const length = header('content-length');
  if (length !== null && !/^\d+$/.test(length)) {
    return { status: 400, message: 'Content-Length is not a number of bytes.', headers: hangUp };
  }
  if (Number(length) > maxBodyBytes) return bodyTooLarge;
  const encoding = header('content-encoding') ?? 'identity';
  if (encoding.toLowerCase() !== 'identity') {
    return {
      status: 415,
      message: `A compressed body is not inflated here. Send it without "Content-Encoding: ${encoding}".`,
      headers: { 'accept-encoding': 'identity' },
    };
  }
  // node undoes chunks only, and would hand on as JSON what is not
  const transfer = header('transfer-encoding') ?? 'chunked';
  if (transfer.toLowerCase() !== 'chunked') {
    return {
      status: 501,
      message: `A body is taken in chunks, and not encoded beside that. Send it without "Transfer-Encoding: ${transfer}".`,
      headers: hangUp,
    };
  }
  if (method !== 'POST') return null;
  const contentType = header('content-type');
  // forms and plain text are what a page of any site may send without its browser asking first
  if (contentType !== null && /^application\/json\s*(;|$)/i.test(contentType)) return null;
  return {
    status: 415,
    message: `A POST needs "Content-Type: application/json" and a JSON body; this one has ${contentType ?? 'no content type'}.`,
  };
};

/** Everything that is decided from the head of a request, whichever front received it. */
export const createAdmission =
  (origins: Origins): Admission =>
  (head) =>
    refuseSender(origins, head) ?? refuseBody(head);
