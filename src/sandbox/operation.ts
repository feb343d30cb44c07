/** Upstream's own names of what can be called. */
export type Operation =
  | 'GetJob'
  | 'ListJobs'
  | 'QueryJobs'
  | 'ListMovementLogs'
  | 'GetSyncJob'
  | 'ListSyncJobs';
