import { jobIdOf, scheduleIdOf, stepJobIdOf, workflowIdOf } from './ids.ts';

/** Ids worth naming in examples and tests. They never change. */

/** Ended PARTIALLY_SUCCESSFUL: logs, progress, extended fields, a schedule and a workflow of three jobs. */
export const showcaseJobId = stepJobIdOf('nightly-catalogue', -2, 1);
export const showcaseScheduleId = scheduleIdOf('nightly-catalogue');
export const showcaseWorkflowId = workflowIdOf('nightly-catalogue', -2);

/** COMPLETED with 380 log entries: rejections with data, and notes about items that arrived. */
export const manyLogsJobId = jobIdOf('spring-price-list');

/** IN_PROGRESS for 22 hours after the start, about five items a second; step one of a workflow of three. */
export const longRunningJobId = jobIdOf('archive-orders');
export const longRunningWorkflowId = workflowIdOf('archive', 0);

/** UNINITIALIZED for as long: it waits for the long one. */
export const waitingJobId = jobIdOf('archive-reviews');

/** INITIALIZING for the first three hours after the start. */
export const initializingJobId = jobIdOf('old-shop-members');

/** IN_PROGRESS at the start, FAILED 40 seconds later. */
export const soonFailingJobId = jobIdOf('soon-failing');

/** IN_PROGRESS at the start, PARTIALLY_SUCCESSFUL 70 seconds later. */
export const soonPartialJobId = jobIdOf('soon-partial');

/** FAILED before it moved anything, with error data. */
export const failedJobId = jobIdOf('members-binary');

/** FAILED, on the wire in protobuf wrappers, its error data as a Struct. */
export const wrappedJobId = jobIdOf('wrapped-orders');

/** From a Google sheet to Wix Media: two ends that no public method accepts. */
export const unknownEndsJobId = jobIdOf('sheet-to-media');

/** Its schedule was deleted: GetSyncJob answers 404. */
export const orphanJobId = jobIdOf('orphan');
export const deletedScheduleId = scheduleIdOf('deleted');

/** In the older flat form; its jobs carry a scheduleId and no workflowId. */
export const flatScheduleId = scheduleIdOf('orders-export');

/** Has not run for nine days. */
export const disabledScheduleId = scheduleIdOf('abandoned-carts');
