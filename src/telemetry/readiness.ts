/** Something that the gateway needs; `null` while it is well, else what is wrong with it. */
export type ReadyCheck = () => string | null;

export interface Readiness {
  /** Named as in the answer, for example `redis`. */
  add(name: string, check: ReadyCheck): void;
  /** Says no from now on. */
  stop(): void;
  report(): { readonly isReady: boolean; readonly checks: Readonly<Record<string, string>> };
}

/** Whether this process wants to be sent requests. Upstream's mood is no part of it: no other replica could help. */
export const createReadiness = (): Readiness => {
  const checks = new Map<string, ReadyCheck>([['configuration', () => null]]);
  let isStopping = false;
  return {
    add: (name, check) => void checks.set(name, check),
    stop() {
      isStopping = true;
    },
    report() {
      const problems = [...checks].map(([name, check]): [string, string | null] => [name, check()]);
      if (isStopping) problems.push(['gateway', 'stopping']);
      return {
        isReady: problems.every(([, problem]) => problem === null),
        checks: Object.fromEntries(problems.map(([name, problem]) => [name, problem ?? 'ok'])),
      };
    },
  };
};
