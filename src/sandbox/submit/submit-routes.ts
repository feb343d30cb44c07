import { fileAddress } from '../files/addresses.ts';
import type { Files } from '../files/files.ts';
import { detectFormat } from '../files/format.ts';
import { ok } from '../http/answer.ts';
import { failedPrecondition, invalidFields } from '../http/failure.ts';
import type { Route } from '../http/route.ts';
import type { Source } from '../jobs/endpoint.ts';
import { jobsPath, requestedJob } from '../jobs/job-routes.ts';
import { renderJob } from '../jobs/render-job.ts';
import type { Submission } from '../jobs/submission.ts';
import type { JsonObject } from '../json.ts';
import type { Mover } from '../moving/mover.ts';
import type { Site } from '../site.ts';
import { submitBody } from './submit-body.ts';
import { violationOf } from './violations.ts';

const readSubmission = (input: JsonObject): Submission => {
  const { data, error } = submitBody.safeParse(input, { reportInput: true });
  if (error === undefined) return data;
  const violations = error.issues.map(violationOf);
  const [first] = violations;
  throw invalidFields(`${first?.field} ${first?.description}`, violations);
};

export const submitRoutes = (mover: Mover, { stored, uploads }: Files): readonly Route[] => {
  /** The address of an uploaded file is read-only, and its format is detected when it is not said (CONTRACT 5.1). */
  const described = (source: Source, site: Site, origin: string): Source => {
    if (!('file' in source)) return source;
    const { fileId, format = 'UNKNOWN' } = source.file;
    const upload = uploads.find(fileId, site);
    const bytes = upload && stored.get(upload.fileKey);
    if (upload === undefined || bytes === undefined) return source;
    const detected = format === 'UNKNOWN' ? (detectFormat(bytes) ?? format) : format;
    return { file: { fileId, format: detected, url: fileAddress(origin, upload.fileKey, upload.fileName) } };
  };

  const submitJob: Route['handle'] = ({ input, site, origin, now }) => {
    const submission = readSubmission(input);
    const source = described(submission.source, site, origin);
    const job = mover.start({ ...submission, source }, site, origin);
    site.jobs.add(job, now);
    return ok({ job: renderJob(job.at(now)) });
  };

  const terminateJob: Route['handle'] = (request) => {
    const { site, now } = request;
    const job = requestedJob(request);
    const state = job.at(now);
    if (state.finishedAt !== null) throw failedPrecondition('The job has already finished.');
    site.jobs.terminate(job, now);
    return ok({ job: renderJob(state) });
  };

  return [
    { operation: 'SubmitJob', method: 'POST', path: jobsPath, handle: submitJob },
    {
      operation: 'TerminateJob',
      method: 'POST',
      path: `${jobsPath}/:jobId/terminate`,
      handle: terminateJob,
    },
  ];
};
