// Clients of grpc-js for generated services.
import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescService,
  type Message,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type CallOptions,
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  type MethodDefinition,
  type ServiceError,
  type StatusObject,
} from "@grpc/grpc-js";

/** What a call of grpc-js ended with. */
export interface GrpcAnswer {
  readonly message: Message | undefined;
  readonly error: ServiceError | undefined;
  readonly header: Metadata;
  readonly status: StatusObject;
}

/** A client of grpc-js. Methods are called by the names in their descriptor. */
export interface GrpcClient {
  unary(
    method: string,
    request: object,
    headers?: Record<string, string>,
    options?: CallOptions,
  ): Promise<GrpcAnswer>;
  serverStream(method: string, request: object): ClientReadableStream<Message>;
  duplex(method: string, headers: Record<string, string>): ClientDuplexStream<object, Message>;
  close(): void;
}

/** Opens a client. `options` are channel options of gRPC, such as "grpc.default_compression_algorithm". */
export function grpcClient(
  service: DescService,
  url: string,
  options: Record<string, number> = {},
): GrpcClient {
  const definitions = Object.fromEntries(
    service.methods.map((method) => [method.localName, definitionOf(method)]),
  );
  const Constructor = makeGenericClientConstructor(definitions, service.typeName);
  const client: Client = new Constructor(new URL(url).host, credentials.createInsecure(), options);
  const definition = (name: string): MethodDefinition<object, Message> => {
    const found = definitions[name];
    if (found === undefined) throw new Error(`${service.typeName} has no method ${name}`);
    return found;
  };
  return {
    unary(name, request, headers = {}, callOptions = {}) {
      const { path, requestSerialize, responseDeserialize } = definition(name);
      return new Promise((resolve) => {
        let answer: { message: Message | undefined; error: ServiceError | undefined };
        let header = new Metadata();
        const call = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadataOf(headers),
          callOptions,
          (error, message) => (answer = { error: error ?? undefined, message }),
        );
        call.on("metadata", (received) => (header = received));
        // Comes after the answer.
        call.on("status", (status) => setImmediate(() => resolve({ ...answer, header, status })));
      });
    },
    serverStream(name, request) {
      const { path, requestSerialize, responseDeserialize } = definition(name);
      return client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, request);
    },
    duplex(name, headers) {
      const { path, requestSerialize, responseDeserialize } = definition(name);
      return client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadataOf(headers));
    },
    close: () => client.close(),
  };
}

function definitionOf(method: DescService["methods"][number]): MethodDefinition<object, Message> {
  const serialize = (desc: DescMessage) => (value: object) =>
    // The callers give what their method takes.
    Buffer.from(toBinary(desc, create(desc, value as MessageInitShape<DescMessage>)));
  const deserialize = (desc: DescMessage) => (bytes: Buffer) => fromBinary(desc, bytes);
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming",
    responseStream: method.methodKind === "server_streaming" || method.methodKind === "bidi_streaming",
    requestSerialize: serialize(method.input),
    requestDeserialize: deserialize(method.input),
    responseSerialize: serialize(method.output),
    responseDeserialize: deserialize(method.output),
  };
}

function metadataOf(headers: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) {
    metadata.set(name, name.endsWith("-bin") ? Buffer.from(value, "base64") : value);
  }
  return metadata;
}
