import type { Traceparent } from './traceparent.ts';

export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** What a span hangs on: the one around it by default. */
export type Parent = 'around' | 'nobody' | Traceparent;

export interface SpanOptions {
  readonly parent?: Parent;
  /** `server` for what clients ask of the gateway, `client` for what it asks of upstream. */
  readonly kind?: 'internal' | 'server' | 'client';
}

/** Spans of what is going on; with tracing off nothing but the work itself is done. */
export interface Tracing {
  readonly isOn: boolean;
  /** Does the work within a span, which fails when the work does. */
  span<Result>(name: string, attributes: Attributes, work: () => Result, options?: SpanOptions): Result;
  /** Says more of the span around. */
  note(attributes: Attributes): void;
  /** The span around has failed, though its work goes on or ends well; with a code. */
  fail(code: string): void;
  /** The span around, for whoever goes on with the trace. */
  current(): Traceparent | null;
  /** Sends what has not been sent. */
  close(): Promise<void>;
}

export const noTracing: Tracing = {
  isOn: false,
  span: (_name, _attributes, work) => work(),
  note: () => {},
  fail: () => {},
  current: () => null,
  close: async () => {},
};
