import type { JobStore } from './jobs/job-store.ts';
import type { StoredSchedule } from './schedules/schedule.ts';
import { seedSite } from './seed/seed-site.ts';

export type Site = { readonly jobs: JobStore; readonly schedules: readonly StoredSchedule[] };

export type SiteFor = (siteId: string | null) => Site;

/** Which site a request's wix-site-id stands for: for now every caller sees the same seed. */
export const openSites = (start: number): SiteFor => {
  const seeded = seedSite(start);
  return () => seeded;
};
