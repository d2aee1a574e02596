import { status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { apigateway, apigatewayService as api } from 'yandex-cloud-sdk-3/serverless-apigateway-v1';
import { parse } from 'yaml';
import { found, pageOf, refuseTaken, Refusal, type Desk } from './desk.js';

export interface StoredGateway {
  readonly gateway: apigateway.ApiGateway;
  spec: string;
}

const NAME = 'yandex.cloud.serverless.apigateway.v1.ApiGateway';

/** `ApiGatewayService`: what it keeps is in `stored`. */
export function gatewayService(desk: Desk, stored: Map<string, StoredGateway>): UntypedServiceImplementation {
  const all = () => [...stored.values()].map(({ gateway }) => gateway);

  function create(request: api.CreateApiGatewayRequest, method: string) {
    const { folderId, name, description, labels, openapiSpec = '' } = request;
    refuseTaken(all(), name, 'ApiGateway');
    checkName(name);
    checkLabels(labels);
    checkSpec(openapiSpec);
    return desk.operate(method, NAME, apigateway.ApiGateway, () => {
      const id = desk.newId('d5d');
      const domain = `${id}.k7jo3y2l.apigw.yandexcloud.net`;
      const gateway = apigateway.ApiGateway.fromPartial({
        id,
        folderId,
        name,
        description,
        labels,
        domain,
        status: apigateway.ApiGateway_Status.ACTIVE,
      });
      stored.set(id, { gateway, spec: openapiSpec });
      return gateway;
    });
  }

  function update(
    { apiGatewayId, updateMask, openapiSpec = '' }: api.UpdateApiGatewayRequest,
    method: string,
  ) {
    const one = found(stored, apiGatewayId, 'ApiGateway');
    const paths = updateMask?.paths ?? [];
    if (paths.join() !== 'openapi_spec')
      throw new Refusal(
        status.INVALID_ARGUMENT,
        `the stand-in updates specifications only, not ${paths.join()}`,
      );
    checkSpec(openapiSpec);
    return desk.operate(method, NAME, apigateway.ApiGateway, () => {
      one.spec = openapiSpec;
      return one.gateway;
    });
  }

  function remove({ apiGatewayId }: api.DeleteApiGatewayRequest, method: string) {
    const { gateway } = found(stored, apiGatewayId, 'ApiGateway');
    return desk.operate(method, NAME, apigateway.ApiGateway, () => {
      stored.delete(apiGatewayId);
      return gateway;
    });
  }

  return {
    create: desk.handle('ApiGatewayService/Create', create),
    update: desk.handle('ApiGatewayService/Update', update),
    delete: desk.handle('ApiGatewayService/Delete', remove),
    list: desk.handle('ApiGatewayService/List', (request: api.ListApiGatewayRequest) => {
      const { items, nextPageToken } = pageOf(all(), request);
      return api.ListApiGatewayResponse.fromPartial({ apiGateways: items, nextPageToken });
    }),
  };
}

function checkName(name: string): void {
  if (!/^[a-z][-a-z0-9]{1,61}[a-z0-9]$/.test(name))
    throw new Refusal(status.INVALID_ARGUMENT, `Illegal name ${name}`);
}

function checkLabels(labels: Readonly<Record<string, string>>): void {
  const wrong = Object.values(labels).find((value) => !/^[-_0-9a-z]{0,63}$/.test(value));
  if (wrong !== undefined) throw new Refusal(status.INVALID_ARGUMENT, `Illegal label ${wrong}`);
}

function checkSpec(spec: string): void {
  const document = parse(spec) as { openapi?: string } | undefined;
  if (document?.openapi !== '3.0.0') throw new Refusal(status.INVALID_ARGUMENT, 'Illegal specification');
}
