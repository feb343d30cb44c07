import { isLoopback, originOf } from '../domain/origin.ts';

export interface OriginOptions {
  /** Beside the gateway's own, as browsers write them. */
  readonly allowedOrigins: readonly string[];
  /** True where the gateway listens on loopback only. */
  readonly isLocal: boolean;
}

/** Which page asks, and under which name it was told to ask. */
export interface Asking {
  readonly origin: string | null;
  readonly host: string | null;
}

export interface Origins {
  /** True for pages that may ask, and for programs, which name no origin. */
  isAllowed(asking: Asking): boolean;
  /**
   * False where a foreign name leads to a gateway that listens on loopback only: that is how a page makes its own
   * origin look like the gateway's (DNS rebinding).
   */
  isOwnHost(host: string | null): boolean;
}

/** The one rule on pages, for HTTP and WebSockets. What proxies claim (X-Forwarded-Host) anybody can send. */
export const createOrigins = ({ allowedOrigins, isLocal }: OriginOptions): Origins => {
  const allowed = new Set(allowedOrigins);
  const allowedHosts = new Set(allowedOrigins.map((origin) => new URL(origin).hostname));

  const isOwn = (origin: string, host: string | null) => {
    if (host === null || originOf(origin) !== origin) return false;
    // a proxy may end TLS, so the scheme is the page's: it is only needed to know the usual port
    return originOf(`${new URL(origin).protocol}//${host}`) === origin;
  };

  return {
    isAllowed: ({ origin, host }) => origin === null || allowed.has(origin) || isOwn(origin, host),
    isOwnHost(host) {
      if (!isLocal) return true;
      const own = originOf(`http://${host}`);
      if (own === null) return false;
      const { hostname } = new URL(own);
      return isLoopback(hostname) || allowedHosts.has(hostname);
    },
  };
};
