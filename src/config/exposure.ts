import { isLoopback } from '../domain/origin.ts';

export interface Exposure {
  /** Undefined for the default, which is loopback. */
  readonly host: string | undefined;
  /** True when Wix is asked with the gateway's own rights. */
  readonly lendsItsRights: boolean;
  readonly allowAnonymous: boolean;
  /** True when callers have to prove who they are. */
  readonly callersAreKnown: boolean;
}

/** Whoever reaches a gateway that lends its rights has them, so other machines must not reach it unasked. */
export const exposureProblems = (exposure: Exposure): string[] => {
  const { host, lendsItsRights, allowAnonymous, callersAreKnown } = exposure;
  const isSafe =
    !lendsItsRights || callersAreKnown || allowAnonymous || host === undefined || isLoopback(host);
  if (isSafe) return [];
  return [
    "HOST: other machines may reach this address, and with WIX_AUTH=api-key or app whoever does acts with the gateway's own rights, unasked. Set GATEWAY_AUTH=tokens or jwt so that callers say who they are, or listen on 127.0.0.1; or, where something in front lets only the right people through, set ALLOW_ANONYMOUS=true.",
  ];
};
