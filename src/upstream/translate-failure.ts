import { STATUS_CODES } from 'node:http';
import { GatewayError, type GatewayErrorCode } from '../domain/gateway-error.ts';
import { isJsonObject } from '../domain/json.ts';
import { readErrorBody } from './wire/error-body.ts';

/** Stands for a body that is there and is not JSON. */
export const notJson = Symbol('not JSON');

/** What came over the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Parsed JSON, undefined where there was no body, or `notJson`. */
  readonly body: unknown;
  readonly requestId: string | null;
  readonly retryAfter: string | null;
  /** When upstream answered, on its own clock. */
  readonly date: string | null;
}

interface Meaning {
  readonly code: GatewayErrorCode;
  readonly message: string;
}

const meanings: Readonly<Record<number, Meaning>> = {
  401: {
    code: 'UNAUTHENTICATED',
    message:
      'Wix did not accept the credential: it is missing, wrong or expired. Send a valid API key or access token in the Authorization header.',
  },
  403: {
    code: 'FORBIDDEN',
    message:
      'Wix accepted the credential but does not allow this. It needs the permission "Data Mover Manage Jobs" and, for an API key, the wix-site-id header of the site.',
  },
  429: {
    code: 'RATE_LIMITED',
    message:
      'Wix is receiving too many requests of this caller. Wait as long as retryAfterMs says, then ask again.',
  },
  501: {
    code: 'UPSTREAM_REJECTED',
    message: 'Wix does not offer this operation. Asking again does not help.',
  },
  504: {
    code: 'UPSTREAM_TIMEOUT',
    message: 'Wix took too long to answer. Ask again in a moment.',
  },
};

const refused: Meaning = {
  code: 'UPSTREAM_REJECTED',
  message:
    'Wix refused the request. Check the ids and values that were sent; asking again unchanged does not help.',
};

const unavailable: Meaning = {
  code: 'UPSTREAM_UNAVAILABLE',
  message: 'Wix cannot answer at present. Ask again in a moment.',
};

const strange: Meaning = {
  code: 'UPSTREAM_INVALID_RESPONSE',
  message:
    'The answer is not one that the Wix API gives. If this goes on, check that WIX_API_URL points at the API.',
};

const meaningOf = ({ status, body }: RawAnswer): Meaning => {
  // the API's own 404 is JSON or empty; a page says that WIX_API_URL points elsewhere
  if (status === 404 && body === notJson) return strange;
  const known = meanings[status];
  if (known) return known;
  if (status >= 500 && status < 600) return unavailable;
  return status >= 400 && status < 500 ? refused : strange;
};

/** Upstream's way of saying nothing is no body, or one of empty members. */
const isEmpty = (body: unknown): boolean =>
  body === undefined ||
  (isJsonObject(body) &&
    !body['message'] &&
    (!isJsonObject(body['details']) || Object.keys(body['details']).length === 0));

/** What passes by itself, and an empty 500: what a proxy answers in upstream's place. */
const isTransient = ({ status, body }: RawAnswer): boolean =>
  status === 429 || status === 502 || status === 503 || status === 504 || (status === 500 && isEmpty(body));

/** What to wait after a 429 that does not say. */
const defaultRetryAfterMs = 5_000;

const httpDate = /^[A-Z][a-z]+, [\w :-]+ GMT$/;

/** An HTTP date; NaN for anything else. Date.parse finds a date in almost anything, "1.5" included. */
const instantOf = (text: string): number => (httpDate.test(text.trim()) ? Date.parse(text) : Number.NaN);

/** Retry-After in seconds or as a date; null when absent or unreadable. A date is on the clock of `now`. */
export const retryAfterMs = (header: string | null, now: number): number | null => {
  if (header === null) return null;
  if (/^\d{1,9}$/.test(header.trim())) return Number(header) * 1000;
  const instant = instantOf(header);
  return Number.isNaN(instant) ? null : Math.max(0, instant - now);
};

const nameOf = (status: number): string =>
  (STATUS_CODES[status] ?? `HTTP ${status}`).toUpperCase().replace(/[^A-Z0-9]+/g, '_');

/** The one table from upstream's status to the gateway's codes. Nothing of the body but its code is kept. */
export const translateFailure = (answer: RawAnswer, now: number): GatewayError => {
  const { status, requestId } = answer;
  const { code, message } = meaningOf(answer);
  const { code: named, rejection } = readErrorBody(answer.body);
  // upstream's dates are on upstream's clock, which may be another than ours
  const answeredAt = instantOf(answer.date ?? '');
  const wait =
    retryAfterMs(answer.retryAfter, Number.isNaN(answeredAt) ? now : answeredAt) ??
    (code === 'RATE_LIMITED' ? defaultRetryAfterMs : null);
  return new GatewayError(code, message, {
    upstream:
      named === null
        ? { status, code: nameOf(status), codeDerived: true, requestId }
        : { status, code: named, requestId },
    transient: isTransient(answer),
    ...(wait === null ? {} : { retryAfterMs: wait }),
    ...(code === 'UPSTREAM_REJECTED' && status < 500 ? { rejection } : {}),
  });
};

/** A 200 whose body is not what it should be. `problem` names paths and types, never values; it is for the log. */
export const invalidResponse = (
  problem: string,
  answer?: Pick<RawAnswer, 'status' | 'requestId'>,
): GatewayError =>
  new GatewayError('UPSTREAM_INVALID_RESPONSE', strange.message, {
    cause: new Error(problem),
    ...(answer
      ? {
          upstream: {
            status: answer.status,
            code: nameOf(answer.status),
            codeDerived: true,
            requestId: answer.requestId,
          },
        }
      : {}),
  });

/** For `catch`: null in place of a 404 of upstream's; anything else is thrown on. */
export const nullIfNotFound = (error: unknown): null => {
  if (isNotFound(error)) return null;
  throw error;
};

export const isNotFound = (error: unknown): boolean =>
  error instanceof GatewayError && error.code === 'UPSTREAM_REJECTED' && error.upstream?.status === 404;
