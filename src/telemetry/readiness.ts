/** Something that the gateway can do without; `null` while it is well, else what is wrong with it. */
export type Mention = () => string | null;

export interface Readiness {
  /** Then it wants no more requests. */
  readonly isStopping: boolean;
  /** Named as in the answer, for example `redis`: told, but no reason to send requests elsewhere. */
  mention(name: string, check: Mention): void;
  stop(): void;
  /** What is to say of each, `ok` where all is well. */
  checks(): Readonly<Record<string, string>>;
}

/** Whether this process wants to be sent requests. Upstream's mood is no part of it: no other replica could help. */
export const createReadiness = (): Readiness => {
  const mentioned = new Map<string, Mention>();
  let isStopping = false;
  return {
    get isStopping() {
      return isStopping;
    },
    mention: (name, check) => void mentioned.set(name, check),
    stop() {
      isStopping = true;
    },
    checks: () => ({
      gateway: isStopping ? 'stopping' : 'ok',
      ...Object.fromEntries([...mentioned].map(([name, check]) => [name, check() ?? 'ok'])),
    }),
  };
};
