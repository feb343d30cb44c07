import type { IncomingMessage } from 'node:http';
import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import {
  type Admission,
  bodyTooLarge,
  errorCodeOf,
  maxBodyBytes,
  type Refusal,
} from '../access/admission.ts';
import type { Arrival } from '../access/arrival.ts';
import { readBody, readNodeBody } from '../access/read-body.ts';
import { headOfRequest } from '../access/request-head.ts';

interface ServerContext {
  readonly req?: IncomingMessage;
  readonly arrival?: Arrival;
}

const errorOf = (refusal: Refusal) => {
  const { status, message, headers } = refusal;
  return new GraphQLError(message, {
    extensions: { code: errorCodeOf(refusal), http: { status, ...(headers && { headers }) } },
  });
};

const bodyOf = (request: Request, { req, arrival }: ServerContext): Promise<string | null> =>
  arrival?.body ??
  (req ? readNodeBody(req, maxBodyBytes) : readBody(request.body ?? new Blob().stream(), maxBodyBytes));

const readJson = async (request: Request, context: ServerContext) => {
  const text = await bodyOf(request, context).catch(() => {
    throw new GraphQLError('The request ended before its body did.', {
      extensions: { http: { status: 400 } },
    });
  });
  if (text === null) throw errorOf(bodyTooLarge);
  return JSON.parse(text);
};

/** Turns away what may not come in before anything is parsed, and reads no body but JSON, and no more than allowed. */
export const useGuardedRequests = (admission: Admission): Plugin<object, ServerContext> => ({
  onRequestParse({ request, serverContext, setRequestParser }) {
    const refusal = admission(headOfRequest(request, serverContext?.req));
    if (refusal !== null) throw errorOf(refusal);
    if (request.method === 'POST') setRequestParser((request) => readJson(request, serverContext));
  },
});
