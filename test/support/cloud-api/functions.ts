import { status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { function as functions, functionService as api } from 'yandex-cloud-sdk-3/serverless-functions-v1';
import { found, pageOf, refuseTaken, Refusal, type Desk } from './desk.js';

/** A version and the code in it. */
export interface StoredVersion {
  readonly version: functions.Version;
  readonly content: Buffer | undefined;
}

export interface StoredFunction {
  readonly definition: functions.Function;
  /** The newest last; that is the one tagged `$latest`. */
  readonly versions: StoredVersion[];
}

const NAME = 'yandex.cloud.serverless.functions.v1';

/** `FunctionService`: what it keeps is in `stored`. */
export function functionService(
  desk: Desk,
  stored: Map<string, StoredFunction>,
): UntypedServiceImplementation {
  const all = () => [...stored.values()].map(({ definition }) => definition);

  function create({ folderId, name, labels }: api.CreateFunctionRequest, method: string) {
    refuseTaken(all(), name, 'Function');
    return desk.operate(method, `${NAME}.Function`, functions.Function, () => {
      const definition = functions.Function.fromPartial({
        id: desk.newId('d4e'),
        folderId,
        name,
        description: '',
        labels,
        httpInvokeUrl: '',
        status: functions.Function_Status.ACTIVE,
      });
      stored.set(definition.id, { definition, versions: [] });
      return definition;
    });
  }

  function createVersion(request: api.CreateFunctionVersionRequest, method: string) {
    const { versions } = found(stored, request.functionId, 'Function');
    const content = contentOf(request);
    checkDependencies(content);
    return desk.operate(method, `${NAME}.Version`, functions.Version, () => {
      const version = functions.Version.fromPartial({
        ...sharedFields(request),
        id: desk.newId('d4e'),
        createdAt: new Date(),
        status: functions.Version_Status.ACTIVE,
        tags: ['$latest'],
      });
      versions.push({ version, content });
      return version;
    });
  }

  function contentOf({ content, versionId }: api.CreateFunctionVersionRequest): Buffer | undefined {
    if (versionId === undefined) return content;
    const copied = [...stored.values()]
      .flatMap(({ versions }) => versions)
      .find(({ version }) => version.id === versionId);
    if (copied === undefined) throw new Refusal(status.NOT_FOUND, `Version ${versionId} not found`);
    return copied.content;
  }

  function remove({ functionId }: api.DeleteFunctionRequest, method: string) {
    const { definition } = found(stored, functionId, 'Function');
    return desk.operate(method, `${NAME}.Function`, functions.Function, () => {
      stored.delete(functionId);
      return definition;
    });
  }

  return {
    create: desk.handle('FunctionService/Create', create),
    createVersion: desk.handle('FunctionService/CreateVersion', createVersion),
    delete: desk.handle('FunctionService/Delete', remove),
    list: desk.handle('FunctionService/List', (request: api.ListFunctionsRequest) => {
      const { items, nextPageToken } = pageOf(all(), request);
      return api.ListFunctionsResponse.fromPartial({ functions: items, nextPageToken });
    }),
    getVersionByTag: desk.handle(
      'FunctionService/GetVersionByTag',
      ({ functionId, tag }: api.GetFunctionVersionByTagRequest) => {
        const latest = found(stored, functionId, 'Function').versions.at(-1);
        if (tag !== '$latest' || latest === undefined)
          throw new Refusal(status.NOT_FOUND, `Version with tag ${tag} not found`);
        return latest.version;
      },
    ),
  };
}

/** The platform runs `npm ci` beside a `package.json`, which fails without a lock file. Documented. */
function checkDependencies(content: Buffer | undefined): void {
  // Names stand in an archive as they are.
  if (content?.includes('package.json') === true && !content.includes('package-lock.json'))
    throw new Refusal(status.INVALID_ARGUMENT, 'npm ci failed: there is no package-lock.json');
}

/** All that a version takes over from the request that makes it: these fields have the same names in both. */
function sharedFields(request: api.CreateFunctionVersionRequest): Partial<functions.Version> {
  const { content: _code, package: _archive, versionId: _source, tag: _tags, ...shared } = request;
  return shared;
}
