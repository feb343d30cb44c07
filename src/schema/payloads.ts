import type { Job } from '../domain/job.ts';
import type { UserError } from '../domain/user-error.ts';
import { builder } from './builder.ts';
import { JobRef } from './job.ts';
import { UserErrorRef } from './user-errors.ts';

const userErrorsDescription = 'What the caller can mend. Empty when it was done.';

export interface SubmitJobPayload {
  readonly job: Job | null;
  readonly replayed: boolean;
  readonly userErrors: readonly UserError[];
}

export const SubmitJobPayloadRef = builder.objectRef<SubmitJobPayload>('SubmitJobPayload').implement({
  description: 'What came of submitting a job (upstream: SubmitJob).',
  fields: (t) => ({
    job: t.expose('job', { type: JobRef, description: 'The job. Null when there are user errors.' }),
    replayed: t.exposeBoolean('replayed', {
      nullable: false,
      description: 'True when `idempotencyKey` had been used before and `job` is the job of that time.',
    }),
    userErrors: t.expose('userErrors', {
      type: [UserErrorRef],
      nullable: false,
      description: userErrorsDescription,
    }),
  }),
});

export interface TerminateJobPayload {
  readonly job: Job | null;
  readonly userErrors: readonly UserError[];
}

export const TerminateJobPayloadRef = builder
  .objectRef<TerminateJobPayload>('TerminateJobPayload')
  .implement({
    description: 'What came of terminating a job (upstream: TerminateJob).',
    fields: (t) => ({
      job: t.expose('job', {
        type: JobRef,
        description: 'The job in its last known state. Null when nothing is known of it.',
      }),
      userErrors: t.expose('userErrors', {
        type: [UserErrorRef],
        nullable: false,
        description: userErrorsDescription,
      }),
    }),
  });

export interface CreateFileUploadUrlPayload {
  readonly fileId: string | null;
  readonly uploadUrl: string | null;
  readonly expiresAt: Date | null;
  readonly userErrors: readonly UserError[];
}

export const CreateFileUploadUrlPayloadRef = builder
  .objectRef<CreateFileUploadUrlPayload>('CreateFileUploadUrlPayload')
  .implement({
    description: 'Where to put a file (upstream: CreateFileUploadUrl).',
    fields: (t) => ({
      fileId: t.exposeID('fileId', { description: 'What the file is called in `source.file.fileId`.' }),
      uploadUrl: t.exposeString('uploadUrl', {
        description: 'PUT the raw bytes here. The address itself is the credential.',
      }),
      expiresAt: t.expose('expiresAt', {
        type: 'DateTime',
        description: 'Until when it takes the file: 15 minutes after it was made.',
      }),
      userErrors: t.expose('userErrors', {
        type: [UserErrorRef],
        nullable: false,
        description: userErrorsDescription,
      }),
    }),
  });
