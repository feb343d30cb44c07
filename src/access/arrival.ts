import type { Principal } from './principal.ts';

/** Who sent a request that was let in. */
export interface Sender {
  readonly principal: Principal;
  readonly address: string | null;
}

/** What a front has found out of a request before it hands it on: nothing of it is asked, counted or read again. */
export interface Arrival {
  /** Fails for who is not let in. */
  readonly sender: Promise<Sender>;
  /** The whole body; null for one that is larger than allowed. Undefined where it has not been read. */
  readonly body: Promise<string | null> | undefined;
}
