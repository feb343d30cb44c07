import { timingSafeEqual } from 'node:crypto';
import type { TokenAccess } from '../config/access-settings.ts';
import { readTokenFile, type TokenEntry } from '../config/token-file.ts';
import type { Clock } from '../domain/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Access } from './access.ts';
import { bearerOf, digestOf } from './bearer.ts';
import { type Principal, someone } from './principal.ts';
import { tokenWithdrawn, unauthenticated } from './refusals.ts';

/** Looked at rather than watched: that sees every way of replacing a file, on every file system. */
const lookEveryMs = 5000;

interface Holder {
  readonly digest: Buffer;
  readonly principal: Principal;
}

/** Who may call by a list of tokens, of which the gateway knows only digests. */
export const createTokenAccess = ({ file, tokens }: TokenAccess, clock: Clock, log: Log): Access => {
  /** By all that an entry says: one that is written anew in the same words is the same holder. */
  let holders: ReadonlyMap<string, Holder> = new Map();
  let allowed: ReadonlySet<Principal> = new Set();
  const leaving = new Map<Principal, Set<(why: Error) => void>>();

  const holderOf = ({ name, sha256, scopes }: TokenEntry): Holder => ({
    digest: Buffer.from(sha256, 'hex'),
    principal: someone(['token', name], { name, scopes: new Set(scopes), expiresAt: null }),
  });

  const sendAwayWhoIsOut = () => {
    for (const [principal, callbacks] of leaving) {
      if (allowed.has(principal)) continue;
      leaving.delete(principal);
      for (const callback of callbacks) callback(tokenWithdrawn());
    }
  };

  const use = (entries: readonly TokenEntry[]) => {
    holders = new Map(
      entries.map((entry) => {
        const text = JSON.stringify(entry);
        return [text, holders.get(text) ?? holderOf(entry)];
      }),
    );
    allowed = new Set(holders.values().map(({ principal }) => principal));
    sendAwayWhoIsOut();
  };

  let known = JSON.stringify({ tokens });
  const look = () => {
    cancel = clock.after(lookEveryMs, look);
    const list = readTokenFile(file);
    const text = JSON.stringify(list);
    if (text === known) return;
    known = text;
    if (list.tokens) {
      log.info({ tokens: list.tokens.length }, 'the tokens have changed');
      use(list.tokens);
    } else {
      log.error(
        { problems: list.problems },
        'GATEWAY_TOKENS_FILE has become unusable: the tokens of before stay',
      );
    }
  };
  let cancel = clock.after(lookEveryMs, look);
  use(tokens);

  return {
    identify(authorization) {
      const digest = digestOf(bearerOf(authorization));
      let found: Principal | undefined;
      // always all of them: how long this takes tells nothing of which one it is, or how much of it is right
      for (const holder of holders.values()) {
        if (timingSafeEqual(digest, holder.digest)) found = holder.principal;
      }
      if (found !== undefined) return found;
      throw unauthenticated(
        'The gateway does not know this token: it is wrong or was withdrawn. Send one that is accepted here.',
      );
    },
    whenOver(principal, callback) {
      const callbacks = leaving.get(principal) ?? new Set();
      leaving.set(principal, callbacks.add(callback));
      // it may have been withdrawn since it was identified
      if (!allowed.has(principal)) queueMicrotask(sendAwayWhoIsOut);
      return () => {
        callbacks.delete(callback);
        if (callbacks.size === 0 && leaving.get(principal) === callbacks) leaving.delete(principal);
      };
    },
    isGuessable: true,
    close: () => cancel(),
  };
};
