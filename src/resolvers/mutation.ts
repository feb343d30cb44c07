import { isGuid } from '../domain/guid.ts';
import type { UserError, UserErrorCode } from '../domain/user-error.ts';
import { builder } from '../schema/builder.ts';
import {
  CreateFileUploadUrlPayloadRef,
  type SubmitJobPayload,
  SubmitJobPayloadRef,
  type TerminateJobPayload,
  TerminateJobPayloadRef,
} from '../schema/payloads.ts';
import { priced } from '../schema/price.ts';
import { SubmitJobInputRef } from '../schema/submit-job-input.ts';
import { checkSubmitJob } from '../schema/submit-job-rules.ts';
import { userErrorsFrom } from '../schema/user-errors.ts';
import type { CallerWrites } from '../writes/caller-writes.ts';

const maxFileNameLength = 512;
const uploadUrlLifeMs = 15 * 60_000;

const oneError = (
  code: UserErrorCode,
  path: readonly string[] | null,
  message: string,
): readonly UserError[] => [{ code, path, message }];

const TerminateJobInputRef = builder.inputType('TerminateJobInput', {
  description: 'Which job to stop.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The GUID of the job.' }) }),
});

const CreateFileUploadUrlInputRef = builder.inputType('CreateFileUploadUrlInput', {
  description: 'A file that is to be uploaded.',
  fields: (t) => ({
    fileName: t.string({ description: 'What the file is called, at most 512 characters. May be left out.' }),
  }),
});

const submit = async (input: unknown, writes: CallerWrites): Promise<SubmitJobPayload> => {
  const refused = (userErrors: readonly UserError[]) => ({ job: null, replayed: false, userErrors });
  const checked = checkSubmitJob(input);
  if (checked.job === null) return refused(checked.userErrors);
  try {
    const submitted = await writes.submit(checked.job, checked.idempotencyKey);
    if (submitted !== 'conflict') {
      const { job, replayed } = submitted;
      return { job, replayed, userErrors: [] };
    }
    return refused(
      oneError(
        'CONFLICT',
        ['idempotencyKey'],
        'This idempotencyKey was used for another job. Use a new one.',
      ),
    );
  } catch (error) {
    return refused(userErrorsFrom(error));
  }
};

const terminate = async (id: string, writes: CallerWrites): Promise<TerminateJobPayload> => {
  if (!isGuid(id)) return { job: null, userErrors: oneError('INVALID_INPUT', ['id'], 'id is not a GUID.') };
  try {
    const terminated = await writes.terminate(id);
    switch (terminated.kind) {
      case 'terminated':
        return { job: terminated.job, userErrors: [] };
      case 'already finished':
        return {
          job: terminated.job,
          userErrors: oneError(
            'ALREADY_FINISHED',
            ['id'],
            'The job had finished before it could be terminated.',
          ),
        };
      case 'not found':
        return {
          job: null,
          userErrors: oneError('NOT_FOUND', ['id'], 'There is no job with this id on the site.'),
        };
    }
  } catch (error) {
    return { job: null, userErrors: userErrorsFrom(error) };
  }
};

builder.mutationType({
  description: 'Writing. What the caller can mend comes back as user errors; all else as errors with a code.',
  fields: (t) => ({
    submitJob: t.field({
      type: SubmitJobPayloadRef,
      description: 'Submits a job. A fault of the network never makes two of one (upstream: SubmitJob).',
      args: {
        input: t.arg({
          type: SubmitJobInputRef,
          required: true,
          description: 'What is to be moved, from where to where.',
        }),
      },
      extensions: priced({ calls: 1 }),
      resolve: (_root, { input }, { writes }) => submit(input, writes),
    }),
    terminateJob: t.field({
      type: TerminateJobPayloadRef,
      description:
        'Stops a job that has not finished. Upstream has no status for it: the job may keep its last status or vanish (DELETED).',
      args: {
        input: t.arg({ type: TerminateJobInputRef, required: true, description: 'Which one is to stop.' }),
      },
      // the job is looked at again afterwards
      extensions: priced({ calls: 2 }),
      resolve: (_root, { input }, { writes }) => terminate(input.id, writes),
    }),
    createFileUploadUrl: t.field({
      type: CreateFileUploadUrlPayloadRef,
      description:
        'A place to PUT the file that a job will read. Follow with submitJob and source.file.fileId (upstream: CreateFileUploadUrl).',
      args: {
        input: t.arg({
          type: CreateFileUploadUrlInputRef,
          required: true,
          description: 'What is to be uploaded.',
        }),
      },
      extensions: priced({ calls: 1 }),
      resolve: async (_root, { input: { fileName } }, { writes }) => {
        const refused = (userErrors: readonly UserError[]) => ({
          fileId: null,
          uploadUrl: null,
          expiresAt: null,
          userErrors,
        });
        if (fileName && fileName.length > maxFileNameLength) {
          return refused(
            oneError(
              'INVALID_INPUT',
              ['fileName'],
              `fileName is longer than ${maxFileNameLength} characters.`,
            ),
          );
        }
        try {
          const { fileId, uploadUrl, createdAt } = await writes.createUploadUrl(fileName || null);
          return {
            fileId,
            uploadUrl,
            expiresAt: new Date(createdAt.getTime() + uploadUrlLifeMs),
            userErrors: [],
          };
        } catch (error) {
          return refused(userErrorsFrom(error));
        }
      },
    }),
  }),
});
