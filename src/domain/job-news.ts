/** Where something happens, as far as it is known; null for what nobody has said. */
export interface Place {
  /** Of an app: its being installed on one site. */
  readonly instanceId: string | null;
  readonly siteId: string | null;
}

/** That something happened to a job. What it was is for upstream to say, to those who may know it. */
export interface JobNews extends Place {
  readonly jobId: string;
}

const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();

/** Whether two places are one; null where that cannot be known. */
export const isSamePlace = (one: Place, other: Place): boolean | null => {
  if (one.siteId !== null && other.siteId !== null) return same(one.siteId, other.siteId);
  if (one.instanceId !== null && other.instanceId !== null) return same(one.instanceId, other.instanceId);
  return null;
};
