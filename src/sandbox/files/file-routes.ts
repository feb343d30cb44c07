import { type Answer, ok } from '../http/answer.ts';
import { invalid, notFound } from '../http/failure.ts';
import type { Route } from '../http/route.ts';
import { filePath, uploadAddress, uploadPath } from './addresses.ts';
import type { Files } from './files.ts';
import { detectFormat } from './format.ts';

const longestFileName = 512;

/** Pages of any origin may use these addresses, as they may those of a file storage. */
const anyOrigin = { 'access-control-allow-origin': '*' };
const nothing = (status: number, headers: Answer['headers'] = {}): Answer => ({
  status,
  headers: { ...anyOrigin, ...headers },
  body: '',
});

const contentTypeOf = (bytes: Buffer): string => {
  const format = detectFormat(bytes);
  if (format === null) return 'application/octet-stream';
  return format === 'CSV' ? 'text/csv; charset=utf-8' : 'application/x-ndjson';
};

export const fileRoutes = ({ stored, uploads, fileBytes }: Files): readonly Route[] => {
  const createFileUploadUrl: Route['handle'] = ({ input, site, now, origin }) => {
    const field = 'fileName';
    const fileName = input[field] ?? null;
    if (fileName !== null && typeof fileName !== 'string') {
      throw invalid({ field, description: 'must be a text' });
    }
    if (fileName !== null && fileName.length > longestFileName) {
      const data = { threshold: longestFileName };
      throw invalid({
        field,
        description: `size must be at most ${longestFileName}`,
        violatedRule: 'MAX_LENGTH',
        data,
      });
    }
    const { fileId, key } = uploads.open(fileName, site, now);
    return ok({ fileId, uploadUrl: uploadAddress(origin, key) });
  };

  const putFile: Route['handle'] = async ({ parameters, bytes, now }) => {
    const { fileKey } = uploads.accepting(parameters.get('key') ?? '', now);
    stored.put(fileKey, await bytes(fileBytes));
    return nothing(200);
  };

  const getFile: Route['handle'] = ({ parameters }) => {
    const body = stored.get(parameters.get('key') ?? '');
    if (body === undefined) throw notFound('There is no such file, not yet or not any more.', {});
    const headers = {
      ...anyOrigin,
      'content-type': contentTypeOf(body),
      'content-disposition': 'attachment',
    };
    return { status: 200, headers, body };
  };

  const allowPut: Route['handle'] = () =>
    nothing(204, { 'access-control-allow-methods': 'PUT', 'access-control-allow-headers': '*' });

  const upload = `${uploadPath}/:key`;
  return [
    {
      operation: 'CreateFileUploadUrl',
      method: 'POST',
      path: '/data-mover/v1/temporary-files/upload-url',
      handle: createFileUploadUrl,
    },
    { operation: null, method: 'PUT', path: upload, handle: putFile },
    { operation: null, method: 'OPTIONS', path: upload, handle: allowPut },
    { operation: null, method: 'GET', path: `${filePath}/:key/:fileName`, handle: getFile },
  ];
};
