import type { Principal } from '../access/principal.ts';
import { TokenOver, unauthenticated } from '../access/refusals.ts';
import { GatewayError } from '../domain/gateway-error.ts';
import type { Pipeline } from '../pipeline.ts';

export interface SocketEntryOptions {
  readonly pipeline: Pipeline;
  readonly address: string | null;
  /** Sends the socket away. */
  readonly close: (code: number, reason: string) => void;
}

/** One socket at the gate. */
export interface SocketEntry {
  /** True once it is let in, for as long as its token is good; else it is sent away. */
  enter(authorization: string | null): Promise<boolean>;
  /** Who asks for one more operation. */
  begin(): Principal;
  leave(): void;
}

/** What graphql-ws clients take for final. */
const unauthorized = 4401;
/** What they answer by connecting anew, so that a function in `connectionParams` may give a new token. */
const forbidden = 4403;
/** The same, for what is not the fault of a token. */
const tryAgainLater = 1013;

const codeOf = (error: GatewayError): number => {
  if (error instanceof TokenOver) return forbidden;
  return error.code === 'UNAUTHENTICATED' ? unauthorized : tryAgainLater;
};

/** A frame has room for 123 bytes. */
const reasonOf = ({ code, retryAfterMs }: GatewayError): string =>
  retryAfterMs === null ? code : `${code} retryAfterMs=${retryAfterMs}`;

export const createSocketEntry = ({ pipeline, address, close }: SocketEntryOptions): SocketEntry => {
  const { gate, present } = pipeline;
  let releaseSocket = () => {};
  let forgetToken = () => {};
  let hasLeft = false;
  let entered: Principal | null = null;

  const sendAway = (error: unknown) => {
    if (!(error instanceof GatewayError)) throw error;
    // for the log
    present(error);
    close(codeOf(error), reasonOf(error));
  };

  return {
    async enter(authorization) {
      try {
        const principal = await gate.admit(authorization, address);
        if (hasLeft) return false;
        releaseSocket = gate.openSocket(principal);
        entered = principal;
        forgetToken = gate.whenOver(principal, sendAway);
        // its token may have ended at once
        if (hasLeft) forgetToken();
        return !hasLeft;
      } catch (error) {
        sendAway(error);
        return false;
      }
    },
    begin() {
      if (entered === null || hasLeft) throw unauthenticated('This connection is closing. Open another one.');
      gate.countFrom(address);
      gate.count(entered);
      return entered;
    },
    leave() {
      hasLeft = true;
      releaseSocket();
      forgetToken();
    },
  };
};
