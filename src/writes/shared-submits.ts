/** A job that came of a key unknown to the others is looked for among those of so long. */
export const lookBackMs = 10 * 60_000;

/** What is known of a key that somebody has used before. */
export interface KeptClaim {
  readonly fingerprint: string;
  readonly attemptedAt: Date;
  /** The job; null while there is no answer. */
  readonly jobId: string | null;
  /** True while whoever submits is at it. Without that, and without a job, only a look can tell. */
  readonly isUnderWay: boolean;
}

/** What the replicas know together of the submits of one principal, and of the jobs of the caller it acts as. */
export interface CallerSubmits {
  /**
   * Claims a key, 'mine' for one replica only; 'unsure' where one that could not be asked may have used it before.
   * Null while none can be asked.
   */
  claim(key: string, fingerprint: string, attemptedAt: Date): Promise<'mine' | 'unsure' | KeptClaim | null>;
  /** What came of it; a null says that nobody knows. */
  settle(key: string, jobId: string | null): Promise<void>;
  /** It certainly made no job: the key is free again. */
  release(key: string): Promise<void>;
  /** Notes that a job belongs to a submit of this replica; false when it is that of another. */
  takeJob(jobId: string): Promise<boolean>;
  /** Whether a job is known to belong to a submit of any. */
  isTaken(jobId: string): Promise<boolean>;
  /** How many submits of just this are waiting for their answer at other replicas. */
  unanswered(fingerprint: string): Promise<number>;
  /** Counts one more until what is returned is called. */
  begin(fingerprint: string): Promise<() => void>;
}

export interface SharedSubmits {
  as(callerKey: string, principalKey: string): CallerSubmits;
}

/** A process that is the only one. */
export const unsharedSubmits: SharedSubmits = {
  as: () => ({
    claim: async () => 'mine',
    settle: async () => undefined,
    release: async () => undefined,
    takeJob: async () => true,
    isTaken: async () => false,
    unanswered: async () => 0,
    begin: async () => () => undefined,
  }),
};
