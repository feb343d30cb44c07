import type { JsonObject } from '../json.ts';
import type { JobError } from './job.ts';

/** What ends a job FAILED. */
export class JobFault extends Error {
  readonly jobError: JobError;

  constructor(code: string, description: string, data: JsonObject | null = null) {
    super(description);
    this.jobError = { code, description, data };
  }
}

/** The job did not pass validation while it was being initialised (CONTRACT 12.3). */
export const notValid = (reason: string, data: JsonObject = {}): JobFault =>
  new JobFault('WDH0001', 'The job definition is not valid.', { reason, ...data });

/** The data is invalid: a broken or unsupported file. */
export const notReadable = (description: string, data: JsonObject = {}): JobFault =>
  new JobFault('WDH0003', description, data);
