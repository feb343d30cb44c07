import type { Caller } from '../caller.ts';

/** What a client sent of its own to be known by. */
export type Presented = Omit<Caller, 'key'>;

/** With whose rights upstream is asked. */
export interface Credentials {
  /** Whose rights calls have for a client who presented this. Its key outlives any token. */
  callerOf(presented: Presented): Caller;
  /**
   * Sends a call as a caller whose authorization is what upstream wants to see. A token of the gateway's own that
   * is refused is renewed, and the call sent once more; writes too, for a 401 says that nothing was done.
   */
  authorize<Answer>(
    caller: Caller,
    send: (authorized: Caller) => Promise<Answer>,
    signal?: AbortSignal,
  ): Promise<Answer>;
}
