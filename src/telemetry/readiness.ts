/** Something that the gateway needs; `null` while it is well, else what is wrong with it. */
export type ReadyCheck = () => string | null;

export interface Readiness {
  /** Named as in the answer, for example `redis`. */
  add(name: string, check: ReadyCheck): void;
  /** The same of what it can do without: told, but no reason to send requests elsewhere. */
  mention(name: string, check: ReadyCheck): void;
  /** Says no from now on. */
  stop(): void;
  report(): { readonly isReady: boolean; readonly checks: Readonly<Record<string, string>> };
}

/** Whether this process wants to be sent requests. Upstream's mood is no part of it: no other replica could help. */
export const createReadiness = (): Readiness => {
  const checks = new Map<string, ReadyCheck>([['configuration', () => null]]);
  const mentioned = new Map<string, ReadyCheck>();
  let isStopping = false;
  return {
    add: (name, check) => void checks.set(name, check),
    mention: (name, check) => void mentioned.set(name, check),
    stop() {
      isStopping = true;
    },
    report() {
      const ask = ([name, check]: [string, ReadyCheck]): [string, string | null] => [name, check()];
      const problems = [...checks].map(ask);
      if (isStopping) problems.push(['gateway', 'stopping']);
      return {
        isReady: problems.every(([, problem]) => problem === null),
        checks: Object.fromEntries(
          [...problems, ...[...mentioned].map(ask)].map(([name, problem]) => [name, problem ?? 'ok']),
        ),
      };
    },
  };
};
