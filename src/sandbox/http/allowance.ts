const minute = 60_000;

/** The times of the last minute from `head` on; what is before is dropped once it is half of them. */
type Recent = { times: number[]; head: number };

const forgetOlder = (recent: Recent, since: number): void => {
  while ((recent.times[recent.head] ?? Number.POSITIVE_INFINITY) <= since) recent.head += 1;
  if (recent.head * 2 <= recent.times.length) return;
  recent.times = recent.times.slice(recent.head);
  recent.head = 0;
};

/** Counts what each site asked for in the last minute; a refused request does not count. */
export const createAllowance = (perMinute: number | null, now: () => number) => {
  const recentOfSite = new Map<string | null, Recent>();
  return {
    take: (siteId: string | null): boolean => {
      if (perMinute === null) return true;
      const recent = recentOfSite.get(siteId) ?? { times: [], head: 0 };
      recentOfSite.set(siteId, recent);
      forgetOlder(recent, now() - minute);
      const isGranted = recent.times.length - recent.head < perMinute;
      if (isGranted) recent.times.push(now());
      return isGranted;
    },
  };
};
