import type { GrpcCall } from './grpc-call.js';
import { listAll } from './listing.js';
import type { Operate } from './operations.js';
import { mapFields, mapOf, message, textOf, type Field } from '../../../base/protobuf.js';

export const GATEWAYS = 'yandex.cloud.serverless.apigateway.v1.ApiGatewayService';

export interface CloudGateway {
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Without a scheme. Never to be guessed from the id: the form has changed before. */
  readonly domain: string;
}

export interface NewGateway {
  readonly name: string;
  readonly description: string;
  readonly labels: Readonly<Record<string, string>>;
  /** The OpenAPI document, as JSON or YAML. */
  readonly spec: string;
}

/** The API gateways of a folder. */
export interface Gateways {
  list(): Promise<CloudGateway[]>;
  create(gateway: NewGateway): Promise<void>;
  /** Its specification; all else stays as it is, also what was set by hand. */
  update(id: string, spec: string): Promise<void>;
  remove(id: string): Promise<void>;
}

export function createGateways(call: GrpcCall, operate: Operate, folderId: string): Gateways {
  return {
    async list() {
      return (await listAll(call, GATEWAYS, folderId)).map(gatewayOf);
    },
    async create({ name, description, labels, spec }) {
      const request = message([1, folderId], [2, name], [3, description], ...mapFields(4, labels), [5, spec]);
      await operate(`${GATEWAYS}/Create`, request);
    },
    async update(id, spec) {
      const mask = message([1, 'openapi_spec']);
      await operate(`${GATEWAYS}/Update`, message([1, id], [2, mask], [6, spec]));
    },
    async remove(id) {
      await operate(`${GATEWAYS}/Delete`, message([1, id]));
    },
  };
}

/** Of `yandex.cloud.serverless.apigateway.v1.ApiGateway`. */
function gatewayOf(fields: readonly Field[]): CloudGateway {
  return {
    id: textOf(fields, 1),
    name: textOf(fields, 4),
    labels: mapOf(fields, 7),
    domain: textOf(fields, 9),
  };
}
