import type { AccessSettings } from '../config/access-settings.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { createJwtAccess } from './jwt-access.ts';
import { anyone, type Principal } from './principal.ts';
import { createTokenAccess } from './token-access.ts';

/** Who may call the gateway. */
export interface Access {
  /** Who presents this; fails with UNAUTHENTICATED for who does not belong. */
  identify(authorization: string | null): Principal | Promise<Principal>;
  /** Calls back, once, when a principal that was let in has to leave, with why. Cancelled by what is returned. */
  whenOver(principal: Principal, callback: (why: Error) => void): () => void;
  /** Whether one could be found by trying: then too many that are wrong close the gate to where they come from. */
  readonly isGuessable: boolean;
  close(): void;
}

/** Nobody has to say who they are. */
export const openAccess: Access = {
  identify: anyone,
  whenOver: () => () => {},
  isGuessable: false,
  close() {},
};

export interface AccessOptions {
  readonly settings: AccessSettings;
  readonly clock: Clock;
  readonly log: Log;
}

export const createAccess = ({ settings, clock, log }: AccessOptions): Access => {
  switch (settings.mode) {
    case 'none':
      return openAccess;
    case 'tokens':
      return createTokenAccess(settings, clock, log);
    case 'jwt':
      return createJwtAccess(settings, clock, log);
  }
};
