import { GraphQLError, type GraphQLSchema, parse, validate } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { GatewayError } from '../domain/gateway-error.ts';
import { isJsonObject } from '../domain/json.ts';
import type { Log } from '../telemetry/log.ts';
import { documentKey, type TrustedDocuments } from '../trusted-documents.ts';

export interface TrustedDocumentsOptions {
  readonly documents: TrustedDocuments;
  /** Refuses everything else. */
  readonly only: boolean;
}

/** What a client sends for an operation, over any transport. */
export interface DocumentRequest {
  readonly query?: unknown;
  readonly documentId?: unknown;
  readonly doc_id?: unknown;
  readonly extensions?: unknown;
}

/** Turns what a client sent into the text of its document; an error says why there is none. */
export type FindDocument = (request: DocumentRequest) => string | undefined;

/** As the GraphQL-over-HTTP draft has it, as Relay's examples do, and as Apollo's and urql's links do. */
const idOf = ({ documentId, doc_id, extensions }: DocumentRequest): unknown => {
  const { persistedQuery } = isJsonObject(extensions) ? extensions : {};
  return documentId ?? doc_id ?? (isJsonObject(persistedQuery) ? persistedQuery['sha256Hash'] : undefined);
};

/** The parameters of that, beside those every request has. */
export const documentParameters = ['documentId', 'doc_id'];

const refusal = (code: string, message: string) =>
  new GraphQLError(message, { extensions: { code, http: { status: 400 } } });

export const createFindDocument =
  ({ documents, only }: TrustedDocumentsOptions): FindDocument =>
  (request) => {
    const query = typeof request.query === 'string' && request.query !== '' ? request.query : undefined;
    const id = idOf(request);
    const text = typeof id === 'string' ? documents.get(documentKey(id)) : undefined;
    if (text !== undefined) {
      if (query === undefined || query === text) return text;
      throw new GatewayError(
        'BAD_USER_INPUT',
        'This request has the id of a trusted document and another document. Send only one of them.',
      );
    }
    if (only && id === undefined) {
      throw refusal(
        'DOCUMENT_NOT_TRUSTED',
        'This gateway runs only the documents it has been given. Send the id of one as `documentId`.',
      );
    }
    if (id !== undefined && (only || query === undefined)) {
      // clients that register documents as they go know this code, and send the document next
      throw refusal(
        'PERSISTED_QUERY_NOT_FOUND',
        only
          ? 'There is no trusted document with this id. Give the gateway the documents of this version of the client.'
          : 'There is no trusted document with this id. Send the document itself.',
      );
    }
    return query;
  };

/** Of HTTP; a WebSocket asks by itself, for it has no parameters. */
export const useTrustedDocuments = (find: FindDocument): Plugin => ({
  onParams({ params, request, setParams }) {
    const search = request.method === 'GET' ? new URL(request.url).searchParams : undefined;
    const inAddress = Object.fromEntries(
      documentParameters.map((name) => [name, search?.get(name) ?? undefined]),
    );
    const query = find({ ...inAddress, ...params });
    if (query !== undefined && query !== params.query) setParams({ ...params, query });
  },
});

/** Tells of trusted documents that cannot run, which else only their clients would find out. */
export const reportUnfitDocuments = (documents: TrustedDocuments, schema: GraphQLSchema, log: Log) => {
  for (const [id, text] of documents) {
    try {
      const [error] = validate(schema, parse(text));
      if (error) log.warn(`The trusted document ${id} does not fit the graph: ${error.message}`);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn(`The trusted document ${id} is not GraphQL: ${reason}`);
    }
  }
};
