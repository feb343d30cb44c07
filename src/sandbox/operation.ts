/** Upstream's own names of what can be called. */
export type Operation =
  | 'CreateAccessToken'
  | 'SubmitJob'
  | 'GetJob'
  | 'ListJobs'
  | 'QueryJobs'
  | 'TerminateJob'
  | 'ListMovementLogs'
  | 'CreateFileUploadUrl'
  | 'GetSyncJob'
  | 'ListSyncJobs';
