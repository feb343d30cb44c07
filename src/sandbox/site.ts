import type { Collection } from './collections/collection.ts';
import { createSiteJobs, type SiteJobs } from './jobs/site-jobs.ts';
import type { Limits } from './limits.ts';
import type { StoredSchedule } from './schedules/schedule.ts';
import { seedCollections } from './seed/collections/seeded-collections.ts';
import { seedSite } from './seed/seed-site.ts';
import type { SandboxSettings } from './settings.ts';

export type Site = {
  readonly jobs: SiteJobs;
  readonly schedules: readonly StoredSchedule[];
  readonly collections: ReadonlyMap<string, Collection>;
  /** The translated content. */
  readonly texts: Collection;
};

export type SiteFor = (siteId: string | null) => Site;

export type Sites = {
  readonly siteFor: SiteFor;
  /** Those that somebody has been to. */
  readonly all: () => ReadonlyMap<string | null, Site>;
};

/**
 * Which site a wix-site-id stands for. Any will do: each has collections and submitted jobs of its own, and all
 * have the jobs and schedules of the seed.
 */
export const openSites = (
  start: number,
  { itemsPerCollection, jobsPerSite }: Limits,
  terminated: SandboxSettings['terminated'],
): Sites => {
  const seeded = seedSite(start);
  const openCollections = seedCollections(itemsPerCollection);
  const sites = new Map<string | null, Site>();
  const open = (): Site => ({
    jobs: createSiteJobs(seeded.jobs.all, terminated, jobsPerSite),
    schedules: seeded.schedules,
    ...openCollections(),
  });
  const siteFor: SiteFor = (siteId) => {
    const key = siteId?.toLowerCase() ?? null;
    const site = sites.get(key) ?? open();
    sites.set(key, site);
    return site;
  };
  return { siteFor, all: () => sites };
};
