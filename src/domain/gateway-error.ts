/** Every code that `errors[].extensions.code` can hold, apart from those the GraphQL pipeline itself gives. */
export type GatewayErrorCode =
  | 'BAD_USER_INPUT'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'UPSTREAM_TIMEOUT'
  | 'UPSTREAM_UNAVAILABLE'
  | 'UPSTREAM_REJECTED'
  | 'UPSTREAM_INVALID_RESPONSE'
  | 'OUTCOME_UNKNOWN'
  | 'QUERY_TOO_COMPLEX';

/** What may be told of upstream's answer. Nothing else of it leaves the gateway. */
export interface AnswerSummary {
  readonly status: number;
  /** Upstream's own error code; derived from the status where upstream named none. */
  readonly code: string;
  readonly codeDerived?: true;
  readonly requestId: string | null;
}

/** What upstream objects to in a write: for the person who filled the form, so it may be told. */
export interface Rejection {
  readonly code: string | null;
  readonly description: string | null;
  readonly violations: readonly { readonly field: string; readonly description: string }[];
}

export interface GatewayErrorOptions {
  /** True when not a byte of the request has left: sending it again is safe. */
  readonly notSent?: boolean;
  /** True when the same request may well be answered a moment later. */
  readonly transient?: boolean;
  readonly rejection?: Rejection;
  readonly upstream?: AnswerSummary;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A call that failed, told to a person: what happened, what it means and what to do. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: GatewayErrorCode;
  readonly upstream: AnswerSummary | null;
  readonly retryAfterMs: number | null;
  readonly notSent: boolean;
  readonly transient: boolean;
  readonly rejection: Rejection | null;

  constructor(code: GatewayErrorCode, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.upstream = options.upstream ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.notSent = options.notSent ?? false;
    this.transient = options.transient ?? false;
    this.rejection = options.rejection ?? null;
  }
}

/** An argument that cannot be served; `argument` names it as the caller wrote it. */
export const badUserInput = (argument: string, problem: string): GatewayError =>
  new GatewayError('BAD_USER_INPUT', `Argument "${argument}": ${problem}`);
