const minute = 60_000;

/** Counts what each site asked for in the last minute; a refused request does not count. */
export const createAllowance = (perMinute: number | null, now: () => number) => {
  const timesOfSite = new Map<string | null, number[]>();
  return {
    take: (siteId: string | null): boolean => {
      if (perMinute === null) return true;
      const recent = (timesOfSite.get(siteId) ?? []).filter((time) => time > now() - minute);
      const granted = recent.length < perMinute;
      timesOfSite.set(siteId, granted ? [...recent, now()] : recent);
      return granted;
    },
  };
};
